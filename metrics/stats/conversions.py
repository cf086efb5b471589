"""Who of a day's people did something in the days after it, and other shares of day sets."""

from collections.abc import Iterable, Sequence

import numpy as np
from pyroaring import BitMap

from metrics.stats.cohorts import Share
from segments import bitmaps
from segments.arrays import Array


def converted(
    first: Sequence[BitMap], then: Sequence[BitMap], after: int, *, same_day: bool = True
) -> list[BitMap]:
    """For each day that has `after` later ones: who of `first` is in `then` of those days.

    The day itself counts too, unless `same_day` is False: the same thing twice on a day cannot
    be told from once.
    """
    days = min(len(first), len(then)) - after
    if days <= 0:
        return []
    width = after + 1 if same_day else after
    # The windows that end with a day, of the days in reverse, begin with it.
    unions = list(bitmaps.sliding_union(reversed(then), width))[::-1]
    shift = 0 if same_day else 1
    return [first[number] & unions[number + shift] for number in range(days)]


def kept(active: Sequence[BitMap], *, age: int, within: int) -> list[Share]:
    """Of those active on a day who were first active at least `age` days before: who was active
    again in the `within` days after. The list ends where those days are not over."""
    seen, shares = BitMap(), []
    again = converted(active, active, within, same_day=False)
    for number, back in enumerate(again):
        if number >= age:
            seen |= active[number - age]
        old = active[number] & seen
        shares.append(Share(old.intersection_cardinality(back), len(old)))
    return shares


def repeated(days: Iterable[Array], width: int, length: int) -> list[Share]:
    """For each day, of those in the window of `width` days that ends with it, who is in at least
    two of them. `days` has the numbers of each day's customers, each once, below `length`."""
    counts = np.zeros(length, np.int32)
    window: list[Array] = []
    once = twice = 0
    shares = []
    for who in days:
        once += int((counts[who] == 0).sum())
        twice += int((counts[who] == 1).sum())
        counts[who] += 1
        window.append(who)
        if len(window) > width:
            gone = window.pop(0)
            counts[gone] -= 1
            once -= int((counts[gone] == 0).sum())
            twice -= int((counts[gone] == 1).sum())
        shares.append(Share(twice, once))
    return shares
