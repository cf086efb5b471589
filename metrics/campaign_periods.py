"""Weeks and months of campaigns that last: what those who came in cost, and what they brought.

By intention: everybody who came in during a period counts, once in it, from their first coming in
until the days of conversion after their last. Revenue is what the business calls paid, whatever
the campaign aims at. A period closes when its last customer's window and the days for late data
are over; what late data changes is told by another row, and both stay.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from pyroaring import BitMap

from campaigns import plays
from campaigns.models import Campaign, CampaignPeriod, Message, Redemption, Stop, Turn
from campaigns.stoploss import judging, stops
from console import audit, clock
from metrics import effects, periods
from metrics.queries import conversions
from metrics.queries.conversions import Windows
from metrics.stats import differences
from metrics.stats.samples import Mean
from segments import catalogue, definitions, history
from segments.lake import store

DAY = dt.timedelta(days=1)
# What comes later than that is not looked for: refunds and returns of a quarter are in.
LOOKS_BACK = dt.timedelta(days=125)


@dataclass
class Entered:
    """Who came in during a period, with their windows, and the numbers of their intakes."""

    begins_on: dt.date
    ends_on: dt.date
    treated: dict[int, list[dt.datetime]] = field(default_factory=dict)  # first and last
    control: dict[int, list[dt.datetime]] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)

    def add(self, members: Iterable[int], control: Iterable[int], at: dt.datetime) -> None:
        for side, those in ((self.treated, members), (self.control, control)):
            for customer in those:
                side.setdefault(customer, [at, at])[1] = at


@dataclass(frozen=True)
class Side:
    """How many came in, how many did what it aims at, and what they paid."""

    paid: Mean
    converted: int


# --- closing -----------------------------------------------------------------------


def close_all(*, today: dt.date) -> list[Stop]:
    """Close what can be of every campaign that lasts, and stop what did not keep its promise."""
    found = []
    for campaign in lasting():
        if close(campaign, today=today) or campaign.status == Campaign.Status.SENDING:
            stop = stops.judge(campaign, on=today)
            found += [stop] if stop else []
    return found


def lasting() -> Iterable[Campaign]:
    """Those that customers come into again and again, and that have begun."""
    ours = Campaign.objects.filter(kind=Campaign.Kind.OURS, started_at__isnull=False)
    return ours.exclude(entry=Campaign.Entry.ONCE).select_related("play__playbook").order_by("pk")


@transaction.atomic
def close(campaign: Campaign, *, today: dt.date) -> list[CampaignPeriod]:
    """Close its periods that are over, and tell anew what late data changed; the added rows.

    Whoever closes them at the same time waits, and then finds it done.
    """
    Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    known = {one.begins_on: one for one in _newest(campaign)}
    added = []
    for entered in _entered(campaign, since=today - LOOKS_BACK):
        if not _is_closed(campaign, entered, today=today):
            continue
        was, data = known.get(entered.begins_on), _data(campaign, entered)
        if was is not None and was.definition.get("data") == data:
            continue
        now = _told(campaign, entered, data, was, today=today)
        if was is None or _values(was) != _values(now):
            now.save(force_insert=True)
            added.append(now)
    if added:
        audit.log("campaign.periods_closed", campaign, periods=[str(p.begins_on) for p in added])
    return added


def _newest(campaign: Campaign) -> Iterable[CampaignPeriod]:
    rows = CampaignPeriod.objects.filter(campaign=campaign, grain=campaign.roi_period)
    return rows.order_by("begins_on", "-revision").distinct("begins_on")


def _is_closed(campaign: Campaign, entered: Entered, *, today: dt.date) -> bool:
    waits = campaign.conversion_days + periods.late_days()
    return entered.ends_on + DAY * waits < today


def _values(period: CampaignPeriod) -> tuple[Any, ...]:
    counted = {name: one for name, one in period.definition.items() if name != "data"}
    return (
        period.treated,
        period.treated_converted,
        period.treated_revenue_minor,
        period.control,
        period.control_converted,
        period.control_revenue_minor,
        period.cost_minor,
        counted,
    )


# --- who came in --------------------------------------------------------------------


def _entered(campaign: Campaign, *, since: dt.date) -> Iterator[Entered]:
    """Everybody who came in, by period, the oldest first; whole periods only."""
    first, zone = periods.begin(since, campaign.roi_period), clock.zone()
    begin = dt.datetime.combine(first, dt.time(), zone)
    now: Entered | None = None
    for at, members, control, number in _comings(campaign, begin):
        begins_on = periods.begin(at.astimezone(zone).date(), campaign.roi_period)
        if now is None or now.begins_on != begins_on:
            if now is not None:
                yield now
            now = Entered(begins_on, periods.following(begins_on, campaign.roi_period) - DAY)
        now.add(members, control, at)
        now.numbers += [] if number is None else [number]
    if now is not None:
        yield now


def _comings(
    campaign: Campaign, begin: dt.datetime
) -> Iterator[tuple[dt.datetime, BitMap, BitMap, int | None]]:
    """When, who was to get it, the control, and the intake's number, in the order of time.

    The control of a play's campaign is its playbook's, which the turns keep.
    """
    intakes = campaign.intakes.filter(at__gte=begin).order_by("at", "number")
    play = getattr(campaign, "play", None)
    if play is None:
        rows = intakes.values_list("at", "members", "control", "number")
        for at, members, control, number in rows.iterator(chunk_size=100):
            yield at, members - control, members & control, number
        return
    numbers = dict(intakes.values_list("key", "number"))
    turns = Turn.objects.filter(play=play, at__gte=begin).order_by("at", "pk")
    kept = turns.values_list("pk", "at", "members", "control")
    for turn, at, members, control in kept.iterator(chunk_size=100):
        yield at, members, control, numbers.get(plays.key(turn))


# --- what it came to ----------------------------------------------------------------


def _told(
    campaign: Campaign, entered: Entered, data: str, was: CampaignPeriod | None, *, today: dt.date
) -> CampaignPeriod:
    treated, control = _side(campaign, entered.treated), _side(campaign, entered.control)
    cost = cost_of(campaign, entered)
    caused = _caused(treated.paid, control.paid)
    found = CampaignPeriod(
        campaign=campaign,
        grain=campaign.roi_period,
        begins_on=entered.begins_on,
        revision=was.revision + 1 if was else 1,
        treated=treated.paid.n,
        treated_converted=treated.converted,
        treated_revenue_minor=treated.paid.total,
        control=control.paid.n,
        control_converted=control.converted,
        control_revenue_minor=control.paid.total,
        cost_minor=cost,
        caused_minor=caused[0],
        caused_low_minor=caused[1],
        caused_high_minor=caused[2],
        expected_roi=campaign.expected_roi,
        definition=_definition(campaign) | {"data": data},
        closed_on=today,
    )
    found.is_below = judging.is_below(found.roi, found.expected_roi)
    return found


def _definition(campaign: Campaign) -> dict[str, Any]:
    """How it is counted, so that a change of what counts is told as one."""
    return {
        "aims_at": catalogue.canonical(campaign.conversion_event),
        "days": campaign.conversion_days,
        "paid": definitions.current(definitions.PAID).version,
        "control": "own" if campaign.control_share else "playbook",
    }


def _side(campaign: Campaign, windows: dict[int, list[dt.datetime]]) -> Side:
    counted_for = dt.timedelta(days=campaign.conversion_days)
    inside = Windows(
        list(windows),
        [first for first, _last in windows.values()],
        [last + counted_for for _first, last in windows.values()],
    )
    paid = conversions.each(definitions.events(definitions.PAID), inside).values()
    aim = catalogue.canonical(campaign.conversion_event)
    return Side(
        Mean(len(windows), sum(paid), sum(amount * amount for amount in paid)),
        conversions.count(aim, inside).customers,
    )


def _caused(treated: Mean, control: Mean) -> tuple[int | None, int | None, int | None]:
    """What the treated paid beyond what the control makes one expect, and its 95 % bounds."""
    found = differences.means(control, treated)
    if found.effect is None:
        return None, None, None
    bounds = found.interval
    return (
        round(found.effect * treated.n),
        round(bounds.low * treated.n) if bounds else None,
        round(bounds.high * treated.n) if bounds else None,
    )


def cost_of(campaign: Campaign, entered: Entered) -> int:
    """What the messages to those who came in and their redeemed coupons cost so far, and the
    work for people that was paid in the period."""
    sent = Message.objects.filter(
        campaign=campaign, status=Message.Status.SENT, occurrence__in=entered.numbers
    )
    zone = clock.zone()
    since = dt.datetime.combine(entered.begins_on, dt.time(), zone)
    until = dt.datetime.combine(entered.ends_on + DAY, dt.time(), zone)
    theirs = Q(coupon__message__occurrence__in=entered.numbers)
    theirs |= Q(coupon__message=None, coupon__issued_at__gte=since, coupon__issued_at__lt=until)
    redeemed = Redemption.objects.filter(theirs, coupon__campaign=campaign, reversed_at=None)
    work = effects.cost_of_work(campaign, since=entered.begins_on, until=entered.ends_on)
    parts = (rows.aggregate(total=Sum("cost_minor"))["total"] or 0 for rows in (sent, redeemed))
    return work + sum(parts)


def _data(campaign: Campaign, entered: Entered) -> str:
    """Changes whenever what it came to may: the lake's files of its days, and the cost."""
    until = entered.ends_on + DAY * (campaign.conversion_days + 1)
    parts = store.files(history.place(), entered.begins_on - DAY, until)
    parts = [*parts, str(cost_of(campaign, entered)), str(_definition(campaign))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
