"""Recency, frequency and monetary scores of the customers who ordered."""

import datetime as dt

import numpy as np

from segments import arrays, sheet
from segments.scoring import rfm
from segments.sheet import Fresh

READ = ("last_order_on", "orders", "monetary_minor")


def recompute(day: dt.date) -> int:
    """Score everybody with an order against one another; tells how many blocks changed.

    Reads the traits as they stand, so it runs after them.
    """
    known = sheet.read(*READ)
    if len(known) < len(READ):
        return 0
    last, orders, spent = (known[key].values for key in READ)
    ordered = np.flatnonzero(arrays.known(last))
    scores = {
        # Dates as they are: the later, the fewer days ago.
        "r_score": rfm.more_is_better(last[ordered]),
        "f_score": rfm.more_is_better(orders[ordered]),
        "m_score": rfm.more_is_better(spent[ordered]),
    }
    fresh = {
        key: Fresh(arrays.spread(ordered, found.astype(np.int32), len(last)))
        for key, found in scores.items()
    }
    return sheet.write(fresh, day=day)
