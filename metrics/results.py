"""What came of a campaign, written down into the campaign's result, beside what was expected.

Without a control group it is what happened, and not what the campaign caused.
"""

import datetime as dt
import hashlib
import math
import time
from collections import defaultdict
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, QuerySet

from campaigns import planning
from campaigns.models import Audience, Campaign, CampaignResult, Coupon, Message
from campaigns.outcomes import forecasts
from console import clock
from metrics import activations, contributions, converted, effects
from metrics import history as own
from metrics.models import ResultBasis
from metrics.queries import conversions
from metrics.queries.conversions import Conversions, Firsts, Windows
from segments import bitmaps, catalogue, history, merging
from segments.lake import store
from segments.lake.properties import Condition

DAY = dt.timedelta(days=1)
REDEEMED = "coupon_redeemed"
ENDED = {Campaign.Status.SENT, Campaign.Status.CANCELLED}
# Events of a window's last moments may still be on their way into the lake.
SETTLING = dt.timedelta(hours=1)
# Then who stayed is known: the last day on which one may come back is over.
FOLLOWED = (activations.STAYS + 1) * DAY
# Another one when it is counted otherwise: what is open is then counted again.
COUNTED = "5: an order once, whatever messages it followed; conversions are told, also by day"
# What is left goes first the next time.
SECONDS_A_RUN = 30.0


@transaction.atomic
def compute(campaign: Campaign, *, at: dt.datetime) -> CampaignResult:
    """Count again everything that is known of the campaign at this moment."""
    if campaign.kind == Campaign.Kind.RECORDED:
        values = _recorded(campaign)
    else:
        sent = _windows_of_messages(campaign)
        first = _first_deeds(campaign, sent)
        values = {**_mailed(campaign, sent), "days": first.by_day(clock.zone())}
        converted.tell(campaign, sent, first)
    closes = window(campaign)[1]
    result, _ = CampaignResult.objects.update_or_create(
        campaign=campaign,
        defaults={
            "is_final": _is_over(closes, at=at),
            "is_followed": _is_over(closes and closes + FOLLOWED, at=at),
            "computed_at": at,
            **values,
        },
    )
    result.forecast = forecasts.settle(campaign, result)
    result.save(update_fields=["forecast"])
    return result


def compute_open(*, at: dt.datetime) -> int:
    """Compute every started campaign whose window is not over; how many there were."""
    campaigns = open_campaigns()
    for campaign in campaigns:
        _compute_and_note(campaign, at=at)
    return len(campaigns)


def refresh(*, at: dt.datetime) -> int:
    """Compute the open campaigns whose data changed since, the longest waiting first."""
    began, computed = time.monotonic(), 0
    for campaign in open_campaigns().select_related("result_basis"):
        if time.monotonic() - began > SECONDS_A_RUN:
            break
        basis = getattr(campaign, "result_basis", None)
        if basis is None or basis.fingerprint != fingerprint(campaign, at=at):
            _compute_and_note(campaign, at=at)
            computed += 1
    return computed


def open_campaigns() -> QuerySet[Campaign]:
    """Those that have started and whose result may still change."""
    still_open = Q(result__isnull=True) | Q(result__is_followed=False)
    return Campaign.objects.filter(still_open, started_at__isnull=False).order_by(
        F("result__computed_at").asc(nulls_first=True), "pk"
    )


def fingerprint(campaign: Campaign, *, at: dt.datetime) -> str:
    """Changes whenever the result may: each deed of a message is an event of the lake too."""
    opens, closes = window(campaign)
    parts = [COUNTED, campaign.status, str(opens), str(closes), str(_is_over(closes, at=at))]
    if closes is not None:
        parts.append(str(_is_over(closes + FOLLOWED, at=at)))
    if opens is not None:
        # A day to both sides, because the lake's days have their own zone.
        until = min(closes + FOLLOWED, at) if closes else at
        parts += store.files(history.place(), opens.date() - DAY, until.date() + DAY)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def window(campaign: Campaign) -> tuple[dt.datetime | None, dt.datetime | None]:
    """From the first moment that counts to the last; None where it is not known yet."""
    if campaign.kind == Campaign.Kind.RECORDED:
        return campaign.started_at, campaign.finished_at
    sent = _sent(campaign).aggregate(first=Min("sent_at"), last=Max("sent_at"))
    if campaign.status not in ENDED:
        return sent["first"], None  # more may be sent
    if sent["first"] is None:
        return campaign.started_at, campaign.finished_at or campaign.started_at
    return sent["first"], sent["last"] + dt.timedelta(days=campaign.conversion_days)


def _is_over(closes: dt.datetime | None, *, at: dt.datetime) -> bool:
    return closes is not None and at >= closes + SETTLING


# --- a campaign sent from here ----------------------------------------------


def _mailed(campaign: Campaign, sent: Windows) -> dict[str, Any]:
    # Customers and not messages: of a plan they may get several.
    counted = Message.objects.filter(campaign=campaign).aggregate(
        sent=_customers(status=Message.Status.SENT),
        opened=_customers(opened_at__isnull=False),
        clicked=_customers(clicked_at__isnull=False),
        unsubscribed=_customers(unsubscribed_at__isnull=False),
    )
    done = _bought(campaign, sent)
    return {
        **counted,
        "reached": counted["sent"],
        "purchased": done.customers,
        "revenue_minor": done.amount,
        "orders": done.orders,
        "redeemed": _used_coupons(campaign),
        "window_days": campaign.conversion_days,
        "cost_minor": effects.cost(campaign),
        **_by_chance(campaign),
        **_activity(campaign, sent),
    }


def _by_chance(campaign: Campaign) -> dict[str, Any]:
    """What groups that chance told apart say; empty where it told none apart."""
    if not campaign.control_share and not planning.of(campaign).has_split():
        return {}
    came = effects.entries(campaign)
    done = effects.done(campaign, came)
    return effects.of(campaign, came, done) | {"parts": contributions.of(campaign, came, done)}


def _activity(campaign: Campaign, inside: Windows) -> dict[str, Any]:
    """Whom it woke, and who stayed."""
    zone = clock.zone()
    rows = zip(inside.customers, inside.since, strict=True)
    days = defaultdict[dt.date, list[int]](list)
    for customer, at in rows:
        days[at.astimezone(zone).date()].append(customer)
    reached = activations.by_day((day, bitmaps.from_ids(ids)) for day, ids in days.items())
    came = effects.entries(campaign) if campaign.control_share else []
    return activations.of(
        reached, came, counted=campaign.conversion_days, last=own.last_closed_day()
    )


def _customers(**those: Any) -> Count:
    return Count("customer", filter=Q(**those), distinct=True)


def _used_coupons(campaign: Campaign) -> int | None:
    """Customers who used one of its coupons; unknown, not nothing, where it gave none."""
    given = Coupon.objects.filter(campaign=campaign)
    used = given.filter(status=Coupon.Status.REDEEMED)
    return used.values("customer").distinct().count() if given.exists() else None


def _sent(campaign: Campaign) -> QuerySet[Message]:
    return Message.objects.filter(campaign=campaign, status=Message.Status.SENT)


def _windows_of_messages(campaign: Campaign) -> Windows:
    """Each customer counts from their own messages on; days of several of them count once.

    Whoever was merged since counts under the number of today, as in the lake.
    """
    sent = _sent(campaign).annotate(who=merging.number_of_today("customer"))
    rows = sent.order_by("who", "sent_at").values_list("who", "sent_at")
    counted_for = dt.timedelta(days=campaign.conversion_days)
    windows: list[tuple[int, dt.datetime, dt.datetime]] = []
    for customer, at in rows.iterator(chunk_size=10_000):
        if at is None:
            continue
        since = at
        if windows and windows[-1][0] == customer and at <= windows[-1][2]:
            since = windows.pop()[1]
        windows.append((customer, since, at + counted_for))
    return Windows(
        [customer for customer, _, _ in windows],
        [since for _, since, _ in windows],
        [until for _, _, until in windows],
    )


# --- a campaign that ran elsewhere ------------------------------------------


def _recorded(campaign: Campaign) -> dict[str, Any]:
    audience = Audience.objects.filter(campaign=campaign).first()
    opens, closes = campaign.started_at, campaign.finished_at
    if audience is None or opens is None or closes is None:
        return {"reached": audience.size if audience else 0, "window_days": 0}
    members = list(audience.members)
    inside = Windows(members, [opens] * len(members), [closes] * len(members))
    done = _bought(campaign, inside)
    days = math.ceil((closes - opens) / DAY)
    woken = activations.of(
        activations.by_day([(clock.day_of(opens), audience.members)]),
        [],
        counted=max(0, days - 1),
        last=own.last_closed_day(),
    )
    return {
        "reached": audience.size,
        "purchased": done.customers,
        "revenue_minor": done.amount,
        "orders": done.orders,
        "redeemed": _redeemed(campaign, inside),
        "days": _first_deeds(campaign, inside).by_day(clock.zone()),
        "window_days": days,
        **woken,
    }


def _redeemed(campaign: Campaign, inside: Windows) -> int | None:
    """Unknown, not nothing, where the campaign has no number elsewhere."""
    if not campaign.external_ref:
        return None
    where = [Condition("campaign", "=", campaign.external_ref)]
    return conversions.count(REDEEMED, inside, where=where).customers


def _bought(campaign: Campaign, inside: Windows) -> Conversions:
    return conversions.count(catalogue.canonical(campaign.conversion_event), inside)


def _first_deeds(campaign: Campaign, inside: Windows) -> Firsts:
    return conversions.firsts(catalogue.canonical(campaign.conversion_event), inside)


def _compute_and_note(campaign: Campaign, *, at: dt.datetime) -> None:
    """The fingerprint is taken first: what comes in meanwhile is counted the next time."""
    seen = fingerprint(campaign, at=at)
    with transaction.atomic():
        compute(campaign, at=at)
        ResultBasis.objects.update_or_create(campaign=campaign, defaults={"fingerprint": seen})
