"""Comparisons: freezing the groups, and counting what they came to."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap

from campaigns.models import Audience
from console import audit, clock, jobs
from console.models import Staff
from console.states import NotAllowed
from metrics import arms
from metrics.models import ComparedDay, ComparedGroup, Comparison
from metrics.queries import deeds
from metrics.stats import sequential
from metrics.stats.samples import Mean, Pair
from segments import bitmaps, catalogue, history
from segments.lake.properties import Condition
from segments.models import CustomerList, Segment, Tag

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ACTION = "comparisons.change"
DAY = dt.timedelta(days=1)
MOST_DAYS, MOST_GROUPS = 366, 8
ARM = "arm"  # of a campaign: its control, or who got one of its wordings
SOURCES: dict[str, Any] = {"segment": Segment, "list": CustomerList, "tag": Tag}


@dataclass(frozen=True)
class Given:
    """A group as somebody asks for it."""

    source: str
    name: str = ""
    weight: int = 1


# --- making one -------------------------------------------------------------------


@transaction.atomic
def add(
    name: str,
    groups: Sequence[Given],
    *,
    goal_event: str,
    since: dt.date,
    until: dt.date,
    by: Staff,
    is_random: bool = True,
    where: Sequence[Condition] = (),
) -> Comparison:
    """Freeze the groups as they are now; the first is the control.

    Raises:
        NotAllowed: too few groups, an empty one, or somebody who is in two of them.
    """
    _check(name, groups, goal_event, since, until)
    frozen = [members(one.source) for one in groups]
    _refuse_sets(groups, frozen)
    comparison = Comparison.objects.create(
        name=name.strip(),
        goal_event=goal_event,
        where=[[one.property, one.op, one.value] for one in where],
        since=since,
        until=until,
        is_random=is_random,
        owner=by,
        team=by.team,
    )
    ComparedGroup.objects.bulk_create(
        ComparedGroup(
            comparison=comparison,
            position=place,
            name=one.name.strip() or source_name(one.source),
            source=one.source,
            weight=max(1, one.weight),
            members=who,
            size=len(who),
        )
        for place, (one, who) in enumerate(zip(groups, frozen, strict=True))
    )
    sizes = [len(who) for who in frozen]
    audit.log("comparison.added", comparison, by=by, sizes=sizes, is_random=is_random)
    return comparison


def members(source: str) -> BitMap:
    """Who is in a segment, list, tag, campaign's audience or one of its arms at this moment."""
    kind, _colon, number = source.partition(":")
    if kind == ARM:
        number, _colon, arm = number.partition(":")
        return arms.members(_whole(number)).get(arm, BitMap())
    if kind == "campaign":
        audience = Audience.objects.filter(campaign_id=_whole(number)).first()
        return audience.members if audience else BitMap()
    record = _record(kind, number)
    return record.members if record else BitMap()


def source_name(source: str) -> str:
    kind, _colon, number = source.partition(":")
    if kind == ARM:
        number, _colon, arm = number.partition(":")
        return arms.names([_whole(number)]).get((_whole(number), arm), source)
    if kind == "campaign":
        audience = Audience.objects.select_related("campaign").filter(campaign_id=_whole(number))
        found: Any = audience.first()
        return str(found.campaign) if found else source
    return str(_record(kind, number) or source)


def _record(kind: str, number: str) -> Any:
    model = SOURCES.get(kind)
    return model.objects.filter(pk=_whole(number)).first() if model else None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _check(
    name: str, groups: Sequence[Given], goal_event: str, since: dt.date, until: dt.date
) -> None:
    if not name.strip():
        raise NotAllowed(_("Give it a name."))
    if not goal_event.strip():
        raise NotAllowed(_("Say which event counts."))
    if not 2 <= len(groups) <= MOST_GROUPS:
        raise NotAllowed(_("A comparison has a control and one to seven variants."))
    if not clock.is_near(since, until) or not 0 <= (until - since).days < MOST_DAYS:
        raise NotAllowed(_("The window has 1 to 366 days, the first before the last."))


def _refuse_sets(groups: Sequence[Given], frozen: Sequence[BitMap]) -> None:
    seen = BitMap()
    for one, who in zip(groups, frozen, strict=True):
        if not who:
            raise NotAllowed(_("“%(name)s” has no customers.") % {"name": source_name(one.source)})
        twice = seen.intersection_cardinality(who)
        if twice:
            raise NotAllowed(_("%(n)d customers are in two groups; nobody can be.") % {"n": twice})
        seen |= who


# --- counting ---------------------------------------------------------------------


def unfinished(*, yesterday: dt.date) -> list[Comparison]:
    """Those with a closed day that is not counted yet."""
    return [
        one
        for one in Comparison.objects.filter(since__lte=yesterday)
        if one.counted_through is None or one.counted_through < min(one.until, yesterday)
    ]


def count(
    comparison: Comparison, *, yesterday: dt.date, progress: jobs.Progress = jobs.silent
) -> int:
    """Count all closed days of the window anew, late events too; how many days they were."""
    until = min(comparison.until, yesterday)
    if until < comparison.since:
        return 0
    groups = list(comparison.groups.all())
    before = comparison.since - DAY * comparison.days
    everybody = bitmaps.union([group.members for group in groups])
    found = deeds.by_customer_and_day(
        catalogue.canonical(comparison.goal_event),
        everybody,
        since=before,
        until=until,
        where=[Condition(*one) for one in comparison.where],
    )
    progress(1, 2)
    known_as = history.moved().lookup()
    rows = [
        ComparedDay(group=group, day=comparison.since + DAY * n, sums=sums)
        for group in groups
        for n, sums in enumerate(_days(group, found, known_as, comparison.days, until - before))
    ]
    _keep(comparison, groups, rows, until)
    progress(2, 2)
    return (until - comparison.since).days + 1


@transaction.atomic
def _keep(
    comparison: Comparison, groups: list[ComparedGroup], rows: list[ComparedDay], until: dt.date
) -> None:
    ComparedDay.objects.filter(group__in=groups).delete()
    ComparedDay.objects.bulk_create(rows, batch_size=1_000)
    comparison.counted_through, comparison.counted_at = until, timezone.now()
    if not comparison.plan:
        last = [row.sums for row in rows if row.day == until]
        comparison.plan = plan(last, done=(until - comparison.since).days + 1, of=comparison.days)
    comparison.save(update_fields=["counted_through", "counted_at", "plan"])
    audit.log("comparison.counted", comparison, through=until)


def _days(
    group: ComparedGroup,
    found: "dict[str, Array]",
    known_as: "Array",
    past: int,
    span: dt.timedelta,
) -> Iterator[dict[str, Any]]:
    """The group's sums through each day of the window.

    Squares are added up in whole numbers of any size; only who moved on a day is touched.
    """
    import numpy as np  # heavy: not in the web process

    ids = np.unique(_moved(bitmaps.to_array(group.members), known_as))
    place = np.searchsorted(ids, found["customer"])
    place[place == len(ids)] = 0
    mine = ids[place] == found["customer"] if len(ids) else np.zeros(len(place), bool)
    place, day = place[mine], found["day"][mine]
    times, amount = found["times"][mine], found["amount"][mine]
    is_past = day < past
    x = _added(len(ids), place[is_past], amount[is_past])
    done_before = len(np.unique(place[is_past]))
    y, events = np.zeros(len(ids), object), np.zeros(len(ids), object)
    sums = {"yy": 0, "xy": 0, "ee": 0, "ey": 0, "y": 0, "e": 0}
    past_sums = {"x": int(x.sum()), "xx": int((x * x).sum())}
    for number in range(past, span.days + 1):
        today = day == number
        who = place[today]
        _move(sums, who, y, events, x, amount[today], times[today])
        yield {
            "n": len(ids),
            "done": int(np.count_nonzero(events)),
            "done_before": done_before,
            **past_sums,
            **sums,
        }


def _added(length: int, place: "Array", amount: "Array") -> "Array":
    import numpy as np  # heavy: not in the web process

    total = np.zeros(length, object)
    np.add.at(total, place, amount.astype(object))
    return total


def _move(
    sums: dict[str, int],
    who: "Array",
    y: "Array",
    events: "Array",
    x: "Array",
    amount: "Array",
    times: "Array",
) -> None:
    """One day on: each customer has at most one row a day."""
    more, often = amount.astype(object), times.astype(object)
    was, had = y[who], events[who]
    now, has = was + more, had + often
    for name, change in {
        "y": more,
        "e": often,
        "yy": now * now - was * was,
        "xy": x[who] * more,
        "ee": has * has - had * had,
        "ey": has * now - had * was,
    }.items():
        sums[name] += int(change.sum()) if len(change) else 0
    y[who], events[who] = now, has


def _moved(ids: "Array", known_as: "Array") -> "Array":
    """Who was merged counts as who they are now."""
    ids = ids.astype("int64")
    inside = ids < len(known_as)
    ids[inside] = known_as[ids[inside]]
    return ids


# --- reading sums -------------------------------------------------------------------


def revenue_with_past(sums: dict[str, Any]) -> Pair:
    return Pair(sums["n"], sums["y"], sums["yy"], sums["x"], sums["xx"], sums["xy"])


def revenue_with_events(sums: dict[str, Any]) -> Pair:
    return Pair(sums["n"], sums["y"], sums["yy"], sums["e"], sums["ee"], sums["ey"])


def plan(groups: Sequence[dict[str, Any]], *, done: int, of: int) -> dict[str, float]:
    """The information that the end should bring: as much as as many days before brought.

    Without a past, what is there so far is drawn out to the end. Empty while nothing is.
    """
    if not (n := sum(one["n"] for one in groups)):  # all of them were erased
        return {}
    before, so_far = (sum(one[name] for one in groups) for name in ("done_before", "done"))
    share = before / n if before else min(0.99, so_far / n * of / done)
    past = pooled([Mean(one["n"], one["x"], one["xx"]) for one in groups])
    now = pooled([Mean(one["n"], one["y"], one["yy"]) for one in groups])
    variance = past or now * of / done
    if not share:
        return {}
    return {"odds": sequential.odds(min(share, 0.99)), "variance": variance}


def pooled(samples: Sequence[Mean]) -> float:
    """Inside the groups, pooled."""
    inside = sum((one.variance or 0.0) * (one.n - 1) for one in samples)
    freedom = sum(one.n - 1 for one in samples)
    return inside / freedom if freedom > 0 else 0.0
