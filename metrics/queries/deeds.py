"""What each customer of a set did of one event, day by day."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from segments import history
from segments.lake import operations, properties
from segments.lake.properties import Condition

if TYPE_CHECKING:
    import numpy as np


def by_customer_and_day(
    event: str,
    who: BitMap,
    *,
    since: dt.date,
    until: dt.date,
    where: Sequence[Condition] = (),
) -> "dict[str, np.ndarray[Any, Any]]":
    """Columns customer, day (0 is the first), times and amount; a row for each with any."""
    import numpy as np  # heavy: not in the web process

    with history.opened() as lake:
        events = lake.events(since, until)
        done = events.filter(
            events.event == event, *(properties.holds(events, condition) for condition in where)
        ).select("customer", "day", "amount")
        mine = done.join(lake.ids(who), "customer")
        sums = mine.group_by(["customer", "day"]).agg(
            times=mine.count(), amount=operations.total(mine.amount)
        )
        found = lake.ask(sums.order_by(["customer", "day"]))
    days = found["day"].to_numpy().astype("datetime64[D]")
    return {
        "customer": found["customer"].to_numpy().astype(np.int64),
        "day": (days - np.datetime64(since)).astype(np.int64),
        "times": found["times"].to_numpy().astype(np.int64),
        "amount": found["amount"].to_numpy().astype(np.int64),
    }
