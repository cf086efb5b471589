"""Offers that do not fit their audience: found before anybody is asked for a yes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap

from campaigns import planning
from campaigns.models import Audience, Campaign, CouponBatch, Guard
from campaigns.plans.nodes import PlanError
from console import audit, clock, figures, kept_words, once, roles
from console import seen as marks
from console.models import Staff
from console.states import NotAllowed
from segments import bitmaps, collection, membership
from segments.models import Segment
from segments.rules import tree
from segments.rules.nodes import RuleError

VIEW, ACTION = "guards.view", "guards.change"
SETTINGS = ("name", "offer", "segment", "then", "most_share", "why")
Offer, Then = Campaign.Offer, Guard.Then


class Strayed(Exception):
    """Whom a yes kept an offer from cannot be told any more: a segment is ruled otherwise now."""

    def __init__(self, segment: Segment) -> None:
        super().__init__(str(segment))
        self.segment = segment


@dataclass(frozen=True)
class Mismatch:
    """A guard that an audience touches, and how much of it."""

    guard: Guard
    count: int
    size: int

    @property
    def words(self) -> str:
        said = _(
            "%(share)s of the audience (%(count)s) are in “%(segment)s”, and this offers %(offer)s."
        )
        return said % {
            "share": figures.share(self.count / self.size),
            "count": figures.whole(self.count),
            "segment": self.guard.segment,
            "offer": self.guard.get_offer_display(),
        }


def mismatches(campaign: Campaign, members: BitMap | None = None) -> list[Mismatch]:
    """Which guards the audience touches, of those who would get it now; what refuses first.

    Where nobody is frozen, because an event lets them in, it is whom the event lets in.
    """
    if not members:
        members = campaign.segment.members if campaign.segment else BitMap()
    wanted = offers(campaign)
    if not members or not wanted:
        return []
    in_force = _against(wanted).exclude(then=Then.LEAVES_OUT)
    found = [
        Mismatch(guard, len(members & guard.segment.members), len(members))
        for guard in in_force.order_by("-then", kept_words.by_name("name"))
    ]
    return [one for one in found if one.count > one.guard.most_share * one.size]


def left_out(campaign: Campaign) -> BitMap:
    """Whom guards keep what it offers from, as their segments are now.

    Of what was asked for or approved also those guards count that were changed or put away since,
    and those whom their segments would hold if their rules were still those of the yes.

    Raises:
        Strayed: who that would be cannot be told any more.
    """
    now = {one.segment_id: one.segment for one in _keeping(campaign)}
    agreed = None if campaign.is_draft else _agreed(campaign)
    if agreed is None or not agreed.kept_from:
        return bitmaps.union([one.members for one in now.values()])
    then = Segment.objects.in_bulk(agreed.kept_from)
    kept = [one.members for one in (then | now).values()]
    return bitmaps.union([*kept, *_as_agreed(agreed, then)])


def _agreed(campaign: Campaign) -> Audience | None:
    """Its audience, without the set where nobody has read that yet."""
    if Campaign._meta.get_field("audience").is_cached(campaign):
        return getattr(campaign, "audience", None)  # a draft that was called off has none
    return Audience.objects.filter(campaign=campaign).only("kept_from", "kept_rules").first()


def _as_agreed(agreed: Audience, segments: Mapping[int, Segment]) -> list[BitMap]:
    """Who would be in those segments today by the rules of the yes; those as they were need none.

    Raises:
        Strayed: a rule cannot be followed any more.
    """
    rules, found = agreed.kept_rules, []
    is_as_then = rules_of(agreed.kept_from) == rules
    if not rules or (is_as_then and not any(one.archived_at for one in segments.values())):
        return []
    for pk in agreed.kept_from:
        if not _has_its_days(rules):
            raise Strayed(segments[pk])
        try:
            found.append(membership.evaluate_as(rules, pk, day=clock.today()))
        except RuleError as problem:
            raise Strayed(segments[pk]) from problem
    return found


def _has_its_days(rules: Mapping[str, Any]) -> bool:
    """Whether those into which one came, or which one left, still had the same rule on each day."""
    ways = [tree.numbers_in(rule, way) for rule in rules.values() for way in ("entered", "left")]
    now = rules_of(sorted(set().union(*ways)))
    return all(rules.get(pk) == rule for pk, rule in now.items())


def rules_of(segments: Sequence[int]) -> dict[str, Any]:
    """How these segments, and those that their rules speak of, are ruled now."""
    return collection.rules_in([{"segment": pk} for pk in segments])


def kept_from(campaign: Campaign) -> list[int]:
    """The segments that guards in force keep what it offers from."""
    return sorted({one.segment_id for one in _keeping(campaign)})


def _keeping(campaign: Campaign) -> list[Guard]:
    in_force = _leaving_out()
    kinds = {one.offer for one in in_force}  # mostly none, and then nobody asks what it offers
    wanted = offers(campaign) & kinds if kinds else set()
    return [one for one in in_force if one.offer in wanted]


@once.a_page_asks
def _leaving_out() -> Sequence[Guard]:
    return list(_against(Offer.values).filter(then=Then.LEAVES_OUT))


def _against(offered: Collection[str]) -> QuerySet[Guard]:
    found = Guard.objects.filter(archived_at=None, offer__in=offered)
    return found.select_related("segment")


def offers(campaign: Campaign) -> set[str]:
    """What it offers: as its maker says, and a price promotion where it gives a coupon."""
    said = {campaign.offer} - {""}
    try:
        given = [one.coupon for one in planning.of(campaign).messages() if one.coupon]
    except PlanError:  # of a draft: it cannot be submitted like that anyway
        return said
    cheaper = CouponBatch.objects.filter(pk__in=given).exclude(kind=CouponBatch.Kind.GIFT)
    return said | ({Offer.DISCOUNT} if cheaper.exists() else set())


def require(campaign: Campaign, members: BitMap) -> list[str]:
    """What the approver has to read, in kept words; empty where everything fits.

    Raises:
        NotAllowed: a guard refuses it, nobody has written why it goes out nevertheless, or one
            no longer finds those for whom it was made.
    """
    _require_as_made(offers(campaign))
    found = mismatches(campaign, members)
    for one in found:
        if one.guard.then == Then.REFUSES:
            raise NotAllowed(_("Not allowed: %(what)s") % {"what": one.words})
    if found and not campaign.mismatch_reason.strip():
        words = _(
            "Choose another segment or offer, or write on the campaign's page why this one is "
            "right: %(what)s"
        )
        raise NotAllowed(words % {"what": found[0].words})
    return kept_words.each_line(lambda: [one.words for one in found])


def _require_as_made(wanted: Collection[str]) -> None:
    """Many may change a segment, few a guard: whoever may do both looks at the guard again."""
    for guard in _against(wanted) if wanted else ():
        now = rules_of([guard.segment_id])
        is_other = any(now.get(pk) != rule for pk, rule in guard.rules.items())
        if is_other or guard.segment.archived_at:
            words = _(
                "The segment “%(segment)s” changed since the guard “%(guard)s” was saved; ask "
                "somebody who may change guards to look at it and save it again."
            )
            raise NotAllowed(words % {"segment": guard.segment, "guard": guard})


@transaction.atomic
def justify(campaign: Campaign, *, reason: str, by: Staff) -> None:
    """Write down why a draft is right although a guard touches it."""
    kept = Campaign.objects.select_for_update().get(pk=campaign.pk)
    roles.require(by, "campaigns.change", record=kept)
    if not kept.is_draft:
        raise NotAllowed(_("Only a draft can be changed; take it back to draft first."))
    kept.mismatch_reason = reason.strip()[:500]
    kept.save(update_fields=["mismatch_reason"])
    audit.log("campaign.justified", kept, by=by, reason=kept.mismatch_reason)
    campaign.mismatch_reason = kept.mismatch_reason


# --- the guards themselves ------------------------------------------------------


@transaction.atomic
def save(guard: Guard | None, *, by: Staff, seen: str = "", **fields: Any) -> Guard:
    """Make a guard or change it.

    Raises:
        NotAllowed: the role may not, or a share that is none.
        Stale: somebody else changed it since it was `seen`.
    """
    roles.require(by, ACTION)
    if not 0 <= fields.get("most_share", 0.1) < 1:
        raise NotAllowed(_("The share is from 0 to 99 percent."))
    if guard is None:
        guard = Guard()
    else:
        guard = Guard.objects.select_for_update(of=("self",)).get(pk=guard.pk)
        marks.require(guard, SETTINGS, seen)
    for name, value in fields.items():
        if getattr(guard, name, None) != value:  # a name in both languages stays in both
            setattr(guard, name, value)
    guard.rules = rules_of([guard.segment.pk])
    guard.save()
    told = {"offer": guard.offer, "segment": guard.segment_id, "then": guard.then}
    audit.log("guard.saved", guard, by=by, **told, most_share=guard.most_share)
    return guard


@transaction.atomic
def archive(guard: Guard, *, by: Staff) -> None:
    """Look no more, or again."""
    roles.require(by, ACTION)
    guard.archived_at = None if guard.archived_at else timezone.now()
    guard.save(update_fields=["archived_at"])
    audit.log("guard.archived" if guard.archived_at else "guard.restored", guard, by=by)


# R103: 高净值用户频繁收到低价促销短信; R118: 对导入期用户过度推送付费课程.
# “High value” is a tier of the value score; this is spending alone.
_HIGH = {"trait": "m_score", "op": ">=", "value": 4}
_NEW = {"trait": "tenure_days", "op": "<", "value": 30}


def may_install(staff: Any) -> bool:
    """Whether somebody may make the guards and the segments that they speak of."""
    return roles.allows(staff, ACTION) and roles.allows(staff, collection.ACTION)


@transaction.atomic
def install(*, by: Staff) -> None:
    """The two mismatches that the field names, where there are none yet."""
    roles.require(by, ACTION)
    if Guard.objects.exists():
        raise NotAllowed(_("There are guards already."))
    save(
        None,
        name=kept_words.name(lambda: _("No price promotions for big spenders")),
        offer=Offer.DISCOUNT,
        segment=_segment(kept_words.name(lambda: _("Big spenders")), _HIGH, by=by),
        why=kept_words.name(
            lambda: _("Who pays the full price learns to wait for the next promotion.")
        ),
        by=by,
    )
    save(
        None,
        name=kept_words.name(lambda: _("Nothing to pay for in the first month")),
        offer=Offer.UPSELL,
        segment=_segment(kept_words.name(lambda: _("In their first month")), _NEW, by=by),
        then=Then.REFUSES,
        why=kept_words.name(lambda: _("Who has just come wants to see what it is worth first.")),
        by=by,
    )


def _segment(name: str, rule: dict[str, Any], *, by: Staff) -> Segment:
    found = Segment.objects.filter(rule=rule, archived_at=None).first()
    return found or collection.add(name=name, rule=rule, by=by, note=_("for a guard"))
