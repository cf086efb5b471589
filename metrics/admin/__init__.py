"""The admin edge of metrics: one module a screen or resource."""
