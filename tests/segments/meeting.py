"""People who turn out to be one, and what is known of everybody then."""

import datetime as dt
from typing import Any

from segments import (
    activity,
    history,
    ingest,
    merging,
)
from segments.models import (
    Consent,
    Customer,
    DaySet,
    Identifier,
)
from tests.segments import sent
from tests.segments.sent import NOW, event, user

DAY = dt.timedelta(days=1)


def met(first: str = "anna", second: str = "ben") -> tuple[Customer, Customer]:
    """Two known customers, each with a day in the lake of their own."""
    sent.take(event(user(first), at=NOW - 3 * DAY), event(user(second), at=NOW - 2 * DAY))
    sent.in_lake()
    activity.catch_up()
    return sent.of(user(first)), sent.of(user(second))


def sets() -> dict[tuple[dt.date, int], set[int]]:
    """The day sets, once everything that is dirty is built anew."""
    ingest.flush()
    merging.tell(at=NOW)
    activity.catch_up()
    return {(one.day, one.level): set(one.members) for one in DaySet.objects.all()}


def read() -> list[int]:
    """Under whom the lake's events are read."""
    with history.opened() as lake:
        return sorted(lake.ask(lake.events())["customer"].to_pylist())


def world() -> Any:
    """Everything about everybody."""
    return (
        list(Customer.objects.order_by("pk").values()),
        sorted(Identifier.objects.values_list("customer", "kind", "value")),
        sorted(Consent.objects.values_list("customer", "channel", "granted", "at", "source")),
    )
