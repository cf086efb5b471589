"""Evidence: what past campaigns like a new one brought, found and kept when it is asked for."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import QuerySet
from pyroaring import BitMap

from campaigns import layers, planning
from campaigns.models import Audience, Campaign, CampaignResult, CouponBatch, Evidence, Intake
from campaigns.plans.nodes import Plan
from campaigns.precedents import forecast, likeness, outlook, skill
from campaigns.precedents.likeness import Layers, Likeness, Offer, Shape
from campaigns.precedents.outlook import Outlook, Precedent
from console import kept_words
from console.models import Team
from segments import bitmaps, catalogue

LOOKED_AT = 300  # past campaigns, the newest first
AT_A_TIME = 20  # audiences in memory
SHOWN = 10  # the most alike
NOTHING_GIVEN = {"", Campaign.Offer.CONTENT}


@dataclass(frozen=True)
class Witness:
    """A past campaign with its result, and how alike it is.

    Customers spend day by day, so its revenue speaks for as many days as the new one counts.
    """

    campaign: Campaign
    result: CampaignResult
    likeness: Likeness
    people: float  # share of the new one's customers whom it was for
    days_ago: int
    days: int  # that count of the new one

    @property
    def precedent(self) -> Precedent:
        result = self.result
        return Precedent(
            size=result.base,
            weight=self.likeness.score * likeness.faded(self.days_ago),
            purchased=result.purchased,
            revenue=round(result.revenue_minor * self.days / max(result.window_days, 1)),
            redeemed=result.redeemed,
            lift=result.lift,
            asleep=result.asleep,
            activated=result.activated or 0,
            followed=result.followed,
            stayed=result.stayed or 0,
        )

    def as_json(self) -> dict[str, Any]:
        """As it is kept, with how alike it is."""
        return brought(self.campaign, self.result) | {
            "alike": list(self.likeness.alike),
            "score": round(self.likeness.score, 3),
            "people": round(self.people, 3),
        }


def brought(campaign: Campaign, result: CampaignResult) -> dict[str, Any]:
    """What one brought, as it is kept; money in minor units, None for what is not known."""
    size, cost = result.base, result.cost_minor
    is_ours = campaign.kind == Campaign.Kind.OURS  # of another nobody told us who clicked
    return {
        "campaign": campaign.pk,
        "name": kept_words.as_kept(campaign.name),
        "ended_on": campaign.finished_at and campaign.finished_at.date().isoformat(),
        "days": result.window_days,
        "size": size,
        "purchased": result.purchased,
        "share": result.purchased / size if size else None,
        "clicked": result.clicked if is_ours else None,
        "unsubscribed": result.unsubscribed if is_ours else None,
        "redeemed": result.redeemed,
        "revenue_minor": result.revenue_minor,
        "orders": result.orders,
        "cost_minor": cost,
        "cost_per_purchase_minor": _each(cost, result.purchased),
        "asleep": result.asleep,
        "activated": result.activated,
        "activated_share": result.activated_share,
        "activated_anyway": result.activated_anyway,
        "cost_per_activation_minor": result.cost_per_activation_minor,
        "stayed_share": result.stayed_share,
        "stayed_points": result.stayed_points,
        "roi": result.roi,
        "control": result.control,
        "lift": result.lift,
        "lift_low": result.lift_low,
        "lift_high": result.lift_high,
        "is_final": result.is_final,
        "expected_share": _foreseen(result),
    }


def of_team(team: Team | None, *, at: dt.datetime) -> dict[str, Any]:
    """What past campaigns brought, for whoever asks for a team's money: the newest of its own,
    or of all where it had none. That there are none at all is evidence as well."""
    ended = _ended().filter(finished_at__lte=at)
    own = list(ended.filter(team=team)[:SHOWN]) if team else []
    rows = [
        brought(one, one.result) | {"alike": ["team"] if own else [], "score": 0, "people": None}
        for one in own or ended[:SHOWN]
    ]
    return {"found_at": at, "rows": rows}


def gather(campaign: Campaign, members: BitMap, *, at: dt.datetime) -> Evidence:
    """Find and keep what there is; that there is no precedent is kept as well."""
    found = made(campaign, members, at=at)
    found.save(force_insert=True)
    return found


def made(campaign: Campaign, members: BitMap, *, at: dt.datetime) -> Evidence:
    """The same, not kept."""
    witnesses = find(campaign, members, at=at)
    return Evidence(
        campaign=campaign,
        precedents=[one.as_json() for one in witnesses[:SHOWN]],
        expected=asdict(expected(witnesses)),
        skill=_skill(),
        found_at=at,
    )


def find(
    campaign: Campaign, members: BitMap, *, at: dt.datetime, before: dt.datetime | None = None
) -> list[Witness]:
    """Past campaigns with a result that are alike, the most alike first; those over `before`."""
    names = catalogue.other_names()
    found = list[Witness]()
    new = shape(campaign, names, _batches([campaign]), _layers(campaign, members))
    days = days_counted(campaign)
    for past, old, people in _past(campaign, names, before):
        shared = members.intersection_cardinality(people) / len(members) if members else 0.0
        if alike := likeness.between(new, old, people=shared):
            days_ago = (at - (past.finished_at or at)).days
            found.append(Witness(past, past.result, alike, shared, days_ago, days))
    return sorted(found, key=lambda one: one.precedent.weight, reverse=True)


def days_counted(campaign: Campaign) -> int:
    """Over how many days its conversions and its revenue count; of another as its result says."""
    if campaign.kind == Campaign.Kind.RECORDED and (result := getattr(campaign, "result", None)):
        return int(result.window_days)
    return campaign.conversion_days


def expected(witnesses: list[Witness]) -> Outlook:
    """What the most alike make one expect of each customer."""
    return outlook.of([one.precedent for one in witnesses[:SHOWN]])


def shape(
    campaign: Campaign,
    names: Mapping[str, str],
    batches: Mapping[int, CouponBatch],
    counted: Mapping[str, Any],
) -> Shape:
    """What a campaign is compared by.

    `names` are those under which other events are kept, `batches` the coupons of its plan, and
    `counted` what `campaigns.layers.composition` said of its customers.
    """
    aim = names.get(campaign.conversion_event, campaign.conversion_event)
    if campaign.kind == Campaign.Kind.RECORDED:
        result = getattr(campaign, "result", None)
        gave = result is not None and result.redeemed is not None
        known = Offer(is_there=True) if gave else None
        return Shape(aim, offer=known, occasion=campaign.occasion or None)
    plan = planning.of(campaign)
    given = [batches[pk] for pk in _coupons(plan) if pk in batches]
    offer = Offer(
        is_there=bool(given) or campaign.offer not in NOTHING_GIVEN,
        kinds=frozenset({one.kind for one in given} | ({campaign.offer} - {""})),
        depth=max((one.depth for one in given), default=0.0),
    )
    layers = _shares(counted)
    channels = frozenset(plan.channels())
    return Shape(aim, channels, offer, campaign.entry, layers, campaign.occasion)


def _coupons(plan: Plan) -> set[int]:
    return {one.coupon for one in plan.messages() if one.coupon is not None}


def _batches(campaigns: Iterable[Campaign]) -> dict[int, CouponBatch]:
    """The coupons of all their plans."""
    ours = (one for one in campaigns if one.kind == Campaign.Kind.OURS)
    wanted = set[int]().union(*(_coupons(planning.of(one)) for one in ours))
    return CouponBatch.objects.in_bulk(wanted) if wanted else {}


def _layers(campaign: Campaign, members: BitMap) -> dict[str, Any]:
    """As they are, of a draft; else as they were when it was frozen, which is not always known:
    where they are by now says nothing of who they were."""
    if campaign.is_draft:
        return layers.composition(members)
    frozen = Audience.objects.filter(campaign=campaign).values_list("layers", flat=True).first()
    return frozen or {}


def _shares(counted: Mapping[str, Any]) -> Layers | None:
    if not counted:
        return None
    whole = sum(counted["sizes"].values())
    return Layers(counted["stage_set"], {key: n / whole for key, n in counted["sizes"].items()})


def _past(
    campaign: Campaign, names: Mapping[str, str], before: dt.datetime | None = None
) -> Iterator[tuple[Campaign, Shape, BitMap]]:
    """Ended campaigns whose window is over, and whom each was for; a few sets at a time."""
    ended = _ended().exclude(pk=campaign.pk)
    if before is not None:
        ended = ended.filter(finished_at__lt=before)
    over = list(ended[:LOOKED_AT])
    for start in range(0, len(over), AT_A_TIME):
        some = over[start : start + AT_A_TIME]
        rows = Audience.objects.filter(campaign__in=some).order_by()
        frozen = {pk: rest for pk, *rest in rows.values_list("campaign", "members", "layers")}
        batches = _batches(some)
        for past in some:
            people, counted = frozen.get(past.pk) or (_who_came_in(past), {})
            yield past, shape(past, names, batches, counted), people


def _ended() -> QuerySet[Campaign]:
    """What has a final result; what nobody carried out says nothing of what one brings."""
    ended = {Campaign.Status.SENT, Campaign.Status.CANCELLED}
    return (
        Campaign.objects.filter(status__in=ended, result__is_final=True, is_demonstration=False)
        .select_related("result")
        .order_by("-finished_at")
    )


def _who_came_in(campaign: Campaign) -> BitMap:
    rows = Intake.objects.filter(campaign=campaign).values_list("members", flat=True)
    return bitmaps.union(list(rows))


def _foreseen(result: CampaignResult) -> float | None:
    """What had been expected of a past one, so that forecasts can be judged too."""
    for line in forecast.read(result.forecast.get("lines", [])):
        if line.what == "share":
            return line.middle
    return None


def _skill() -> dict[str, Any]:
    """How forecasts of the newest campaigns that are over fared, of any kind.

    How many of them were made afterwards, from what was known before, is told as well.
    """
    real = CampaignResult.objects.filter(is_final=True, campaign__is_demonstration=False)
    over = real.exclude(forecast={})
    kept = list(
        over.order_by("-campaign__finished_at").values_list("forecast", flat=True)[:LOOKED_AT]
    )
    told = skill.of(forecast.read(one["lines"]) for one in kept)
    return {
        "lines": [one.as_json() for one in told],
        "forecasts": len(kept),
        "afterwards": sum(one["kind"] == "afterwards" for one in kept),
    }


def _each(amount: int | None, count: int) -> int | None:
    return round(amount / count) if amount is not None and count else None
