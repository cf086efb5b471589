"""Making what ships into drafts of one's own: journeys as campaigns, warnings as a playbook."""

import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import drafts, planning, playbooks, recipes
from campaigns.models import Campaign, ChannelAccount, CouponBatch, MessageTemplate, Playbook
from campaigns.offers import coupon_batches
from campaigns.plans import mixes, tree
from campaigns.plans import words as plan_words
from campaigns.plans.known import Known, Named
from campaigns.plans.nodes import PlanError
from campaigns.playbooks import Offer
from campaigns.recipes import Gift, Journey, Recipe, Words
from campaigns.words import templates
from console import clock, figures, kept_words
from console.kept_words import both
from console.models import Staff
from console.states import NotAllowed
from segments import catalogue, definitions, library, membership
from segments.models import EventType, Segment
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import Vocabulary

WAYS = ("yes", "no", "never")


@transaction.atomic
def journey(
    key: str,
    segment: Segment | None,
    *,
    by: Staff,
    event: str = "",
    link: str = recipes.LINK,
    deeds: Mapping[str, str] = MappingProxyType({}),
    channel: str = recipes.EMAIL,
) -> Campaign:
    """A draft that ships, for a segment; the `event` lets customers in where the journey wants one,
    `deeds` says what those on its way are called here, and all is said through the `channel`.

    Its buttons lead to `link`, but for words of the same name that are there already.

    Raises:
        NotAllowed: the role, there is none of this key, or nothing says who comes in.
    """
    shipped = recipes.JOURNEYS.get(key)
    if shipped is None:
        raise NotAllowed(_("There is no journey of this name."))
    if shipped.entry == Campaign.Entry.EVENT:
        _require_deed(event)
    elif segment is None:
        raise NotAllowed(_("Choose a segment first."))
    for name in shipped.deeds:
        _require_deed(deeds.get(name, ""))
    _require_open(channel)
    filling = Filling(
        {
            key: template(one, by=by, link=link, channel=channel).pk
            for key, one in shipped.words.items()
        },
        {key: coupon(one, by=by).pk for key, one in shipped.gifts.items()},
        deeds,
        channel,
        by,
    )
    return drafts.add(
        name=_in_both(shipped.name),
        goal=shipped.quote,
        segment=segment,
        entry=shipped.entry,
        trigger={"event": event} if shipped.entry == Campaign.Entry.EVENT else {},
        timetable=shipped.timetable,
        again_after_days=shipped.again_after_days,
        plan=filling.steps(shipped.steps),
        exit_events=list(shipped.leaves_at),
        by=by,
    )


def outline(shipped: Journey, *, by: Staff) -> list[plan_words.Line]:
    """What a journey does in words, before anything of it is made."""
    words = {name: number for number, name in enumerate(shipped.words, 1)}
    gifts = {name: number for number, name in enumerate(shipped.gifts, 1)}
    deeds = {name: one.event for name, one in shipped.deeds.items()}
    said = kept_words.said
    known = Known(
        templates={words[name]: Named(said(one.name)) for name, one in shipped.words.items()},
        channels={"email": str(ChannelAccount.Channel.EMAIL.label)},
        coupons={gifts[name]: said(one.name) for name, one in shipped.gifts.items()},
        staff={by.pk: str(by)},
        teams={by.team_id: str(by.team)} if by.team_id else {},
        rules=Vocabulary(
            events=frozenset(deeds.values()),
            titles={one.event: str(one.title) for one in shipped.deeds.values()},
        ),
        said=said,
    )
    filling = Filling(words, gifts, deeds, recipes.EMAIL, by)
    plan = tree.parse(filling.steps(shipped.steps), known)
    return plan_words.lines(plan, known, _)


def _in_both(words: str | Promise) -> str:
    """What ships in both languages as it is; what a catalogue translates, in each."""
    return words if isinstance(words, str) else kept_words.name(lambda: str(words))


def _require_deed(event: str) -> None:
    if not event:
        raise NotAllowed(_("Choose the event."))
    if not definitions.is_a_deed(event):
        named = EventType(name=event).label
        raise NotAllowed(_("“%(event)s” is not what customers do.") % {"event": named})


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


@dataclass(frozen=True)
class Filling:
    """What a plan that ships leaves open: the numbers of what was made, and how things are called
    here."""

    words: Mapping[str, int]
    gifts: Mapping[str, int]
    deeds: Mapping[str, str]
    channel: str
    by: Staff

    def steps(self, those: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self._step(one) for one in those]

    def _step(self, step: dict[str, Any]) -> dict[str, Any]:
        """Work goes to the maker's team; who got an SMS opens nothing, but may follow its link."""
        made = dict(step)
        if "title" in step:
            made["title"] = kept_words.said(step["title"])
        if step["kind"] == "message":
            made |= {"channel": self.channel, "template": self.words[step["template"]]}
            if "coupon" in step:
                made["coupon"] = self.gifts[step["coupon"]]
        if step["kind"] == "task":
            made |= {"team": self.by.team_id} if self.by.team_id else {"owner": self.by.pk}
        if "rule" in step:
            made["rule"] = _renamed(step["rule"], self.deeds)
        if "did" in step and self.channel == recipes.SMS:
            made["did"] = step["did"] | {"deed": "clicked"}
        return made | {way: self.steps(step[way]) for way in WAYS if way in step}


def _renamed(rule: dict[str, Any], deeds: Mapping[str, str]) -> dict[str, Any]:
    """The rule with the events as they are called here."""
    if "all" in rule:
        return {"all": [_renamed(one, deeds) for one in rule["all"]]}
    return rule | {"event": deeds[rule["event"]]}


@transaction.atomic
def warnings(
    *,
    names: Mapping[str, str],
    by: Staff,
    link: str = recipes.LINK,
    channel: str = recipes.EMAIL,
) -> Playbook:
    """Value gone silent, the three levels of warning and the two rules of seven days, as one
    playbook.

    `names` says what signing in and interacting are called here, and `link` where buttons lead;
    all is said through the `channel`.

    Raises:
        NotAllowed: the role, what is no deed of customers, or a rule speaks of what there is not.
    """
    for event in names.values():
        _require_deed(event)
    _require_open(channel)
    playbook = playbooks.add(
        name=_free(gettext_lazy("Warning and win-back")),
        goal=both("潜在流失用户的挽回率", "Win back those who are about to leave"),
        control_share=0.1,
        by=by,
    )
    known = catalogue.titles()
    for recipe in recipes.WARNINGS:
        if recipe.where_any and known.keys().isdisjoint(recipe.where_any):
            continue
        words = template(recipe.words, by=by, link=link, channel=channel)
        _add(playbook, recipe, names, words, by)
    return playbook


def _add(
    playbook: Playbook, recipe: Recipe, names: Mapping[str, str], words: MessageTemplate, by: Staff
) -> None:
    try:
        segment = library.use(recipe.segment, by=by, names=names)
    except RuleError as problem:
        raise NotAllowed(problem.said(_)) from problem
    membership.recompute(segment, day=clock.today())
    offer = Offer(
        template=words,
        coupon=coupon(recipe.gift, by=by) if recipe.gift else None,
        task=recipe.task,
        task_days=recipe.task_days,
        duty=recipe.duty,
        owner=_answers_for(by),
        team=by.team,
    )
    playbooks.add_play(playbook, segment, None, offer, by=by)


def _answers_for(maker: Staff) -> Staff:
    """Whose the work is: the lead's of the maker's team, so that it is somebody's the same day."""
    lead = maker.team.lead if maker.team else None
    return lead if lead is not None and lead.is_active else maker


def channels() -> dict[str, str]:
    """Through which of the ways out from here that which ships can be said."""
    return {key: name for key, name in planning.channels().items() if key in recipes.CHANNELS}


def _require_open(channel: str) -> None:
    if channel not in channels():
        raise NotAllowed(
            _("Nothing goes out through this channel from here: add an account first.")
        )


def template(
    words: Words, *, by: Staff, link: str, channel: str = recipes.EMAIL
) -> MessageTemplate:
    """The template of this name, made if there is none."""
    name = words.name if channel == recipes.EMAIL else _through(channel, words.name)
    found = MessageTemplate.objects.filter(name=name, archived_at=None).first()
    return found or templates.add(name=name, by=by, **words.fields(link, channel))


def _through(channel: str, name: str) -> str:
    """The same, said otherwise: what it is called in both languages."""
    label = ChannelAccount.Channel(channel).label
    return kept_words.name(
        lambda: _("%(name)s (%(channel)s)") % {"name": kept_words.said(name), "channel": label}
    )


def coupon(gift: Gift, *, by: Staff) -> CouponBatch:
    """The coupon of this name, made if there is none."""
    found = CouponBatch.objects.filter(name=gift.name, archived_at=None).first()
    worth = gift.worth * 10 ** figures.decimals(clock.project().currency)
    fields = {"kind": "value", "value_minor": worth, "valid_minutes": gift.minutes}
    return found or coupon_batches.add(name=gift.name, by=by, **fields)


def _free(words: object) -> str:
    tries = (kept_words.numbered(words, turn) for turn in itertools.count(1))
    return next(one for one in tries if not Playbook.objects.filter(name=one).exists())
