"""The admin edge of segments: one module a screen or resource."""

from segments.admin import (
    customer,
    customer_export,
    customer_import,
    event_import,
    event_type,
    import_preset,
    segment,
    stage_set,
)

__all__ = [
    "customer",
    "customer_export",
    "customer_import",
    "event_import",
    "event_type",
    "import_preset",
    "segment",
    "stage_set",
]
