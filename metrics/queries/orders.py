"""What was ordered on each day."""

import datetime as dt
from dataclasses import dataclass

from segments import history


@dataclass(frozen=True)
class DayOfOrders:
    """One day's sums; the amount is in minor units."""

    orders: int = 0
    amount: int = 0
    buyers: int = 0


def by_day(event: str, *, since: dt.date, until: dt.date) -> dict[dt.date, DayOfOrders]:
    """The sums of those of the days that have the event."""
    with history.opened() as lake:
        events = lake.events(since, until)
        paid = events.filter(events.event == event)
        sums = paid.group_by("day").agg(
            orders=paid.count(),
            amount=paid.amount.sum().fill_null(0).cast("int64"),
            buyers=paid.customer.nunique(),
        )
        rows = lake.ask(sums).to_pylist()
    return {row["day"]: DayOfOrders(row["orders"], row["amount"], row["buyers"]) for row in rows}
