"""How many different customers were active within the last so many days, for every day."""

from collections.abc import Iterator, Sequence

from pyroaring import BitMap


def rolling_sizes(days: Sequence[BitMap], width: int) -> list[int]:
    """For each day, how many are in the union of it and the `width - 1` days before.

    The days are cut into blocks of one window's width. Every window then is the end of one
    block and the start of the next, so three set operations a day answer it, whatever the
    width (van Herk 1992; Gil and Werman 1993: a running maximum, here of sets). The window of
    the first days is as long as there are days.

    Raises:
        ValueError: the width is not positive.
    """
    if width < 1:
        raise ValueError("A window is at least one day wide.")
    sizes: list[int] = []
    ends: list[BitMap] = []
    for start in range(0, len(days), width):
        block = days[start : start + width]
        sizes.extend(_sizes_in_block(block, ends))
        ends = _ends(block)
    return sizes


def _sizes_in_block(block: Sequence[BitMap], ends_before: Sequence[BitMap]) -> Iterator[int]:
    """The block's windows: its own start, and what they still hold of the block before."""
    start = BitMap()
    for position, day in enumerate(block):
        start |= day
        if position + 1 < len(ends_before):
            yield start.union_cardinality(ends_before[position + 1])
        else:
            yield len(start)


def _ends(block: Sequence[BitMap]) -> list[BitMap]:
    """For each position, the union of the days from there to the block's end."""
    ends: list[BitMap] = []
    end = BitMap()
    for day in reversed(block):
        end = end | day
        ends.append(end)
    ends.reverse()
    return ends
