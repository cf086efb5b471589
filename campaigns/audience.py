"""Who gets a campaign: a segment's members minus those who cannot or do not want to."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pyroaring import BitMap

from campaigns import guards, layers, parting, planning
from campaigns.contact import policies, reach, suppression
from campaigns.models import (
    Audience,
    AudienceGroup,
    Campaign,
    Exclusion,
    MessageTemplate,
    TemplateRevision,
)
from campaigns.models.account import PROJECT, signatures
from campaigns.plans.nodes import Branch, Plan, PlanError
from campaigns.words import revisions
from console import clock, kept_words
from console.states import NotAllowed, Stale
from segments import bitmaps, collection, consent, vocabulary
from segments.models import Segment
from segments.rules import tree, words
from segments.rules.nodes import RuleError

Reason = Exclusion.Reason


class NotReady(NotAllowed):
    """There is no audience to freeze now; says why and what to do."""


@dataclass(frozen=True)
class Division:
    """A set of customers, divided into who gets it and who does not, each under one reason."""

    kept: BitMap
    left_out: dict[str, BitMap]


@dataclass(frozen=True)
class Funnel:
    """The same as numbers, for a screen."""

    segment_size: int
    left_out: Sequence[tuple[str | Promise, int]]
    size: int


@dataclass(frozen=True)
class Difference:
    """What happened to the segment since an audience was frozen."""

    joined: int
    left: int


def divide(
    members: BitMap,
    *,
    channel: str = suppression.EMAIL,
    purpose: str = consent.MARKETING,
    at: dt.datetime | None = None,
) -> Division:
    """Divide by what is known now; the first reason that applies is the one that counts.

    A customer's pause counts if it is not over at the moment `at`.
    """
    known = reach.now(channel, purpose=purpose, at=at)
    return Division(*known.divide(members))


@transaction.atomic
def freeze(campaign: Campaign, at: dt.datetime) -> Audience:
    """Keep who would get what now. An earlier freezing of the same campaign is replaced.

    Raises:
        NotReady: the segment's members are not those of its rule and of today, or nobody is left.
    """
    plan = _plan(campaign)
    segment = campaign.segment
    if segment is None and campaign.entry != Campaign.Entry.EVENT:
        raise NotReady(_("Choose a segment first."))
    today, lasts = clock.day_of(at), campaign.is_lasting
    if segment and (problem := problem_with(segment, today, lasting=lasts)):
        raise NotReady(problem)
    is_event = campaign.entry == Campaign.Entry.EVENT  # nobody knows to whom it will happen
    members = BitMap() if segment is None or is_event else segment.members
    division = divided(campaign, plan, members)
    if not division.kept and not campaign.is_lasting:
        raise NotReady(_("Nobody of “%(segment)s” can be written to.") % {"segment": segment})
    Audience.objects.filter(campaign=campaign).delete()
    words = _pinned(plan)
    first = words[0] if words else None
    kept_from = guards.kept_from(campaign)
    audience = Audience.objects.create(
        campaign=campaign,
        members=division.kept,
        size=len(division.kept),
        segment_rule=segment.rule if segment else {},
        rules=collection.rules_in([segment.rule if segment else {}, *_asked(plan)]),
        segment_version=segment.rule_version if segment else None,
        template_revision=first.number if first else None,
        subject=first.template.subject if first else "",
        body=first.template.body if first else "",
        words={str(one.template_id): one.number for one in words},
        coupons=sorted({one.coupon for one in plan.messages() if one.coupon is not None}),
        policy_version=policies.version(),
        kept_from=kept_from,
        kept_rules=guards.rules_of(kept_from),
        signed=signatures([PROJECT, *_channels(plan)]),
        no_room=without_room(campaign, division.kept),
        layers=layers.composition(division.kept),
        data_as_of=segment.data_as_of if segment else None,
        frozen_at=at,
    )
    Exclusion.objects.bulk_create(
        Exclusion(audience=audience, reason=reason, members=members, size=len(members))
        for reason, members in division.left_out.items()
    )
    AudienceGroup.objects.bulk_create(
        AudienceGroup(audience=audience, step=step, name=name, members=drawn, size=len(drawn))
        for (step, name), drawn in _drawn(campaign, division.kept).items()
    )
    return audience


def require_as_drawn(campaign: Campaign) -> None:
    """Chance gives everybody to the group that was frozen with them, and approved.

    Raises:
        Stale: it would not, so somebody has to look again.
    """
    frozen = campaign.audience
    groups = {(one.step, one.name): one.members for one in frozen.groups.all()}
    if groups and groups != _drawn(campaign, frozen.members):  # what is older has none
        raise Stale(
            kept_words.say(gettext_noop("Customers would get into other groups; ask again."))
        )


def _drawn(campaign: Campaign, members: BitMap) -> dict[tuple[str, str], BitMap]:
    """Who gets into which group, of those who come in together and are known now."""
    if campaign.is_lasting:
        return {}
    found = parting.groups(campaign, planning.of(campaign), members)
    return {(one.step, one.name): one.members for one in found if one.members is not None}


def _asked(plan: Plan) -> list[Any]:
    """The rules of the plan's branches."""
    return [step.rule for step in plan.by_key.values() if isinstance(step, Branch)]


def strayed(campaign: Campaign, rule: Any) -> Segment | None:
    """A segment that the rule speaks of, and that has another rule than when it was approved."""
    frozen = Audience.objects.filter(campaign=campaign).values_list("rules", flat=True).first()
    approved, now = frozen or {}, collection.rules_in([rule])
    changed = [int(pk) for pk, said in now.items() if approved.get(pk, said) != said]
    return Segment.objects.filter(pk__in=changed).defer("members").first() if changed else None


def divided(campaign: Campaign, plan: Plan, members: BitMap) -> Division:
    """Divide by the plan's way to people, and leave out whom guards keep its offer from."""
    misfits = guards.left_out(campaign) & members
    division = _by_channel(campaign, plan, members - misfits)
    also = {Reason.MISMATCH.value: misfits} if misfits else {}
    return Division(division.kept, division.left_out | also)


def _by_channel(campaign: Campaign, plan: Plan, members: BitMap) -> Division:
    """By the plan's only channel, and the one that the contact policy leads to from there.

    Where there are several ways to people, everybody is kept.
    """
    first = only_channel(plan)
    if first is None:
        return Division(members, {})
    purpose, at = campaign.purpose, _begins(campaign)
    division = divide(members, channel=first, purpose=purpose, at=at)
    lower = policies.lower_when_barred(first)
    seconds = {one.second.channel if one.second else "" for one in plan.messages()}
    if lower is None or seconds != {lower}:
        return division
    barred = bitmaps.union([*division.left_out.values()])
    by_second = divide(barred, channel=lower, purpose=purpose, at=at).kept
    left_out = {reason: those - by_second for reason, those in division.left_out.items()}
    return Division(division.kept | by_second, left_out)


def _channels(plan: Plan) -> list[str]:
    """All ways to people that the plan's messages may take."""
    return sorted({channel for message in plan.messages() for channel in message.channels})


def only_channel(plan: Plan) -> str | None:
    """The one way to people of a plan; None where there are several, or people call them."""
    firsts = {one.channel for one in plan.messages()}
    return firsts.pop() if len(firsts) == 1 and not plan.has_work() else None


def without_room(campaign: Campaign, members: BitMap) -> BitMap | None:
    """To whom of them nothing would leave if it began now, though they may be written to: their
    caps are full, or they rest. None where nobody can tell beforehand."""
    channel = only_channel(planning.of(campaign))
    if channel is None:
        return None
    known = reach.now(channel, purpose=campaign.purpose, at=_begins(campaign))
    return known.waiting(members)


def _begins(campaign: Campaign) -> dt.datetime | None:
    """When the first messages would leave; None: now."""
    starts = campaign.starts_at
    return starts if starts and starts > clock.now() else None


def _plan(campaign: Campaign) -> Plan:
    """Raises NotReady: the plan makes no sense now."""
    if not campaign.plan and campaign.template is None:
        raise NotReady(_("Choose a template first."))
    try:
        return planning.read(campaign)
    except PlanError as problem:
        raise NotReady(problem.said(_)) from problem


def _pinned(plan: Plan) -> list[TemplateRevision]:
    """What the plan's templates say now, in the order of the plan."""
    numbers = {number: None for message in plan.messages() for number in message.templates}
    found = MessageTemplate.objects.in_bulk(list(numbers))
    return [revisions.pin(found[number]) for number in numbers]


def problem_with(segment: Segment, today: dt.date, *, lasting: bool = False) -> str | None:
    """Why the segment cannot be frozen now; None when it can. Who comes later need not be there."""
    named = {"segment": segment, "date": segment.data_as_of}
    if segment.archived_at:
        return _("The segment “%(segment)s” is archived.") % named
    if segment.size is None or segment.data_as_of is None:
        return _("The segment “%(segment)s” was never computed; compute it first.") % named
    if segment.failure:
        return _("The members of “%(segment)s” could not be computed; see why on its page.") % named
    if not segment.is_computed:
        return _("The rule of “%(segment)s” changed; compute its members anew first.") % named
    if segment.data_as_of < today:
        return (
            _("The members of “%(segment)s” are those of %(date)s; compute them anew first.")
            % named
        )
    if segment.size == 0 and not lasting:
        return _("The segment “%(segment)s” is empty.") % named
    return None


def outlook(campaign: Campaign, members: BitMap) -> Funnel:
    """Who would get the draft if it were frozen now, by the channels that it goes through."""
    return shown(divided(campaign, planning.of(campaign), members), members)


def shown(division: Division, members: BitMap) -> Funnel:
    """A division of these members as numbers."""
    sizes = [(Reason(reason).label, len(found)) for reason, found in division.left_out.items()]
    return Funnel(len(members), sizes, len(division.kept))


def funnel(audience: Audience) -> Funnel:
    """Who was frozen. The sets themselves are not read."""
    found = dict(audience.exclusions.values_list("reason", "size"))
    sizes = [(reason.label, found[reason]) for reason in Reason if reason in found]
    return Funnel(audience.size + sum(found.values()), sizes, audience.size)


def since_frozen(audience: Audience, segment: Segment) -> Difference:
    """How the segment's members now differ from the ones that were frozen."""
    then = bitmaps.union([audience.members, *(e.members for e in audience.exclusions.all())])
    return Difference(
        joined=segment.members.difference_cardinality(then),
        left=then.difference_cardinality(segment.members),
    )


def sentence(rule: Any) -> str:
    """A frozen rule in words; empty when it speaks of what is no longer known."""
    known = vocabulary.current()
    try:
        return words.sentence(tree.parse(rule, known), known, _)
    except RuleError:
        return ""


def sample(audience: Audience, count: int) -> list[int]:
    """Some members, evenly from the first to the last."""
    members = audience.members
    step = max(1, len(members) // count)
    return [members[at] for at in range(0, len(members), step)][:count]
