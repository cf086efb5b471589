"""Who did what on which day: building the day sets from the lake, and asking them."""

import datetime as dt
import functools
import itertools
import struct
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Max, Min, QuerySet
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import jobs
from segments import asking, bitmaps, catalogue, definitions, history, local, planes, sets
from segments.asking import Question
from segments.models import DaySet, DirtyDay
from segments.planes import Plane

LEVELS = 3  # "at least 3 times" is the most that the sets can answer
LOCK = 0xDA75  # the advisory lock of who swaps sets
LONGEST = 63  # days that may follow the first of a span
DAYS_AT_A_TIME = 31  # whose sets are held in memory

# --- building ---------------------------------------------------------------


def rebuild(days: Iterable[dt.date] | None = None, *, progress: jobs.Progress = jobs.silent) -> int:
    """Build the day sets of these days anew (None: of every day), and tell how many days.

    Doing it twice changes nothing; sets of days that the lake no longer has go.
    """
    from segments.lake import store  # heavy: not in the web process

    if days is None:
        kept = set(DaySet.objects.values_list("day", flat=True).distinct())
        days = kept | set(store.days(history.place()))
    wanted = sorted(set(days))
    done = 0
    for some in _spans(wanted):
        progress(done, len(wanted))
        _replace(some)
        done += len(some)
    progress(done, len(wanted))
    return done


def catch_up(*, progress: jobs.Progress = jobs.silent) -> int:
    """Rebuild the days whose events changed since their sets were built; tells how many."""
    return rebuild(DirtyDay.objects.values_list("day", flat=True), progress=progress)


def _spans(days: list[dt.date]) -> Iterator[list[dt.date]]:
    """The days in groups that lie near each other, so that each reads few other days."""
    some: list[dt.date] = []
    for day in days:
        if some and (day - some[0]).days >= DAYS_AT_A_TIME:
            yield some
            some = []
        some.append(day)
    if some:
        yield some


@transaction.atomic
def _replace(days: list[dt.date]) -> None:
    """Swap the sets of some days for new ones; readers see the old or the new, never neither."""
    with connection.cursor() as cursor:  # two that swap the same day would collide
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    # First the note that they are dirty goes: an append from here on writes it again.
    DirtyDay.objects.filter(day__in=days).delete()
    new = _rows(list(_sets(days)))
    DaySet.objects.filter(day__in=days).delete()
    DaySet.objects.bulk_create(new, batch_size=1000)


def _rows(sets: list[tuple[str, dt.date, int, BitMap]]) -> list[DaySet]:
    """The sets as rows; kinds for which the catalogue has no room share theirs."""
    types = catalogue.register({event for event, *_rest in sets})
    rows: dict[tuple[int, dt.date, int], DaySet] = {}
    for event, day, level, members in sets:
        kind = types[event]
        row = rows.setdefault(
            (kind.pk, day, level), DaySet(event_type=kind, day=day, level=level, members=BitMap())
        )
        row.members |= members
        row.size = len(row.members)
    return list(rows.values())


def _sets(days: list[dt.date]) -> Iterator[tuple[str, dt.date, int, BitMap]]:
    """event, day, level and members, counted from the lake's files."""
    from segments.lake import day_sets  # heavy: not in the web process

    # Who was merged is asked before which files there are, as `history.opened` does.
    moved = history.moved()
    for one in day_sets.build(history.place(), days, moved=moved):
        yield one.event, one.day, one.level, bitmaps.load(one.members)


# --- asking -----------------------------------------------------------------


def members(
    event: str, since: dt.date, until: dt.date, times: int = 1, *, within: BitMap | None = None
) -> BitMap:
    """Who did the event at least `times` times on the days from since to until, both included.

    Exact up to 3 times, without going to the lake. Of others than `within` anything may be
    said.

    Raises:
        ValueError: more than 3 times; ask the lake with `questions.who_did`.
    """
    return sets.steadily(lambda: counted(stored(event, since, until, times), times, within=within))


class Stored(NamedTuple):
    """A stored set of a day as its row says, without the set."""

    pk: int
    digest: bytes
    day: dt.date
    level: int


def stored(event: str, since: dt.date, until: dt.date, times: int = 1) -> list[Stored]:
    """The sets that say who did the event so many times on these days, in the order of days."""
    return told(asking.ask([question(event, since, until, times)])[0])


def question(event: str, since: dt.date, until: dt.date, times: int = 1) -> Question:
    """What asks for the stored sets that say who did the event so many times on these days."""
    if not 1 <= times <= LEVELS:
        raise ValueError(
            _("Day sets answer for 1 to %(most)d times, not %(times)d.")
            % {"most": LEVELS, "times": times}
        )
    return Question(_STORED, (event, since, until, times))


def told(rows: Iterable[tuple[Any, ...]]) -> list[Stored]:
    """What it found."""
    ((found,),) = rows
    return list(_read(bytes(found or b"")))


@functools.lru_cache(256)  # a rule is asked again and again while somebody writes it
def _read(found: bytes) -> tuple[Stored, ...]:
    since = dt.date(2000, 1, 1).toordinal()  # as PostgreSQL counts days
    return tuple(
        Stored(pk, digest, dt.date.fromordinal(since + day), level)
        for pk, digest, day, level in _STORED_ROW.iter_unpack(found)
    )


# As one value: a window has hundreds of rows, each of which would cost its way.
_STORED = """
    SELECT string_agg(int8send(s.id) || s.digest || date_send(s.day) || int2send(s.level),
        ''::bytea ORDER BY s.day, s.level)
    FROM segments_dayset s
    WHERE s.event_type_id = (SELECT id FROM segments_eventtype WHERE name = %s)
        AND s.day BETWEEN %s AND %s AND s.level <= %s
"""
_STORED_ROW = struct.Struct(">q32sih")


def counted(sets_: list[Stored], times: int, *, within: BitMap | None = None) -> BitMap:
    """Who is in so many of these sets, a customer twice where they are in the second level.

    Raises:
        sets.Gone: a day was built anew meanwhile.
    """
    spans = [(_kept_as(rows, times), rows) for rows in _aligned(sets_)]
    found = {key: sets.kept.get(key) for key, _rows in spans}
    missing = [one for key, rows in spans if found[key] is None for one in rows]
    made = sets.as_planes(DaySet, [(one.pk, one.digest) for one in missing])
    of_row = dict(zip(missing, made, strict=True))
    for key, rows in spans:
        if found[key] is None:
            found[key] = _together(rows, of_row, times)
            if rows[0].day != rows[-1].day:
                size = sum(plane.nbytes for plane in found[key].values())
                sets.kept.put(key, found[key], size)
    return planes.at_least(times, [found[key] for key, _rows in spans], within)


def _kept_as(rows: list[Stored], times: int) -> Hashable:
    return ("span", times, *((one.day, one.level, one.digest) for one in rows))


def _together(
    rows: list[Stored], of_row: Mapping[Stored, Plane], times: int
) -> Mapping[int, Plane]:
    """The days as one, which is counted as fast as a single day."""
    by_day: dict[dt.date, dict[int, Plane]] = defaultdict(dict)
    for one in rows:
        by_day[one.day][one.level] = of_row[one]
    days = list(by_day.values())
    return days[0] if len(days) == 1 else planes.together(times, days)


def _aligned(rows: list[Stored]) -> Iterator[list[Stored]]:
    """The rows by spans of days that also other windows are made of.

    A span of 2, 4, 8 … days begins at a multiple of its length, so that a window of 30 days is
    at most eight spans, most of which are in tomorrow's window as well.
    """
    left = deque(rows)
    last = rows[-1].day.toordinal() if rows else 0
    while left:
        first, length = left[0].day.toordinal(), 1
        while first % (2 * length) == 0 and first + 2 * length - 1 <= min(last, first + LONGEST):
            length *= 2
        span = []
        while left and left[0].day.toordinal() < first + length:
            span.append(left.popleft())
        yield span


def who(key: str, since: dt.date, until: dt.date) -> BitMap:
    """Who did, on these days, anything that counts as what the word says: active, paid …"""
    return _union(_counting(key).filter(day__gte=since, day__lte=until))


def did_any(events: Iterable[str], since: dt.date, until: dt.date) -> BitMap:
    """Who did, on these days, any of these."""
    return _union(_between(since, until).filter(level=1, event_type__name__in=events))


def daily(key: str, since: dt.date, until: dt.date) -> dict[dt.date, BitMap]:
    """The same for each day, in order; a day with nobody has the empty set."""
    found: dict[dt.date, BitMap] = {
        since + dt.timedelta(days=step): BitMap() for step in range((until - since).days + 1)
    }
    return found | sets.steadily(lambda: _of_each_day(_counting(key), since, until))


def _of_each_day(sets_: QuerySet[DaySet], since: dt.date, until: dt.date) -> dict[dt.date, BitMap]:
    """The sets of each day that has any as one, kept on this host by their digests.

    Raises:
        sets.Gone: a day was built anew meanwhile.
    """
    inside = sets_.filter(day__gte=since, day__lte=until).order_by("day", "pk")
    rows: dict[dt.date, list[bytes]] = defaultdict(list)
    for day, digest in inside.values_list("day", "digest"):
        rows[day].append(bytes(digest))
    names = {day: local.answer_to("day", digests) for day, digests in rows.items()}
    kept = {day: local.read(name) for day, name in names.items()}
    found = {day: bitmaps.load(data) for day, data in kept.items() if data is not None}
    missing = inside.filter(day__in=[day for day, data in kept.items() if data is None])
    if len(found) < len(rows):
        stored = missing.values_list("day", "digest", "members").iterator(chunk_size=100)
        for day, some in itertools.groupby(stored, key=itemgetter(0)):
            digests, members = zip(*((bytes(row[1]), row[2]) for row in some), strict=True)
            if list(digests) != rows[day]:
                raise sets.Gone
            found[day] = bitmaps.union(list(members))
            local.write(names[day], bitmaps.dump(found[day]))
    if found.keys() != rows.keys():
        raise sets.Gone
    return found


def levels(
    events: Iterable[str], since: dt.date, until: dt.date
) -> Iterator[list[dict[int, BitMap]]]:
    """For each day, in order, what each of these events had of it, as sets by level."""
    found = _between(since, until).filter(event_type__name__in=events).order_by("day")
    rows = found.values_list("day", "event_type", "level", "members").iterator(chunk_size=100)
    upcoming = next(rows, None)
    for step in range((until - since).days + 1):
        day = since + dt.timedelta(days=step)
        by_event: dict[int, dict[int, BitMap]] = defaultdict(dict)
        while upcoming and upcoming[0] == day:
            _day, event, level, members = upcoming
            by_event[event][level] = members
            upcoming = next(rows, None)
        yield list(by_event.values())


def active(since: dt.date, until: dt.date) -> BitMap:
    """Who did, on these days, anything that counts as being active."""
    return who(definitions.ACTIVE, since, until)


def daily_active(since: dt.date, until: dt.date) -> dict[dt.date, BitMap]:
    """The active customers of each day, in order; a day with nobody has the empty set."""
    return daily(definitions.ACTIVE, since, until)


def span() -> tuple[dt.date, dt.date] | None:
    """The first and the last day with any event at all; None when there is none."""
    found = DaySet.objects.aggregate(first=Min("day"), last=Max("day"))
    return (found["first"], found["last"]) if found["first"] else None


def first_day() -> dt.date | None:
    """The first day on which somebody was active; None when there is none."""
    return _counting(definitions.ACTIVE).aggregate(found=Min("day"))["found"]


def latest_day() -> dt.date | None:
    """The last day on which somebody was active; None when there is none."""
    return _counting(definitions.ACTIVE).aggregate(found=Max("day"))["found"]


def days_with_deeds(since: dt.date, until: dt.date) -> set[dt.date]:
    """The days on which some customer did something; what is only done to them is no deed."""
    deeds = _between(since, until).exclude(event_type__name__in=definitions.NOT_BEING_ACTIVE)
    return set(deeds.order_by().values_list("day", flat=True).distinct())


def _between(since: dt.date, until: dt.date) -> QuerySet[DaySet]:
    return DaySet.objects.filter(day__gte=since, day__lte=until)


def _counting(key: str) -> QuerySet[DaySet]:
    """The sets of who did, at least once, anything that counts."""
    return DaySet.objects.filter(level=1, **{f"event_type__{definitions.column(key)}": True})


def _union(sets: QuerySet[DaySet]) -> BitMap:
    return bitmaps.union(list(sets.values_list("members", flat=True).iterator()))
