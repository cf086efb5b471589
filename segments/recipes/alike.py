"""What customers had who had the same things: values that suit somebody who has not had them.

Item-to-item collaborative filtering: Linden, Smith, York (2003), *Amazon.com Recommendations*,
IEEE Internet Computing 7(1). How alike two values are is the cosine of who had them: Sarwar,
Karypis, Konstan, Riedl (2001), *Item-Based Collaborative Filtering*, WWW 10.
"""

from collections.abc import Iterator

import numpy as np

from segments import arrays
from segments.arrays import Array

MOST = 200  # values that are compared: those that most customers had
LEAST = 5  # customers who had a value, before it is suggested: fewer are known by it
LEARNT = 50_000  # customers whose values tell which are alike
BLOCK = 16_384  # customers at a time


def suggested(who: Array, codes: Array, length: int) -> Array:
    """Each customer's best value that they have not had, or nothing.

    `who` is in order, and each pair of customer and code comes once. Of two values that suit as
    well the one wins that more customers had.
    """
    found = np.full(length, arrays.nothing(np.int32), np.int32)
    had = np.bincount(codes) if len(codes) else np.zeros(0, np.int64)
    shown = np.argsort(-had, kind="stable")[:MOST]
    shown = shown[had[shown] >= LEAST]
    if len(shown) < 2:
        return found
    place = np.full(len(had), -1, np.int64)
    place[shown] = np.arange(len(shown))
    kept = place[codes] >= 0
    who, places = who[kept], place[codes[kept]]
    likeness = _likeness(who, places, len(shown))
    for customers, had_them in _blocks(who, places, len(shown)):
        suits = had_them @ likeness
        suits[had_them > 0] = 0
        best = suits.argmax(axis=1)
        does = suits[np.arange(len(best)), best] > 0
        found[customers[does]] = shown[best[does]]
    return found


def _likeness(who: Array, places: Array, count: int) -> Array:
    """The cosine of each two values, of a value with itself nothing; learnt from every so many
    customers."""
    step = 1 + (int(who[-1]) if len(who) else 0) // LEARNT
    some = who % step == 0
    both = np.zeros((count, count), np.float64)
    for _customers, had_them in _blocks(who[some], places[some], count):
        both += had_them.T @ had_them
    sizes = np.sqrt(np.diag(both))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.nan_to_num(both / np.outer(sizes, sizes))
    np.fill_diagonal(found, 0)
    return found.astype(np.float32)


def _blocks(who: Array, places: Array, count: int) -> Iterator[tuple[Array, Array]]:
    """Customers, and a row of each in which the values are 1 that they had."""
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    ends = np.append(starts[1:], len(who))
    for at in range(0, len(starts), BLOCK):
        first, last = starts[at : at + BLOCK], ends[at : at + BLOCK]
        rows = np.repeat(np.arange(len(first)), last - first)
        had_them = np.zeros((len(first), count), np.float32)
        had_them[rows, places[first[0] : last[-1]]] = 1
        yield who[first], had_them
