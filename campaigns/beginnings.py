"""Making what ships into drafts of one's own: journeys as campaigns, warnings as a playbook."""

import itertools
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import drafts, playbooks, recipes
from campaigns.models import Campaign, CouponBatch, MessageTemplate, Playbook
from campaigns.offers import coupon_batches
from campaigns.plans import mixes
from campaigns.plans.nodes import PlanError
from campaigns.playbooks import Offer
from campaigns.recipes import Gift, Recipe, Words
from campaigns.words import templates
from console import clock, figures, kept_words
from console.kept_words import both
from console.models import Staff
from console.states import NotAllowed
from segments import definitions, library, membership
from segments.models import EventType, Segment
from segments.rules.nodes import RuleError


@transaction.atomic
def journey(key: str, segment: Segment, *, by: Staff) -> Campaign:
    """A draft that ships: whoever comes into the segment takes its steps, until they order.

    Raises:
        NotAllowed: the role, or there is none of this key.
    """
    shipped = recipes.JOURNEYS.get(key)
    if shipped is None:
        raise NotAllowed(_("There is no journey of this name."))
    words = {name: template(one, by=by).pk for name, one in shipped.words.items()}
    gifts = {name: coupon(one, by=by).pk for name, one in shipped.gifts.items()}
    plan = [_filled(step, words, gifts, by) for step in shipped.steps]
    return drafts.add(
        name=kept_words.name(lambda: str(shipped.name)),
        goal=shipped.quote,
        segment=segment,
        entry=Campaign.Entry.SEGMENT,
        plan=plan,
        exit_events=["order_paid"],
        by=by,
    )


@transaction.atomic
def mix(
    segment: Segment,
    words: Collection[MessageTemplate],
    times: Iterable[int],
    *,
    weeks: int,
    by: Staff,
) -> Campaign:
    """A draft that tries how often and through which channel it is best to write to a segment.

    Raises:
        NotAllowed: the role, two templates of one channel, or nothing to compare.
    """
    by_channel = {one.channel: one.pk for one in words}
    if len(by_channel) < len(words):
        raise NotAllowed(_("Choose one template for each channel."))
    try:
        plan = mixes.plan(by_channel, times, weeks)
    except PlanError as problem:
        raise NotAllowed(problem.said(_)) from problem
    return drafts.add(
        name=kept_words.name(lambda: _("How often, and how: %(segment)s") % {"segment": segment}),
        segment=segment,
        plan=plan,
        control_share=0.1,
        by=by,
    )


def _filled(
    step: dict[str, Any], words: Mapping[str, int], gifts: Mapping[str, int], by: Staff
) -> dict[str, Any]:
    """The step with the numbers of what was made; work goes to the maker's team."""
    made = dict(step)
    if "title" in step:
        made["title"] = kept_words.said(step["title"])
    if step["kind"] == "message":
        made["template"] = words[step["template"]]
        if "coupon" in step:
            made["coupon"] = gifts[step["coupon"]]
    if step["kind"] == "task":
        made |= {"team": by.team_id} if by.team_id else {"owner": by.pk}
    for way in ("yes", "no", "never"):
        if way in step:
            made[way] = [_filled(one, words, gifts, by) for one in step[way]]
    return made


@transaction.atomic
def warnings(*, names: Mapping[str, str], by: Staff) -> Playbook:
    """The three levels of warning and the two rules of seven days, as one playbook.

    `names` says what signing in and interacting are called here.

    Raises:
        NotAllowed: the role, what is no deed of customers, or a rule speaks of what there is not.
    """
    for event in names.values():
        if not definitions.is_a_deed(event):
            named = EventType(name=event).label
            raise NotAllowed(_("“%(event)s” is not what customers do.") % {"event": named})
    playbook = playbooks.add(
        name=_free(gettext_lazy("Warning and win-back")),
        goal=both("潜在流失用户的挽回率", "Win back those who are about to leave"),
        control_share=0.1,
        by=by,
    )
    for recipe in recipes.WARNINGS:
        _add(playbook, recipe, names, by)
    return playbook


def _add(playbook: Playbook, recipe: Recipe, names: Mapping[str, str], by: Staff) -> None:
    try:
        segment = library.use(recipe.segment, by=by, names=names)
    except RuleError as problem:
        raise NotAllowed(problem.said(_)) from problem
    membership.recompute(segment, day=clock.today())
    offer = Offer(
        template=template(recipe.words, by=by),
        coupon=coupon(recipe.gift, by=by) if recipe.gift else None,
        task=recipe.task,
        task_days=recipe.task_days,
        owner=None if by.team else by,
        team=by.team,
    )
    playbooks.add_play(playbook, segment, None, offer, by=by)


def template(words: Words, *, by: Staff) -> MessageTemplate:
    """The template of this name, made if there is none."""
    found = MessageTemplate.objects.filter(name=words.name, archived_at=None).first()
    return found or templates.add(name=words.name, by=by, **words.fields())


def coupon(gift: Gift, *, by: Staff) -> CouponBatch:
    """The coupon of this name, made if there is none."""
    found = CouponBatch.objects.filter(name=gift.name, archived_at=None).first()
    worth = gift.worth * 10 ** figures.decimals(clock.project().currency)
    fields = {"kind": "value", "value_minor": worth, "valid_minutes": gift.minutes}
    return found or coupon_batches.add(name=gift.name, by=by, **fields)


def _free(words: object) -> str:
    tries = (kept_words.numbered(words, turn) for turn in itertools.count(1))
    return next(one for one in tries if not Playbook.objects.filter(name=one).exists())
