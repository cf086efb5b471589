"""The admin edge of segments: one module a screen or resource."""

from segments.admin import customer, event_import, event_type, segment, stage_set

__all__ = ["customer", "event_import", "event_type", "segment", "stage_set"]
