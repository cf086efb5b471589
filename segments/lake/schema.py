"""The columns of the lake."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# The day in the project's zone: one folder a day.
PARTITION = "day"
# Inside a day one customer's events lie together, so a reader of one skips the rest.
ORDER = [("day", "ascending"), ("customer", "ascending"), ("time", "ascending")]


def columns() -> "pa.Schema":
    """One row an event; `amount` in minor units, `properties` a JSON object as text."""
    import pyarrow as pa  # heavy: not in the web process

    return pa.schema(
        [
            pa.field("day", pa.date32(), nullable=False),
            pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
            pa.field("customer", pa.int32(), nullable=False),
            pa.field("event", pa.string(), nullable=False),
            pa.field("key", pa.string(), nullable=False),
            pa.field("amount", pa.int64()),
            pa.field("properties", pa.string(), nullable=False),
        ]
    )


def table(rows: "list[dict[str, object]]") -> "pa.Table":
    """Rows as the lake's columns."""
    import pyarrow as pa  # heavy: not in the web process

    return pa.Table.from_pylist(rows, schema=columns())
