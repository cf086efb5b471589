"""Who did enough within their first days, for every day on which somebody reached it."""

from collections.abc import Iterable, Mapping, Sequence

from pyroaring import BitMap

Levels = Mapping[int, BitMap]  # who did one thing at least 1, 2, 3 … times on a day
NOBODY = BitMap()


def became(
    new: Sequence[BitMap], days: Iterable[Sequence[Levels]], *, times: int, within: int
) -> list[BitMap]:
    """For each day, who on it came to `times` deeds in the `within` days that begin with their
    first one.

    `new` are the customers whose first day it is; `days` has, for each day, the levels of each
    thing that counts. Nobody becomes it twice. The levels have to go up to `times`.

    Raises:
        ValueError: a number is not positive.
    """
    if times < 1 or within < 1:
        raise ValueError("Somebody does something at least once, within at least one day.")
    reached = [BitMap() for _level in range(times + 1)]
    done = BitMap()
    found = []
    for number, things in enumerate(days):
        fresh = BitMap.union(*new[max(0, number - within + 1) : number + 1]) - done
        for levels in things:
            _count(reached, {level: members & fresh for level, members in levels.items()})
        found.append(reached[times] - done)
        done |= reached[times]
    return found


def _count(reached: list[BitMap], levels: Levels) -> None:
    """Add one thing's day to `reached`, whose place k has those with at least k so far.

    Saturating: somebody comes to k with j from before and k - j today, for any j. Downward,
    so that each still reads what was before.
    """
    for goal in range(len(reached) - 1, 0, -1):
        for before in range(1, goal):
            reached[goal] |= reached[before] & levels.get(goal - before, NOBODY)
        reached[goal] |= levels.get(goal, NOBODY)
