"""Campaigns in four ways, and what their customers are worth, against the control.

Conversion, whether they are still active in the week after, whether they recommend, and what they
answer when asked whether they would; beside that the value that is predicted of them, so that a
quick return which costs later customers is seen. By intention, from the first coming in on.
"""

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q, QuerySet
from pyroaring import BitMap

from campaigns.models import Audience, Campaign, Evaluation, Turn
from console import clock
from metrics import history, lifetime_value
from metrics.queries import conversions
from metrics.queries.conversions import Windows
from metrics.shipped import says
from metrics.stats import differences
from metrics.stats.differences import Difference
from metrics.stats.samples import Mean, Proportion
from segments import activity, arrays, bitmaps, catalogue, foretold, traits
from segments.lake.properties import Condition

DAY = dt.timedelta(days=1)
STAYS = 7  # days after the window, on one of which they are active again
SPEAKS = 30  # days from coming in, in which they recommend or answer
SETTLED = dt.timedelta(days=90 + STAYS + SPEAKS)  # after the end nothing changes any more
SECONDS_A_RUN = 120.0
PROMOTES, DETRACTS = Condition("score", ">=", 9), Condition("score", "<=", 6)
Day = Mapping[dt.date, BitMap]


@dataclass(frozen=True)
class Side:
    """Those who were to get it, or the control, by the day of their first coming in."""

    days: dict[dt.date, BitMap] = field(default_factory=dict)
    moments: list[tuple[BitMap, dt.datetime]] = field(default_factory=list)

    @property
    def everybody(self) -> BitMap:
        return bitmaps.union(list(self.days.values()))

    def windows(self, length: dt.timedelta) -> Windows:
        customers = [one for members, _at in self.moments for one in members]
        since = [at for members, at in self.moments for _one in members]
        return Windows(customers, since, [at + length for at in since])


def run(*, today: dt.date) -> int:
    """Evaluate what began and is not settled yet; how many campaigns that were."""
    began, done = time.monotonic(), 0
    last = today - DAY
    for campaign in unsettled(last):
        if time.monotonic() - began > SECONDS_A_RUN:
            break
        compute(campaign, last=last)
        done += 1
    return done


def unsettled(last: dt.date) -> QuerySet[Campaign]:
    """What nobody evaluated up to the day after which nothing changes any more."""
    ended = F("finished_at") + SETTLED
    is_behind = Q(evaluation__isnull=True) | Q(evaluation__as_of__lt=last)
    is_open = Q(finished_at=None) | Q(evaluation__isnull=True) | Q(evaluation__as_of__lte=ended)
    begun = Campaign.objects.filter(is_behind, is_open, started_at__isnull=False)
    oldest = F("evaluation__as_of").asc(nulls_first=True)
    return begun.select_related("play", "segment").order_by(oldest, "-pk")


def compute(campaign: Campaign, *, last: dt.date) -> Evaluation:
    """Count anew everything that is known up to the end of a day."""
    treated, control = sides(campaign)
    found, _is_new = Evaluation.objects.update_or_create(
        campaign=campaign,
        defaults={
            "dimensions": {
                "conversion": _compared(
                    _converted(campaign, treated), _converted(campaign, control)
                ),
                "retention": _compared(
                    _stayed(campaign, treated, last), _stayed(campaign, control, last)
                ),
                "referral": _compared(_recommended(treated, last), _recommended(control, last)),
                "nps": _answered(treated, control),
            },
            "ahead": _ahead(treated, control, last),
            "as_of": last,
        },
    )
    return found


# --- who ---------------------------------------------------------------------------


def sides(campaign: Campaign) -> tuple[Side, Side]:
    """Those who were to get it and the control, each counted from the first coming in."""
    treated, control, seen, zone = Side(), Side(), BitMap(), clock.zone()
    for at, members, others in _comings(campaign):
        for side, those in ((treated, members), (control, others)):
            fresh = those - seen
            if fresh:
                day = at.astimezone(zone).date()
                side.days[day] = side.days.get(day, BitMap()) | fresh
                side.moments.append((fresh, at))
        seen |= members | others
    return treated, control


def _comings(campaign: Campaign) -> Iterator[tuple[dt.datetime, BitMap, BitMap]]:
    if campaign.kind == Campaign.Kind.RECORDED:
        audience = Audience.objects.filter(campaign=campaign).first()
        if audience is not None and campaign.started_at is not None:
            yield campaign.started_at, audience.members, BitMap()
        return
    if getattr(campaign, "play", None) is not None:
        turns = Turn.objects.filter(play=campaign.play).order_by("at", "pk")
        yield from turns.values_list("at", "members", "control").iterator(chunk_size=100)
        return
    rows = campaign.intakes.order_by("number").values_list("at", "members", "control")
    for at, members, control in rows.iterator(chunk_size=100):
        yield at, members - control, members & control


# --- four ways -----------------------------------------------------------------------


def _converted(campaign: Campaign, side: Side) -> Proportion:
    window = dt.timedelta(days=campaign.conversion_days)
    event = catalogue.canonical(campaign.conversion_event)
    done = conversions.count(event, side.windows(window)).customers
    return Proportion(len(side.everybody), done)


def _stayed(campaign: Campaign, side: Side, last: dt.date) -> Proportion:
    """Of those whose week after the window is over, who was active in it."""
    shift = DAY * (campaign.conversion_days + 1)
    over = {day: who for day, who in side.days.items() if day + shift + DAY * STAYS <= last + DAY}
    if not over:
        return Proportion(0, 0)
    active = activity.daily_active(min(over) + shift, max(over) + shift + DAY * (STAYS - 1))
    stayed = [who & _union(active, day + shift, STAYS) for day, who in over.items()]
    return Proportion(sum(map(len, over.values())), sum(map(len, stayed)))


def _recommended(side: Side, last: dt.date) -> Proportion:
    """Who invited somebody within the days that count, as far as they are over."""
    if not side.days:
        return Proportion(0, 0)
    first = min(side.days)
    until = max(first, min(last, max(side.days) + DAY * (SPEAKS - 1)))
    did = dict(
        zip(
            history.each_day(first, until),
            (_any(one) for one in activity.levels(says.INVITING, first, until)),
            strict=True,
        )
    )
    invited = [who & _union(did, day, SPEAKS) for day, who in side.days.items()]
    return Proportion(len(side.everybody), sum(map(len, invited)))


def _any(levels: Sequence[Mapping[int, BitMap]]) -> BitMap:
    return bitmaps.union([one[1] for one in levels if 1 in one])


def _union(days: Day, first: dt.date, length: int) -> BitMap:
    return bitmaps.union([days.get(first + DAY * number, BitMap()) for number in range(length)])


def _answered(treated: Side, control: Side) -> dict[str, Any] | None:
    """The net promoter score of both; None where nobody answered."""
    both = [_votes(one) for one in (treated, control)]
    if not both[0].n:
        return None
    found = differences.means(both[1], both[0])
    return {
        "treated": [both[0].n, both[0].mean],
        "control": [both[1].n, both[1].mean] if both[1].n else None,
    } | _difference(found)


def _votes(side: Side) -> Mean:
    """Each who answered as 1, 0 or -1: their mean is the score."""
    inside = side.windows(DAY * SPEAKS)
    answers = conversions.count(says.ANSWERING, inside).customers
    if not answers:
        return Mean(0, 0, 0)
    promote = conversions.count(says.ANSWERING, inside, where=[PROMOTES]).customers
    detract = conversions.count(says.ANSWERING, inside, where=[DETRACTS]).customers
    return Mean(answers, promote - detract, promote + detract)


def _compared(treated: Proportion, control: Proportion) -> dict[str, Any] | None:
    """Both sides and the difference; None where nobody can tell yet."""
    if not treated.n:
        return None
    return {
        "treated": [treated.n, treated.mean],
        "control": [control.n, control.mean] if control.n else None,
    } | _difference(differences.proportions(control, treated))


def _difference(found: Difference) -> dict[str, Any]:
    bounds = found.interval
    return {
        "effect": found.effect,
        "low": bounds.low if bounds else None,
        "high": bounds.high if bounds else None,
    }


# --- what they are worth -------------------------------------------------------------


def _ahead(treated: Side, control: Side, last: dt.date) -> dict[str, Any] | None:
    """The predicted value of a customer; who never ordered counts as nothing."""
    if not len(values := traits.values(foretold.VALUE, last)):
        return None
    both = [_worth(one.everybody, values) for one in (treated, control)]
    if not both[0].n:
        return None
    return {
        "treated": [both[0].n, both[0].mean],
        "control": [both[1].n, both[1].mean] if both[1].n else None,
        "months": lifetime_value.recipe().months,
    } | _difference(differences.means(both[1], both[0]))


def _worth(who: BitMap, values: "arrays.Array") -> Mean:
    import numpy as np  # heavy: not in the web process

    numbers = np.asarray(who.to_array(), np.int64)
    mine = values[numbers[numbers < len(values)]]
    mine = mine[arrays.known(mine)].astype(np.float64)
    return Mean(len(who), int(mine.sum()), int(np.square(mine).sum()))
