"""The api edge of campaigns: one module a screen or resource."""
