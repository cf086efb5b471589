"""What is known of the customers of a benchmark of rules, and what the rule asks."""

import datetime as dt
from typing import Any

import numpy as np

from tests.bench import day_sets

DAY = day_sets.FIRST + dt.timedelta(days=day_sets.DAYS - 1)
EPOCH = dt.date(1970, 1, 1)
EVENT, WINDOW, TIMES = "page_viewed", 30, 3
SEGMENT, TAG = 7, 5
# Each trait with the lowest value that the rule asks for; days since the last order at most.
ASKED = {"orders": 3, "monetary_minor": 20_000, "active_days_30d": 4, "r_score": 2}
RECENCY = 60
Answer = tuple[int, int]  # how many customers, and the sum of their numbers


def world(customers: int) -> dict[str, Any]:
    """What is known of every customer by number; nobody has the number 0."""
    chance = np.random.default_rng(11)

    def whole(most: int) -> Any:
        return (chance.random(customers) ** 2 * most).astype(np.int32)

    last_order = (DAY - EPOCH).days - whole(200)
    return {
        "last_order_on": last_order,
        "orders": whole(40),
        "monetary_minor": whole(400_000).astype(np.int64),
        "active_days_30d": whole(31),
        "r_score": chance.integers(1, 6, customers).astype(np.int32),
        "is_member": chance.random(customers) < 0.2,
        "is_tagged": chance.random(customers) < 0.5,
    }
