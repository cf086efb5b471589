"""The api edge of segments: one module a screen or resource."""
