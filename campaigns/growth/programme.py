"""How customers grow here: levels, badges, what is given for what, and who has nothing left."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Sum

from campaigns.models import Campaign
from console import clock
from segments import membership, scorings, sets, tiers
from segments.models import Tag, TierFlow
from segments.rules import tree
from segments.shipped import SHIPPED
from segments.tiers import Tier

DAYS = 30
LEVEL = "value_tier"
IN_FORCE = (Campaign.Status.APPROVED, Campaign.Status.SENDING, Campaign.Status.PAUSED)
# What a reward can be for (R115). Whoever rewards but one of them holds fewer (R114).
TASKS, SOCIAL, PERKS = "tasks", "social", "perks"
SPREADING = {"shares", "invites", "content_made"}
STANDING = {LEVEL, "value_score", "rfm_cell", "m_score"}


@dataclass(frozen=True)
class Level:
    """One level with its customers, who moved over its edges lately, and what it brings."""

    tier: Tier
    least: int  # points
    size: int
    came_up: int
    fell_in: int
    perks: list[Campaign]


@dataclass(frozen=True)
class Badge:
    """A badge, how many have it, and how many got it lately."""

    tag: Tag
    lately: int


@dataclass(frozen=True)
class Programme:
    """How customers grow here. Without a run of the score there are no levels."""

    day: dt.date | None  # of the run
    levels: list[Level]  # from the best down
    badges: list[Badge]
    at_the_end: int  # at the best level, with every badge: nothing is left to reach (R133)
    rewards: dict[str, list[Campaign | Tag]]  # by what they are for


def programme(today: dt.date) -> Programme:
    """All of it, in as many queries whatever there is."""
    given = giving()
    found, kept = badges(today), scorings.last_run(scorings.VALUE)
    return Programme(
        day=kept.day if kept else None,
        levels=_levels(kept.summary["tiers"], given, today) if kept else [],
        badges=found,
        at_the_end=_at_the_end([one.tag for one in found], today) if kept else 0,
        rewards=_rewards([one.tag for one in found], given),
    )


def _levels(told: list[dict[str, Any]], given: list[Campaign], today: dt.date) -> list[Level]:
    places = {one.pk: one for one in tiers.Tiers(scorings.VALUE).places() if not one.retired_at}
    rank = {key: one.level for key, one in places.items()} | {"": 0}
    flows = TierFlow.objects.filter(kind=scorings.VALUE, on__gt=today - dt.timedelta(days=DAYS))
    moved = flows.order_by().values_list("was", "now").annotate(many=Sum("size"))
    up, down = dict.fromkeys(places, 0), dict.fromkeys(places, 0)
    for was, now, many in moved:
        if now in places and was:  # whoever is scored for the first time moved nowhere
            side = up if rank.get(was, 0) < rank[now] else down
            side[now] += many
    return [
        Level(
            tier=places[one["key"]],
            least=one["from"],
            size=one["customers"],
            came_up=up[one["key"]],
            fell_in=down[one["key"]],
            perks=[it for it in given if one["key"] in _asked(it)],
        )
        for one in told
        if one["key"] in places
    ]


def giving() -> list[Campaign]:
    """The campaigns in force that give a coupon."""
    found = Campaign.objects.filter(status__in=IN_FORCE).select_related("segment")
    return [one for one in found.defer("segment__members") if _gives(one.plan)]


def _gives(steps: Any) -> bool:
    return any(
        "coupon" in one or any(_gives(one.get(way) or []) for way in ("yes", "no", "never"))
        for one in steps
    )


def _asked(campaign: Campaign) -> set[str]:
    """The levels that a campaign is for."""
    return tree.values_in(campaign.segment.rule, LEVEL) if campaign.segment else set()


def badges(today: dt.date) -> list[Badge]:
    """Those that can be got, the one that most have first."""
    since = dt.datetime.combine(today - dt.timedelta(days=DAYS), dt.time.min, clock.zone())
    lately = Sum("changes__size", filter=Q(changes__given=True, changes__at__gte=since))
    found = _shown().select_related("segment").defer("members", "segment__members")
    found = found.annotate(lately=lately).order_by("-size", "name")
    return [Badge(one, one.lately or 0) for one in found]


def _shown() -> QuerySet[Any]:
    return Tag.objects.filter(is_badge=True, archived_at=None)


def _at_the_end(shown: list[Tag], today: dt.date) -> int:
    """The best level's customers who have every badge that there is."""
    best = next(iter(tiers.Tiers(scorings.VALUE).places()))
    rule = {"trait": LEVEL, "op": "=", "value": best.pk}
    left = membership.evaluate(rule, day=today)
    for one in sets.many(Tag, [(tag.pk, tag.digest) for tag in shown]):
        left &= one
    return len(left)


def _rewards(shown: list[Tag], given: list[Campaign]) -> dict[str, list[Campaign | Tag]]:
    found: dict[str, list[Campaign | Tag]] = {TASKS: [], SOCIAL: [], PERKS: []}
    every: list[Campaign | Tag] = [*shown, *given]
    for one in every:
        kind = _kind(one.segment.rule if one.segment else {}, _deeds(one))
        if kind:
            found[kind].append(one)
    return found


def _deeds(one: Campaign | Tag) -> set[str]:
    """The events that it waits for on the way."""
    if isinstance(one, Tag):
        return set()
    trigger = {str(one.trigger.get("event", ""))} if one.trigger else set()
    return trigger | {event for step in _steps(one.plan) for event in tree.events_in(step)}


def _steps(plan: Iterable[dict[str, Any]]) -> Iterable[Any]:
    for step in plan:
        yield step.get("rule") or {}
        for way in ("yes", "no", "never"):
            yield from _steps(step.get(way) or [])


def _kind(rule: Any, deeds: set[str]) -> str:
    """What a reward is for; nothing where it asks for nothing that one does or is."""
    known, events = tree.traits_in(rule), tree.events_in(rule) | deeds
    if known & SPREADING or events & _spreading():
        return SOCIAL
    if known & STANDING or tree.numbers_in(rule, "tag"):
        return PERKS
    return TASKS if known or events else ""


def _spreading() -> set[str]:
    """The events that the traits of spreading count."""
    recipes: list[Any] = [SHIPPED[key].recipe for key in SPREADING]
    return {name for one in recipes for name in one.of.names}
