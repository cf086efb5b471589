"""Loads: customers of one or more intakes, packed into waves that are neither large nor tiny."""

from array import array
from collections.abc import Iterable, Iterator

from pyroaring import BitMap

MOST = 1_000  # customers in a wave
FEW = MOST // 2  # a load that has less is packed together with others
MOST_TOGETHER = 200  # loads that are tried for one that still has room
Load = dict[int, BitMap]  # customers by their intake; nobody is there twice


def parted(loads: Iterable[Load]) -> Iterator[Load]:
    """Loads of one intake each, at most so many at a time, in the order of their numbers."""
    for load in loads:
        for number, members in load.items():
            ids = array("I", members)
            for first in range(0, len(ids), MOST):
                yield {number: BitMap(ids[first : first + MOST])}


def packed(loads: Iterable[Load]) -> list[Load]:
    """The same with the small ones put together; a customer of two intakes stands in two loads."""
    whole: list[Load] = []
    bins: list[tuple[Load, BitMap]] = []
    for load in parted(loads):
        ((number, members),) = load.items()
        if len(members) >= FEW:
            whole.append(load)
            continue
        for kept, there in bins[-MOST_TOGETHER:]:
            if len(there) + len(members) <= MOST and not there & members:
                kept[number] = kept.get(number, BitMap()) | members
                there |= members
                break
        else:
            bins.append((load, members.copy()))
    return whole + [kept for kept, _there in bins]
