"""How many different customers were active within the last so many days, for every day."""

from collections.abc import Iterable, Sequence

from pyroaring import BitMap


def rolling_sizes(days: Iterable[BitMap], width: int) -> list[int]:
    """For each day, how many are in the union of it and the `width - 1` days before.

    Days come one by one and are cut into blocks of one window's width. Every window then is
    the end of one block and the start of the next, so three set operations a day answer it,
    whatever the width (van Herk 1992; Gil and Werman 1993: a running maximum, here of sets).
    The window of the first days is as long as there are days.

    Raises:
        ValueError: the width is not positive.
    """
    if width < 1:
        raise ValueError("A window is at least one day wide.")
    sizes: list[int] = []
    block: list[BitMap] = []
    start, ends = BitMap(), list[BitMap]()
    for day in days:
        if len(block) == width:
            start, ends, block = BitMap(), _ends(block), []
        start |= day
        held = ends[len(block)] if len(block) < len(ends) else None
        sizes.append(len(start) if held is None else start.union_cardinality(held))
        block.append(day)
    return sizes


def _ends(block: Sequence[BitMap]) -> list[BitMap]:
    """For each day but the first, the union of the days from there to the block's end."""
    ends: list[BitMap] = []
    end = BitMap()
    for day in reversed(block[1:]):
        end = end | day
        ends.append(end)
    ends.reverse()
    return ends
