"""Who did what, for a rule: from the day sets, and what these do not know from the lake.

An answer of the lake is kept on this host until a day of it is built anew.
"""

import datetime as dt
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import numpy as np
from pyroaring import BitMap

from console import clock
from segments import activity, answers, arrays, bitmaps, history, local, masks, often, sets
from segments.activity import Stored
from segments.answers import Answer
from segments.arrays import Array
from segments.asking import Question
from segments.lake.properties import Condition
from segments.models import DaySet, DirtyDay
from segments.rules import compiler, written
from segments.rules.nodes import DaysSince, Deed, Did, Sequence, Where

if TYPE_CHECKING:
    import pyarrow as pa

    from segments.lake.engine import Lake

EPOCH = dt.date(1970, 1, 1)
SLOT = dt.timedelta(minutes=10)  # so often it is looked again who waited long enough


def question(leaf: Did, day: dt.date) -> Question | None:
    """What asks for the sets that answer `did`; None where the lake does."""
    if compiler.needs_lake(leaf):
        return None
    since, until = leaf.span(day)
    return activity.question(leaf.event, since or dt.date.min, until, leaf.times)


def did(leaf: Did, day: dt.date, stored: list[Stored] | None = None) -> Answer:
    """Who did an event so many times in a window, from these stored sets if they are known."""
    since, until = leaf.span(day)
    if compiler.needs_lake(leaf):
        return _of_lake(
            leaf,
            {leaf.event},
            since,
            until,
            lambda lake: _counted(lake, leaf, day),
            at_hand=None if leaf.where else lambda: _added_up(leaf, day),
        )

    fresh = (leaf.event, since or dt.date.min, until, leaf.times)
    days = activity.stored(*fresh) if stored is None else stored

    def find(within: BitMap | None) -> BitMap:
        try:
            return activity.counted(days, leaf.times, within=within)
        except sets.Gone:  # a day was built anew since
            return activity.members(*fresh, within=within)

    version = tuple((one.day, one.level, one.digest) for one in days)
    return Answer(find, version, is_partial=True)


def days_since(leaf: DaysSince, day: dt.date) -> Answer:
    """Days since the first or the last time, of an event that is too rare to have a column."""
    rows = activity.stored(leaf.event, dt.date.min, day)
    version = (leaf.which, *((one.day, one.digest) for one in rows))
    dates = sets.kept.get(version)
    if dates is None:
        dates = _dates(leaf, rows)
        sets.kept.put(version, dates, dates.nbytes)
    today = (day - EPOCH).days
    return answers.of_test(masks.days_since(dates, leaf.op, leaf.value, today), today, version)


def days_of(customer: int, event: str, until: dt.date) -> list[dt.date]:
    """The days up to one on which a customer did it, from the day sets."""

    def read() -> list[dt.date]:
        rows = activity.stored(event, dt.date.min, until)
        found = sets.many(DaySet, [(one.pk, one.digest) for one in rows])
        return sorted({one.day for one, who in zip(rows, found, strict=True) if customer in who})

    days: list[dt.date] = sets.steadily(read)
    return days


def _dates(leaf: DaysSince, rows: list[Stored]) -> Array:
    """The day for every customer by number, as columns have it."""
    # The last one that is written stays.
    rows = rows if leaf.which == "last" else rows[::-1]
    members = sets.many(DaySet, [(one.pk, one.digest) for one in rows])
    length = max((found.max() + 1 for found in members if found), default=0)
    dates = np.full(length, arrays.nothing(np.int32), np.int32)
    for one, found in zip(rows, members, strict=True):
        dates[bitmaps.to_array(found)] = (one.day - EPOCH).days
    return dates


def in_order(leaf: Sequence, day: dt.date) -> Answer:
    """Who did one thing and then, or then not, another."""
    over = None if leaf.did else _waited_until(day)
    # Whoever did it on the first of the days may have done the other one later.
    since = day - dt.timedelta(days=leaf.days - 1)
    events = {leaf.first.event, leaf.then.event}
    return _of_lake(
        leaf, events, since, day, lambda lake: _ordered(lake, leaf, since, day, over), over
    )


def _waited_until(day: dt.date) -> dt.datetime:
    """The moment at which one looks who waited in vain: now, or the end of a day that is over."""
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), clock.zone())
    now = min(clock.now(), end.astimezone(dt.UTC))
    return now - (now - dt.datetime.min.replace(tzinfo=dt.UTC)) % SLOT


def _counted(lake: "Lake", leaf: Did, day: dt.date) -> "pa.Table":
    from segments.lake import questions  # heavy: not in the web process

    since, until = leaf.span(day)
    where = _conditions(leaf.where)
    return questions.who_did(
        lake, event=leaf.event, since=since, until=until, times=leaf.times, where=where
    )


def _added_up(leaf: Did, day: dt.date) -> BitMap | None:
    """The same without conditions, from what the night left on this host."""
    since, until = leaf.span(day)
    return often.who(leaf.event, leaf.times, since=since, until=until)


def _ordered(
    lake: "Lake", leaf: Sequence, since: dt.date, until: dt.date, over: dt.datetime | None
) -> "pa.Table":
    from segments.lake import questions  # heavy: not in the web process

    def step(deed: Deed) -> questions.Step:
        return questions.Step(deed.event, tuple(_conditions(deed.where)))

    return questions.who_did_in_order(
        lake,
        first=step(leaf.first),
        then=step(leaf.then),
        within=dt.timedelta(hours=leaf.hours),
        since=since,
        until=until,
        over=over,
    )


def _conditions(where: tuple[Where, ...]) -> list[Condition]:
    return [Condition(one.key, one.op, one.value) for one in where]


def _of_lake(
    leaf: Did | Sequence,
    events: set[str],
    since: dt.date | None,
    until: dt.date,
    ask: "Callable[[Lake], pa.Table]",
    *also: Hashable,
    at_hand: Callable[[], BitMap | None] | None = None,
) -> Answer:
    """A question to the lake whose answer is kept, unless the lake is being changed just now.

    `at_hand` may know the answer without the lake, or say None.
    """
    first = since or dt.date.min
    # Before the days: one that becomes clean in between only costs another question.
    is_clean = not DirtyDay.objects.filter(day__gte=first, day__lte=until).exists()
    # Not the digests alone: other properties make no other set of a day, but a new row.
    days = DaySet.objects.filter(event_type__name__in=events, day__gte=first, day__lte=until)
    found = days.order_by("pk").values_list("pk", "digest") if is_clean else ()
    rows = tuple((pk, bytes(digest)) for pk, digest in found)

    def fetch() -> bytes:
        if at_hand and (found := at_hand()) is not None:
            return bitmaps.dump(found)
        with history.opened() as lake:
            return bitmaps.dump(bitmaps.from_array(ask(lake)["customer"].to_numpy()))

    if not is_clean:
        return Answer(lambda _within: bitmaps.load(fetch()))
    version = (since, until, *also, rows)
    name = local.answer_to(written.to_json(leaf), history.place(), *version)
    return Answer(lambda _within: bitmaps.load(local.kept(name, fetch)), version)
