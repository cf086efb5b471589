"""Small trails for tests of kernels, and how hypothesis draws them."""

from collections.abc import Iterable, Sequence

import numpy as np
from hypothesis import strategies as st

from segments.lake.trails import Rows

DAY = 86_400_000
Event = tuple[int, int, str]  # customer, milliseconds, kind

# The edges of a block, many events of one moment, and days without anything.
CUSTOMERS = st.sampled_from([0, 1, 131_071, 131_072])
MOMENTS = st.one_of(st.integers(0, 6), st.integers(0, 4 * DAY))
EVENTS = st.lists(st.tuples(CUSTOMERS, MOMENTS, st.sampled_from("ABCD")), max_size=40)


def days_of(events: Iterable[Event], *, count: int = 5) -> list[Rows]:
    """The events as files of days, each with names of its own."""
    found = list(events)
    return [_day([one for one in found if one[1] // DAY == day], day) for day in range(count)]


def _day(events: Sequence[Event], day: int) -> Rows:
    names = sorted({name for _customer, _moment, name in events}, reverse=day % 2 == 1)
    return Rows(
        day * DAY,
        np.array([one[0] for one in events], np.uint32),
        np.array([one[1] - day * DAY for one in events], np.uint32),
        np.array([names.index(one[2]) for one in events], np.uint8),
        tuple(names),
    ).in_order()


def of_one(events: Iterable[Event], customer: int) -> list[tuple[int, str]]:
    return sorted((moment, name) for who, moment, name in events if who == customer)
