"""Customers' histories of buying, counted: alike ones are one row with a number.

A history is (x, t_x, T): days with orders after the first, the day of the last and today, both
in whole days since the first. Orders of one day are one.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
WEEK = 7.0  # days; rates are a week's


def dot(left: Array, right: Array) -> float:
    """The sum of products of long arrays, in one thread: those of a library for matrices wait
    for each other where cores are busy, for ten times as long as the work takes."""
    return float(np.einsum("i,i->", left, right))


@dataclass(frozen=True)
class Histories:
    """One customer a place, in days."""

    x: Array
    t_x: Array
    T: Array

    def __len__(self) -> int:
        return len(self.x)

    @property
    def repeaters(self) -> int:
        """Who ordered on a second day."""
        return int(np.count_nonzero(self.x))

    def of(self, chosen: Any) -> "Histories":
        """Some of them."""
        return Histories(self.x[chosen], self.t_x[chosen], self.T[chosen])


def made(x: Array, t_x: Array, T: Array) -> Histories:
    """Histories as the models want them.

    Raises:
        ValueError: a history cannot be: a day before the first, or a last day after today.
    """
    x, t_x, T = (np.asarray(one).astype(np.int64) for one in (x, t_x, T))
    if len(x) and (x.min() < 0 or t_x.min() < 0 or (t_x > T).any()):
        raise ValueError("A history begins with its first day and ends today.")
    return Histories(x, np.where(x > 0, t_x, 0), T)


class Counted:
    """The same histories grouped, with all that a likelihood needs and no parameter changes."""

    def __init__(self, histories: Histories, unit: float = WEEK) -> None:
        x, t_x, T = histories.x, histories.t_x, histories.T
        self.customers = len(x)
        self.last = int(T.max()) if len(T) else 0
        self.times = np.arange(self.last + 1) / unit  # a table's place is a whole day
        self.of_T = np.bincount(T, minlength=self.last + 1).astype(float)
        self.x_of_T = np.bincount(T, x, self.last + 1)
        self.of_x = np.bincount(x, minlength=1).astype(float)  # from 0 on
        again = x > 0
        self._group(x[again], t_x[again], T[again])

    def _group(self, x: Array, t_x: Array, T: Array) -> None:
        """Rows of those who came again; most of the others are alike in all but T."""
        side = self.last + 1
        keys = np.sort((x * side + T) * side + t_x)
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        self.n = np.diff(starts, append=len(keys)).astype(float)
        keys = keys[starts]
        keys, t_x = np.divmod(keys, side)
        x, T = np.divmod(keys, side)
        self.x, self.t_x, self.T = x, t_x, T

    @cached_property
    def x_float(self) -> Array:
        return self.x.astype(float)
