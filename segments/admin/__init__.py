"""The admin edge of segments: one module a screen or resource."""

from segments.admin import (
    customer,
    customer_export,
    customer_import,
    customer_list,
    dead_letter,
    event_import,
    event_source,
    event_type,
    import_preset,
    merge,
    scoring,
    segment,
    stage_set,
    tag,
    thing,
    trait,
)

__all__ = [
    "customer",
    "customer_export",
    "customer_import",
    "customer_list",
    "dead_letter",
    "event_import",
    "event_source",
    "event_type",
    "import_preset",
    "merge",
    "scoring",
    "segment",
    "stage_set",
    "tag",
    "thing",
    "trait",
]
