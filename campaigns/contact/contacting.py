"""Whom we may write to now: the facts inside a claim, the verdicts, and what is counted of them.

Everything runs in the claim's transaction. It holds the customers' rows, so claims of other
campaigns wait, and what they sent is counted here; an unsubscribe that was committed before is
seen, because the facts are read after the rows are held.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection
from django.db.models import Q

from campaigns.contact import addresses, holdouts, policies, reach, suppression, workdays
from campaigns.models import Contact, Suppression
from campaigns.policy import calendar, deciding
from campaigns.policy.calendar import IsOff
from campaigns.policy.nodes import (
    DAY,
    MARKETING,
    MONTH,
    WEEK,
    Approach,
    Count,
    Downgrade,
    Facts,
    Policy,
    Skip,
    Verdict,
)
from console import clock
from segments import sealing, standing

KEPT = dt.timedelta(days=62)  # contacts; no cap looks back further than a month
# What an unsubscribed or complaining customer still gets is about an order or an account.
NOT_FOR_TRANSACTIONAL = (Suppression.Reason.BOUNCED, Suppression.Reason.BY_HAND)


@dataclass(frozen=True)
class Look:
    """What was found and decided about some customers; each of them is in `verdicts`."""

    at: dt.datetime
    approach: Approach
    policy: Policy
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    addresses: dict[int, str] = field(default_factory=dict)  # as the columns keep them
    facts: dict[int, Facts] = field(default_factory=dict)

    def channel(self, customer: int) -> str:
        """The channel through which it is to leave."""
        verdict = self.verdicts[customer]
        return verdict.channel if isinstance(verdict, Downgrade) else self.approach.channel


def look(customers: Collection[int], approach: Approach, *, at: dt.datetime) -> Look:
    """Hold the customers' rows until the end of the transaction, and decide about each.

    A `Downgrade` among the verdicts is final: the lower channel is open. `until` of a `Defer`
    is on the clock of `at`. Who is no customer has no verdict.
    """
    _hold(customers)
    return preview(customers, approach, at=at)


def preview(customers: Collection[int], approach: Approach, *, at: dt.datetime) -> Look:
    """What `look` would say; nobody waits for it, and nothing may leave because of it."""
    asked = _Asked(approach, at)
    found = Look(at, approach, asked.policy)
    asked.decide(customers, approach.channel, found)
    lower: dict[str, list[int]] = defaultdict(list)
    for customer, verdict in found.verdicts.items():
        if isinstance(verdict, Downgrade):
            lower[verdict.channel].append(customer)
    for channel, some in lower.items():
        asked.try_lower(some, channel, found)
    return found


def record(found: Look, messages: Mapping[int, int]) -> None:
    """Count the messages that leave: by customer, the number of the message.

    Call it in the transaction of `look`. Messages that are not limited are not counted.
    """
    if not found.approach.is_limited:
        return
    sent = [(customer, found.channel(customer), found.facts[customer]) for customer in messages]
    zones = {facts.zone for _, _, facts in sent}
    days = {zone: calendar.day_of(found.at, zone) for zone in zones}
    kinds: dict[tuple[str, dt.date], int] = {}  # few: one for most of them
    which = [
        kinds.setdefault((channel, days[facts.zone]), len(kinds) + 1) for _, channel, facts in sent
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            {
                "messages": list(messages.values()),
                "customers": list(messages),
                "which": which,
                "channels": [channel for channel, _ in kinds],
                "days": [day for _, day in kinds],
                "at": found.at,
            },
        )
    reach.note_full(found.policy, sent, found.at)


def give_back(messages: Collection[int]) -> int:
    """Count these no longer: they surely did not leave. What may have left stays counted."""
    return Contact.objects.filter(pk__in=messages).delete()[0]


def prune(*, at: dt.datetime) -> int:
    """Forget what no cap looks back to; how many contacts there were."""
    reach.forget_past(clock.day_of(at))
    return Contact.objects.filter(at__lt=at - KEPT).delete()[0]


# --- asking -----------------------------------------------------------------


class _Asked:
    """One policy at one moment; the same facts are decided about once."""

    def __init__(self, approach: Approach, at: dt.datetime) -> None:
        self.approach, self.at = approach, at
        self.policy: Policy = policies.current()
        self.is_off: IsOff = workdays.days_off(self.policy)
        self.home = clock.zone()

    def decide(self, customers: Collection[int], channel: str, found: Look) -> None:
        """Write a verdict, an address and a zone about each."""
        approach = _through(self.approach, channel)
        known: dict[Facts, Verdict] = {}
        for customer, (address, facts) in self._facts(customers, approach).items():
            verdict = known.get(facts)
            if verdict is None:
                verdict = deciding.decide(facts, self.policy, approach, self.at, self.is_off)
                known[facts] = verdict
            found.verdicts[customer] = verdict
            found.addresses[customer] = address
            found.facts[customer] = facts

    def try_lower(self, customers: list[int], channel: str, found: Look) -> None:
        """Confirm the downgrade of those for whom the lower channel is open; skip the others."""
        below = Look(self.at, self.approach, self.policy)
        self.decide(customers, channel, below)
        for customer in customers:
            wanted = found.verdicts[customer]
            assert isinstance(wanted, Downgrade)
            if below.verdicts[customer] == deciding.SEND:
                found.addresses[customer] = below.addresses[customer]
                found.facts[customer] = below.facts[customer]
            else:
                found.verdicts[customer] = Skip(wanted.reason)

    def _facts(
        self, customers: Collection[int], approach: Approach
    ) -> dict[int, tuple[str, Facts]]:
        rows = _rows(customers, approach, self.policy, self.at)
        zones = {row[2]: _zone(row[2], self.home) for row in rows}
        counts: Mapping[int, tuple[Count, ...]] = {}
        stages: Mapping[int, str] = {}
        held_out: set[int] = set()
        if approach.is_limited:
            counts = _counts(customers, self.policy, self.at, rows, zones)
            stages = _stages(customers, self.policy)
            held_out = holdouts.held_out(customers) if approach.purpose == MARKETING else set()
        forgotten = _forgotten(rows, approach.channel)
        return {
            pk: (
                address,
                Facts(
                    zone=zones[zone],
                    barred=barred or ("suppressed" if pk in forgotten else ""),
                    stage=stages.get(pk, ""),
                    counts=counts.get(pk, ()),
                    is_held_out=pk in held_out,
                    hold=hold or "",
                    hold_until=until,
                ),
            )
            for pk, address, zone, barred, hold, until in rows
        }


def _through(approach: Approach, channel: str) -> Approach:
    if channel == approach.channel:
        return approach
    return Approach(channel, approach.purpose, approach.priority, expires_at=approach.expires_at)


@lru_cache(maxsize=1024)
def _zone(name: str, home: ZoneInfo) -> ZoneInfo:
    """The customer's zone; the project's when nothing sensible is known."""
    return ZoneInfo(name) if name in _known_zones() else home


@lru_cache(maxsize=1)
def _known_zones() -> set[str]:
    return available_timezones()


# --- what is known ----------------------------------------------------------


def _hold(customers: Collection[int]) -> None:
    """In the order of their numbers, so that no two claims wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM segments_customer WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [list(customers)],
        )


Row = tuple[int, str, str, str, str | None, dt.datetime | None]


def _rows(
    customers: Collection[int], approach: Approach, policy: Policy, at: dt.datetime
) -> list[Row]:
    """Of each: number, address, zone, why the channel is closed, why they are left alone, until."""
    needs_consent = approach.is_limited and policy.way(approach.channel).needs_consent
    query = _LOOK.replace("ADDRESS", addresses.sql(approach.channel))
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {
                "ids": list(customers),
                "channel": approach.channel,
                "purpose": approach.purpose,
                "needs_consent": needs_consent,
                "is_limited": approach.is_limited,
                "hard": list(NOT_FOR_TRANSACTIONAL),
                "at": at,
            },
        )
        return cursor.fetchall()


def _counts(
    customers: Collection[int],
    policy: Policy,
    at: dt.datetime,
    rows: Iterable[Row],
    zones: Mapping[str, ZoneInfo],
) -> dict[int, tuple[Count, ...]]:
    """What counts in the present day, week and month of each customer's calendar.

    A contact counts by its moment on today's calendar, and by the date that it had on the
    customer's calendar then: who moves to another time zone has no day twice.
    """
    if not policy.caps:
        return {}
    begins: dict[str, list[Any]] = defaultdict(list)
    for name in zones:
        today = calendar.day_of(at, zones[name])
        for window in (DAY, WEEK, MONTH):
            first = calendar.first_day(today, window)
            begins[f"{window}_on"].append(first)
            begins[f"{window}_at"].append(calendar.begin(first, zones[name]))
        begins["name"].append(name)
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNTS,
            {
                **begins,
                "ids": [row[0] for row in rows],
                "zones": [row[2] for row in rows],
                "first": min([*begins["month_at"], *begins["week_at"]]) - dt.timedelta(days=2),
            },
        )
        found: dict[int, list[Count]] = defaultdict(list)
        for customer, *count in cursor.fetchall():
            found[customer].append(Count(*count))
    return {customer: tuple(theirs) for customer, theirs in found.items()}


def _stages(customers: Collection[int], policy: Policy) -> dict[int, str]:
    """The stage of each in the default set, if a cap asks for it."""
    if not any(cap.stage for cap in policy.caps):
        return {}
    return {pk: stage.key for pk, stage in standing.in_default(customers).items()}


def _forgotten(rows: Iterable[Row], channel: str) -> set[int]:
    """Customers whose address stands on the list as a digest: it was an erased person's."""
    listed = Suppression.objects.filter(~Q(digest=""), channel=channel)
    if not addresses.of_their_own(channel) or not listed.exists():
        return set()
    digests = {suppression.digest(sealing.open_(row[1])): row[0] for row in rows if row[1]}
    return {
        digests[one]
        for one in listed.filter(digest__in=list(digests)).values_list("digest", flat=True)
    }


# Addresses are copied and compared as the columns keep them, plain or sealed.
_LOOK = """
    WITH who AS (
        SELECT id AS now, id FROM unnest(%(ids)s::int[]) AS id
        UNION ALL
        SELECT merged_into_id, id FROM segments_customer WHERE merged_into_id = ANY(%(ids)s)
    )
    SELECT c.id, a.address,
        coalesce(c.attributes ->> 'time_zone', c.attributes ->> 'timezone',
            c.attributes ->> '$timezone', ''),
        CASE
            WHEN c.erased_at IS NOT NULL THEN 'erased'
            WHEN c.merged_into_id IS NOT NULL THEN 'merged'
            WHEN a.address = '' THEN 'no_address'
            WHEN %(needs_consent)s AND yes.id IS NULL THEN 'no_consent'
            WHEN no.id IS NOT NULL THEN 'suppressed'
            ELSE '' END,
        left_alone.reason, left_alone.until
    FROM segments_customer c
    CROSS JOIN LATERAL (SELECT ADDRESS AS address) a
    LEFT JOIN segments_consent yes ON yes.customer_id = c.id AND yes.granted
        AND yes.channel = %(channel)s AND yes.purpose = %(purpose)s
    LEFT JOIN campaigns_suppression no ON no.channel = %(channel)s
        AND no.address = a.address AND a.address <> ''
        AND (%(is_limited)s OR no.reason = ANY(%(hard)s))
    LEFT JOIN (
        SELECT DISTINCT ON (w.now) w.now, h.reason, h.until
        FROM who w JOIN campaigns_contacthold h ON h.customer_id = w.id
        WHERE h.lifted_at IS NULL AND (h.until IS NULL OR h.until > %(at)s)
        ORDER BY w.now, h.until DESC NULLS FIRST
    ) left_alone ON left_alone.now = c.id
    WHERE c.id = ANY(%(ids)s)
    ORDER BY c.id
"""
_RECORD = """
    INSERT INTO campaigns_contact (message_id, customer_id, channel, at, day)
    SELECT one.message, one.customer, kind.channel, %(at)s, kind.day
    FROM unnest(%(messages)s::bigint[], %(customers)s::int[], %(which)s::int[]
    ) AS one (message, customer, kind)
    JOIN unnest(%(channels)s::text[], %(days)s::date[]
    ) WITH ORDINALITY AS kind (channel, day, number) ON kind.number = one.kind
"""
_COUNTS = """
    WITH asked AS (
        SELECT * FROM unnest(%(ids)s::int[], %(zones)s::text[]) AS one (id, zone)
    ), who AS (
        SELECT id AS now, id, zone FROM asked
        UNION ALL
        SELECT a.id, c.id, a.zone FROM asked a JOIN segments_customer c ON c.merged_into_id = a.id
    )
    SELECT w.now, one.channel,
        count(*) FILTER (WHERE one.at >= z.day_at OR one.day >= z.day_on),
        count(*) FILTER (WHERE one.at >= z.week_at OR one.day >= z.week_on),
        count(*) FILTER (WHERE one.at >= z.month_at OR one.day >= z.month_on)
    FROM who w
    JOIN unnest(%(name)s::text[],
        %(day_on)s::date[], %(day_at)s::timestamptz[], %(week_on)s::date[],
        %(week_at)s::timestamptz[], %(month_on)s::date[], %(month_at)s::timestamptz[]
    ) AS z (name, day_on, day_at, week_on, week_at, month_on, month_at) ON z.name = w.zone
    JOIN campaigns_contact one ON one.customer_id = w.id AND one.at >= %(first)s
    GROUP BY w.now, one.channel ORDER BY w.now, one.channel
"""
