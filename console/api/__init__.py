"""The api edge of console: one module a screen or resource."""
