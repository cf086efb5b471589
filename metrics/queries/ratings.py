"""Each customer's first rating of some days: when, how good, and who it was about."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from segments import history
from segments.lake import properties

if TYPE_CHECKING:
    import numpy as np


def first(
    events: Sequence[str], score: str, whom: str, *, since: dt.date, until: dt.date
) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], list[str]]":
    """Customers, their days as places from `since`, scores, and whom each rated ("" unknown).

    Of the same day the lowest score counts: a bad answer is not made good by a second one.
    """
    import numpy as np  # heavy: not in the web process

    with history.opened() as lake:
        rows = lake.events(since, until)
        rows = rows.filter(rows.event.isin(list(events)))
        said = {"score": properties.number(rows, score)}
        said |= {"whom": properties.text(rows, whom)} if whom else {}
        found = rows.select("customer", "day", **said)
        found = found.filter(found.score.notnull())
        found = lake.ask(found.order_by(["customer", "day", *said]))
    customers = found["customer"].to_numpy().astype(np.int64)
    _ids, places = np.unique(customers, return_index=True)
    days = found["day"].to_numpy().astype("datetime64[D]")
    names = [str(one or "") for one in found["whom"].to_pylist()] if whom else [""] * len(days)
    return (
        customers[places],
        (days[places] - np.datetime64(since)).astype(np.int64),
        found["score"].to_numpy().astype(np.float64)[places],
        [names[place] for place in places],
    )
