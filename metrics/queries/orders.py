"""What was ordered on each day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from segments import history
from segments.lake import operations


@dataclass(frozen=True)
class DayOfOrders:
    """One day's sums; the amount is in minor units."""

    orders: int = 0
    amount: int = 0
    buyers: int = 0


def by_day(events: Sequence[str], *, since: dt.date, until: dt.date) -> dict[dt.date, DayOfOrders]:
    """The sums of those of the days that have any of the events, which are orders."""
    if not events:
        return {}
    with history.opened() as lake:
        happened = lake.events(since, until)
        paid = happened.filter(happened.event.isin(events))
        sums = paid.group_by("day").agg(
            orders=paid.count(),
            amount=operations.total(paid.amount),
            buyers=paid.customer.nunique(),
        )
        rows = lake.ask(sums).to_pylist()
    return {row["day"]: DayOfOrders(row["orders"], row["amount"], row["buyers"]) for row in rows}
