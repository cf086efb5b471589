"""The admin edge of segments: one module a screen or resource."""

from segments.admin import customer, event_type

__all__ = ["customer", "event_type"]
