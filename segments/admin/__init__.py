"""The admin edge of segments: one module a screen or resource."""
