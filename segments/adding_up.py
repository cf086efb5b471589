"""Adding up days: what happened on each of them, told to the recipes that look at it.

What counts all of a customer's time goes on from `segments.checkpoints`, so that a night adds
the days since and not all that ever were.
"""

import datetime as dt
from dataclasses import dataclass, field

import numpy as np

from segments import checkpoints, gathering, tallies, traits
from segments.arrays import Array
from segments.checkpoints import Checkpoint
from segments.gathering import World
from segments.recipes import adding
from segments.tallies import ABOUT, Measure, Tallies
from segments.tally_files import Tally


@dataclass
class Group:
    """Recipes over the same events, whose days are put together once for all of them."""

    measure: Measure
    names: tuple[str, ...]
    adders: list[tuple[traits.Trait, adding.Adder]] = field(default_factory=list)

    def of_all_time(self) -> dict[str, adding.Adder]:
        """The adders that look at all days, by what they add up."""
        return {
            repr((trait.recipe, self.names)): adder
            for trait, adder in self.adders
            if adder.since is None
        }


def add_up(world: World, read: Tallies, groups: list[Group], *, keep: bool) -> None:
    """What these groups, all of one measure, come to; `keep`: with a checkpoint for next time."""
    measure = groups[0].measure
    lasting = {key: one for group in groups for key, one in group.of_all_time().items()}
    files = tallies.files(measure, since=None, until=world.day) if keep and lasting else {}
    read.catch_up(measure, files)
    last = checkpoints.last(measure, world, files)
    if last is not None:
        last.resume(lasting)
    due = checkpoints.due(world.day, files, last, lasting)
    every = [adder for group in groups for _trait, adder in group.adders]
    for day, tally in read.days(measure, since=_start(every, last), until=world.day):
        for group in groups:
            _add_day(world, day, tally, group, last)
        if day == due:
            checkpoints.keep(measure, world, files, day, lasting)
    for group in groups:
        for trait, adder in group.adders:
            gathering.keep(world, trait, adder.found())


def _start(every: list[adding.Adder], last: Checkpoint | None) -> dt.date | None:
    """The first day that any of them wants to hear of."""
    is_anew = last is not None and bool(last.anew.any())
    numbers = [one.start(is_anew=is_anew) for one in every]
    days = [traits.EPOCH + dt.timedelta(days=one) for one in numbers if one is not None]
    return min(days) if len(days) == len(every) else None


def _add_day(
    world: World, day: dt.date, tally: Tally, group: Group, last: Checkpoint | None
) -> None:
    """Tell the day to whoever wants it; who knows it already, of those who changed alone."""
    number = (day - traits.EPOCH).days
    adders = [adder for _trait, adder in group.adders if adder.wants(number)]
    again = [adder for adder in adders if adder.knows(number)]
    fresh = [adder for adder in adders if not adder.knows(number)]
    for some, whom in ((fresh, None), (again, last.anew if last else None)):
        if not some or (whom is not None and not whom.any()):
            continue
        valued = any(adder.is_of_values for adder in some)
        if today := _day(world, number, tally, group.names, valued=valued, whom=whom):
            for adder in some:
                adder.add(today)


def _day(
    world: World,
    number: int,
    tally: Tally,
    names: tuple[str, ...],
    *,
    valued: bool,
    whom: Array | None,
) -> adding.Day | None:
    """What a group's events came to on a day: each customer once, under who they are now.

    About the values, which few recipes need, only if they are asked for; `whom`: a mask of the
    only customers to tell of.
    """
    rows = tally.of(names)
    who = now(world, rows["customer"])
    columns = {name: rows[name] for name in (ABOUT if valued else ABOUT[:1]) if name in rows}
    inside = who < len(world.living)
    if whom is not None:
        inside[inside] = whom[who[inside]]
    if not inside.all():
        who, columns = who[inside], {name: one[inside] for name, one in columns.items()}
    if not len(who):
        return None
    if not np.all(who[1:] > who[:-1]):
        who, columns = tallies.together(who, columns)
    return adding.Day(number, who, **(dict.fromkeys(ABOUT, who[:0]) | columns))


def now(world: World, who: Array) -> Array:
    """Who these customers are by now."""
    who = who.astype(np.int64)
    if len(world.known_as):
        moved = who < len(world.known_as)
        who[moved] = world.known_as[who[moved]]
    return who
