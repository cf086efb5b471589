"""Trials of campaigns measured: what each way came to, and whether one of them won."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from pyroaring import BitMap

from campaigns import parting, planning
from campaigns.models import Campaign, Message, Trial, Wave
from campaigns.outcomes import trials
from campaigns.plans import durations
from campaigns.plans.nodes import Contest, Split, Step, walk
from campaigns.plans.nodes import Message as MessageStep
from metrics.queries import conversions
from metrics.queries.conversions import Windows
from metrics.stats import contests, differences
from metrics.stats.contests import Way
from metrics.stats.samples import Proportion
from segments import bitmaps, catalogue

Tallies = dict[str, dict[str, Any]]
CELL = re.compile(r"([a-z]\w*?)_(\d+)")  # a way that is a channel so many times a week
FACTORS = ("channel", "times")
SENT = Message.Status.SENT


def look(*, at: dt.datetime) -> int:
    """Measure the trials that have a rule, and choose where one has won; how many were chosen."""
    chosen = 0
    for trial, step in _with_step(trials.running()):
        if isinstance(step, MessageStep) and step.contest:
            trials.note(trial, bounded(of_message(trial.campaign, step)), at=at)
            chosen += _chosen(trial, step.contest)
    trials.release_late()
    return chosen


def measure(*, at: dt.datetime) -> int:
    """Measure what waits for nobody: ways of splits, and variants without a rule; how many."""
    measured = 0
    for trial, step in _with_step(trials.counting(at=at)):
        if isinstance(step, Split):
            tallies = of_split(trial.campaign, step)
            trials.note(trial, bounded(tallies), at=at, factors=factors(tallies))
        elif isinstance(step, MessageStep) and not step.contest:
            trials.note(trial, bounded(of_message(trial.campaign, step)), at=at)
        else:
            continue
        measured += 1
    return measured


def _with_step(found: QuerySet[Trial]) -> Iterator[tuple[Trial, Step | None]]:
    for trial in found.select_related("campaign"):
        yield trial, planning.of(trial.campaign).by_key.get(trial.step)


@transaction.atomic
def _chosen(trial: Trial, rule: Contest) -> bool:
    """Choose by the rule, if that can be done now; never while the campaign is paused."""
    if trial.campaign.status != Campaign.Status.SENDING:
        return False
    ways = standing(trial.tallies)
    if not ways:
        return False
    found = contests.lead(ways, least=rule.least)
    if found.is_sure:
        trials.decide(trial.campaign, trial.step, found.leader, why=Trial.Why.SURE)
        return True
    if not trials.is_late(trial, rule):
        return False
    if rule.unclear == "person":
        trials.ask_to_choose(trial.campaign, trial.step)
        return False
    trials.decide(trial.campaign, trial.step, found.leader, why=Trial.Why.AHEAD)
    return True


def standing(tallies: Mapping[str, Mapping[str, int]]) -> list[Way]:
    """The ways as shares, in their order."""
    return [Way(key, Proportion(one["got"], one["did"])) for key, one in tallies.items()]


def bounded(tallies: Tallies) -> Tallies:
    """With the bounds of each share [Wilson]."""
    found: Tallies = {}
    for key, one in tallies.items():
        bounds = differences.wilson(Proportion(one["got"], one["did"]))
        edges = {"low": bounds.low, "high": bounds.high} if bounds else {}
        found[key] = one | edges
    return found


def factors(tallies: Tallies) -> dict[str, Tallies]:
    """Of ways that are all a channel so often: what each channel came to, and each frequency."""
    cells = {key: CELL.fullmatch(key) for key in tallies}
    if not all(cells.values()):
        return {}
    found: dict[str, Tallies] = {name: {} for name in FACTORS}
    for key, cell in cells.items():
        for name, level in zip(FACTORS, cell.groups() if cell else (), strict=True):
            sums = found[name].setdefault(level, {})
            for what, count in tallies[key].items():
                sums[what] = sums.get(what, 0) + count
    several = {name: by for name, by in found.items() if len(by) > 1}
    return {name: bounded(by) for name, by in several.items()}


# --- a message's variants -----------------------------------------------------------


def of_message(campaign: Campaign, step: MessageStep) -> Tallies:
    """What each variant came to, of the messages that left through the step's own channel."""
    left = Message.objects.filter(
        campaign=campaign, step=step.key, channel=step.channel, status=SENT
    )
    by = step.contest.by if step.contest else "clicked"
    counted = (
        left.values("variant")
        .order_by("variant")
        .annotate(
            got=Count("pk"),
            opened=Count("pk", filter=Q(opened_at__isnull=False)),
            clicked=Count("pk", filter=Q(clicked_at__isnull=False)),
            unsubscribed=Count("pk", filter=Q(unsubscribed_at__isnull=False)),
            cost=Sum("cost_minor"),
        )
    )
    rows: dict[str, Any] = {row["variant"]: row for row in counted}
    found: Tallies = {}
    for variant in trials.ways(step):
        row = rows.get(variant, {})
        found[variant] = {name: row.get(name) or 0 for name in _NAMES}
        if by == "converted":
            found[variant] |= _converted(campaign, left.filter(variant=variant))
        else:
            found[variant]["did"] = found[variant][by]
    return found


_NAMES = ("got", "opened", "clicked", "unsubscribed", "cost")


def _converted(campaign: Campaign, messages: Any) -> dict[str, int]:
    """Customers, each from their first message on, and those who did what it aims at."""
    first: dict[int, dt.datetime] = {}
    for customer, sent_at in messages.order_by("sent_at").values_list("customer", "sent_at"):
        first.setdefault(customer, sent_at)
    counted_for = dt.timedelta(days=campaign.conversion_days)
    inside = Windows([*first], [*first.values()], [at + counted_for for at in first.values()])
    done = conversions.count(catalogue.canonical(campaign.conversion_event), inside)
    return {"got": len(first), "did": done.customers}


# --- a split's ways -----------------------------------------------------------------


def of_split(campaign: Campaign, step: Split) -> Tallies:
    """What the customers of each way came to, from when they came in.

    All ways are counted for the same time: as long as the longest of them takes, and then what
    the campaign counts for.
    """
    arms, at = _divided(campaign, step)
    lasts = max(durations.of(arm.steps) for arm in step.arms)
    counted_for = dt.timedelta(days=campaign.conversion_days) + lasts
    event = catalogue.canonical(campaign.conversion_event)
    found: Tallies = {}
    for arm in step.arms:
        came = _since(arms[arm.key], at)
        since = [*came.values()]
        inside = Windows([*came], since, [one + counted_for for one in since])
        steps = [one.key for one in walk(arm.steps)]
        found[arm.key] = {
            "got": len(came),
            "did": conversions.count(event, inside).customers,
            **_messages(campaign, steps),
        }
    return found


def _divided(
    campaign: Campaign, step: Split
) -> tuple[dict[str, dict[int, BitMap]], dict[int, dt.datetime]]:
    """Who went each way, by intake, and when each intake came in."""
    passed = Wave.objects.filter(campaign=campaign, step=step.key, status=Wave.Status.DONE)
    by_intake: dict[int, list[BitMap]] = {}
    for number, members in passed.values_list("occurrence", "members"):
        by_intake.setdefault(number, []).append(members)
    arms: dict[str, dict[int, BitMap]] = {arm.key: {} for arm in step.arms}
    for number, sets in by_intake.items():
        parts = parting.arms(campaign, step, bitmaps.union(sets))
        for key, members in parts.items():
            arms[key][number] = members
    at = dict(campaign.intakes.filter(number__in=by_intake).values_list("number", "at"))
    return arms, at


def _since(arm: Mapping[int, BitMap], at: Mapping[int, dt.datetime]) -> dict[int, dt.datetime]:
    """Each customer once, from the first time that they came in."""
    found: dict[int, dt.datetime] = {}
    for number in sorted(arm):
        for customer in arm[number]:
            found.setdefault(customer, at[number])
    return found


def _messages(campaign: Campaign, steps: Iterable[str]) -> dict[str, int]:
    left = Message.objects.filter(campaign=campaign, step__in=list(steps), status=SENT)
    counted = left.aggregate(
        messages=Count("pk"),
        unsubscribed=Count("customer", filter=Q(unsubscribed_at__isnull=False), distinct=True),
        cost=Sum("cost_minor"),
    )
    return {name: count or 0 for name, count in counted.items()}
