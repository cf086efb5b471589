"""What the door took, read back from what it wrote down."""

import datetime as dt
from typing import Any, TypeVar

from segments import deliveries
from segments.items import Item
from segments.models import DeadLetter, Delivery

T = TypeVar("T")


def taken() -> list[Item]:
    """All items that wait to be sorted, in the order in which they came."""
    found: list[Item] = []
    for delivery in Delivery.objects.order_by("pk"):
        items = deliveries.decode(delivery.items)
        assert len(items) == delivery.count
        found += items
    return found


def taken_of(kind: type[T]) -> list[T]:
    return [item for item in taken() if isinstance(item, kind)]


def reasons() -> list[str]:
    """Why letters died, in order."""
    return list(DeadLetter.objects.order_by("pk").values_list("reason", flat=True))


def micros(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def properties_without(properties: dict[str, Any], *prefixes: str) -> dict[str, Any]:
    """What the caller said, without what libraries add."""
    return {name: value for name, value in properties.items() if not name.startswith(prefixes)}
