"""What the contact policy kept back, in totals and of one customer."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from campaigns.contact import contacting, holds, reach, reasons
from campaigns.models import Campaign, ContactHold, Message
from campaigns.policy import deciding
from campaigns.policy.nodes import Approach, Cap, Defer, Send, Verdict

Status = Message.Status
KEPT_BACK = (Status.SKIPPED, Status.DEFERRED)


@dataclass(frozen=True)
class Total:
    """Messages that were kept back for one reason."""

    reason: str
    dropped: int
    waiting: int

    @property
    def words(self) -> str:
        return reasons.said(self.reason)


@dataclass(frozen=True)
class Fill:
    """How much of a cap a customer has used."""

    cap: Cap
    used: int


@dataclass(frozen=True)
class Answer:
    """What would become of a campaign's message through a channel now; no reason: it leaves."""

    channel: str
    reason: str
    until: dt.datetime | None = None

    @property
    def words(self) -> str:
        return reasons.said(self.reason)


@dataclass(frozen=True)
class Standing:
    """What the policy says of one customer at the moment."""

    holds: Sequence[ContactHold]
    is_held_out: bool
    fills: Sequence[Fill]
    answers: Sequence[Answer]
    zone: str
    kept_back: Sequence[Message]


def of_campaign(campaign: Campaign) -> list[Total]:
    """By reason, the most frequent first."""
    return _totals(Message.objects.filter(campaign=campaign))


def totals(*, since: dt.datetime) -> list[Total]:
    """Of all campaigns, of what was claimed since then."""
    return _totals(Message.objects.filter(created_at__gte=since))


def _totals(messages: QuerySet[Message]) -> list[Total]:
    rows = messages.filter(status__in=KEPT_BACK).exclude(reason="")
    found = rows.values_list("reason", "status").annotate(n=Count("pk")).order_by()
    counts: Counter[tuple[str, str]] = Counter({(why, status): n for why, status, n in found})
    named = {why for why, _status in counts}
    made = [Total(why, counts[why, Status.SKIPPED], counts[why, Status.DEFERRED]) for why in named]
    return sorted(made, key=lambda one: (-one.dropped - one.waiting, one.reason))


def at_a_cap(*, at: dt.datetime) -> int:
    """Customers who get no more marketing today, because a cap over all channels is full."""
    return len(reach.now("", at=at).full)


def standing_of(
    customer: int, numbers: Iterable[int], channels: Iterable[str], *, at: dt.datetime
) -> Standing:
    """What keeps messages from one customer, by the numbers that they have or had."""
    them, answers = list(numbers), []
    for channel in channels:
        found = contacting.preview([customer], Approach(channel), at=at)
        answers.append(_answer(channel, found.verdicts[customer]))
    facts = found.facts[customer]
    caps = deciding.caps_of(found.policy, facts.stage)
    kept_back = Message.objects.filter(customer__in=them, status__in=KEPT_BACK)
    return Standing(
        holds=list(holds.of(them, at=at)),
        is_held_out=facts.is_held_out,
        fills=[Fill(cap, deciding.counted(cap, facts.counts)) for cap in caps],
        answers=answers,
        zone=facts.zone.key,
        kept_back=list(kept_back.select_related("campaign").order_by("-pk")[:10]),
    )


def _answer(channel: str, verdict: Verdict) -> Answer:
    if isinstance(verdict, Defer):
        return Answer(channel, verdict.reason, verdict.until)
    return Answer(channel, "" if isinstance(verdict, Send) else verdict.reason)
