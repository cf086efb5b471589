"""Conditions about columns as masks over customers, several at once and a block at a time."""

import operator
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyroaring import BitMap

from segments import arrays, bitmaps
from segments.arrays import Array

ROWS = 1 << 17  # customers whose values, of a few columns, fit into the cache of a core
FEW = 6  # values that are quicker compared one by one

Fits = Callable[..., Array]
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# A date compared so is a number of days since it that is compared the other way round.
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Test:
    """A condition: the columns that it reads, and what it says of a block of each.

    Who is beyond the end of a column fits no condition about it.
    """

    columns: tuple[Array, ...]
    fits: Fits

    @property
    def length(self) -> int:
        return min(map(len, self.columns))

    def mask(self, start: int, end: int) -> Array:
        """For the customers from one to before another, as far as the columns go."""
        end = min(end, self.length)
        return self.fits(*(one[start:end] for one in self.columns))


def all_of(wanted: Sequence[Test], unwanted: Sequence[Test] = ()) -> BitMap:
    """Who fits all of the first, of which there is at least one, and none of the second."""
    length = min(one.length for one in wanted)
    words = np.zeros(-(-length // bitmaps.IDS) * bitmaps.WORDS, np.uint64)

    for start in range(0, length, ROWS):
        end = min(start + ROWS, length)
        mask = wanted[0].mask(start, end)
        for one in wanted[1:]:
            mask &= one.mask(start, end)
        for one in unwanted:
            other = one.mask(start, end)
            mask[: len(other)] &= ~other
        words[start // 64 : -(-end // 64)] = bitmaps.to_words(mask)
    return bitmaps.from_words(words)


def both(one: Test, other: Test) -> Test:
    """Who fits the two."""
    split = len(one.columns)
    return Test(
        one.columns + other.columns,
        lambda *blocks: one.fits(*blocks[:split]) & other.fits(*blocks[split:]),
    )


def nobody() -> Test:
    """What nobody fits."""
    return Test((np.empty(0, np.int8),), lambda block: block > 0)


def compared(values: Array, op: str, operand: Any) -> Test:
    """The comparison of a column of numbers; an unknown value fits none."""
    return Test((values,), _fits(values.dtype, op, operand))


def one_of(values: Array, some: Collection[int]) -> Test:
    """Whose value is one of some, such as the places of chosen words."""
    return compared(values, "in", tuple(some))


def days_since(dates: Array, op: str, operand: Any, today: int) -> Test:
    """The comparison of how many whole days before today a date is."""
    if op == "between":
        low, high = operand
        return compared(dates, op, (today - high, today - low))
    if op == "in":
        return compared(dates, op, tuple(today - one for one in operand))
    value = None if operand is None else today - operand
    return compared(dates, TURNED.get(op, op), value)


def _fits(dtype: Any, op: str, operand: Any) -> Fits:
    nothing = arrays.nothing(dtype)
    if op == "is_set":
        return arrays.known
    if op == "in":
        return _in(dtype, [one for one in operand if one != nothing])
    if op == "between":
        low, high = operand
        # What is not known is lower than anything.
        low = max(low, int(nothing) + 1) if np.dtype(dtype).kind == "i" else low
        return lambda block: (block >= low) & (block <= high)
    if op == "=":
        return lambda block: (block == operand) & (operand != nothing)
    if op == "!=":
        return lambda block: (block != operand) & arrays.known(block)
    compare = _ORDER[op]
    if np.dtype(dtype).kind == "f" or (op in {">", ">="} and operand > nothing):
        return lambda block: compare(block, operand)
    return lambda block: compare(block, operand) & arrays.known(block)


def _in(dtype: Any, some: list[Any]) -> Fits:
    if len(some) > FEW:
        wanted = np.array(some)
        return lambda block: np.isin(block, wanted)

    def fits(block: Array) -> Array:
        mask = np.zeros(len(block), np.bool_)
        for one in some:
            mask |= block == one
        return mask

    return fits
