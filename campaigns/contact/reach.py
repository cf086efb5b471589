"""Who can be reached now, as sets of all customers: kept as bitmaps that follow every change.

They are for planning and for screens, where millions are looked at: a claim decides about each
customer by themselves. What is full of the caps is told by the project's calendar.
"""

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from pyroaring import BitMap

from campaigns import assignment
from campaigns.contact import addresses, holdouts, policies
from campaigns.models import Holdout
from campaigns.policy import calendar, deciding
from campaigns.policy.nodes import MARKETING, TRANSACTIONAL, Cap, Facts, Policy
from console import clock
from console.models import Project
from segments import asking, bitmaps, live_sets
from segments.asking import Question
from segments.models import LiveSet, LiveSetChange

PHONES = {"sms", "phone"}  # channels that find a customer by the same number
_STEP = 1 << 20  # by how much the held out are reckoned ahead of the customers


@dataclass(frozen=True)
class Reach:
    """Sets of all customers by what is known of a channel; they belong to all who ask."""

    addressed: BitMap | None  # None: the channel needs no address
    agreed: BitMap | None  # None: it needs no consent
    suppressed: BitMap
    held_out: BitMap
    left_alone: BitMap  # complained, or asked for a pause
    resting: BitMap  # of these, whose pause is longer than a message waits
    full: BitMap  # of whom a cap has no room today

    def divide(self, members: BitMap) -> tuple[BitMap, dict[str, BitMap]]:
        """Who is left of a set, and who is not: each under the first reason that applies."""
        left_out: dict[str, BitMap] = {}
        rest = members
        for reason, kept in (("no_address", self.addressed), ("no_consent", self.agreed)):
            if kept is not None:
                left_out[reason] = rest - kept
                rest = rest & kept
        for reason, closed in (
            ("suppressed", self.suppressed),
            ("held_out", self.held_out),
            ("left_alone", self.resting),
        ):
            left_out[reason] = rest & closed
            rest = rest - closed
        return rest, left_out

    def waiting(self, members: BitMap) -> BitMap:
        """Those of a set to whom nothing would leave today, though the channel is open."""
        return members & (self.full | self.left_alone)


class _Terms(NamedTuple):
    """What decides which sets are asked for."""

    time_zone: str
    today_on: dt.date | None
    content: str | None  # of the contact policy in force


@dataclass(frozen=True)
class _Wanted:
    """What is asked about a channel under some terms, and the names of the sets."""

    policy: Policy
    at: dt.datetime
    addressed: str  # empty: the channel needs no address
    agreed: str  # empty: it needs no consent
    suppressed: str
    full: list[str]

    def names(self) -> list[str]:
        one_each = [self.addressed, self.agreed, self.suppressed, live_sets.EVERYONE]
        return [name for name in (*one_each, *self.full) if name]


_united: dict[str, tuple[list[BitMap], BitMap]] = {}  # by channel: of what, and their union
_last_terms = [_Terms("UTC", None, None)]  # as they were told last: most often they are so still


def now(channel: str, *, purpose: str = MARKETING, at: dt.datetime | None = None) -> Reach:
    """What is known at this moment.

    One round of questions tells the terms, and the sets under the terms that were told last.
    If these are others by now, the sets are asked for anew.
    """
    terms, told = None, _last_terms[0]
    while terms != told:
        terms = told
        wanted = _wanted(terms, channel, purpose, at)
        held = live_sets.held_of(wanted.names())
        late = wanted.at + wanted.policy.longest_wait
        (row,), holdout, found, ((alone, resting),) = asking.ask(
            [
                Question(_TERMS),
                Question(_HOLDOUT),
                live_sets.question(held),
                Question(_LEFT_ALONE, (late, wanted.at)),
            ]
        )
        told = _last_terms[0] = _Terms(*row)
    sets = {name: one.members for name, one in live_sets.told(held, found).items()}
    last, limited = _last(sets[live_sets.EVERYONE]), purpose != TRANSACTIONAL
    return Reach(
        addressed=sets.get(wanted.addressed),
        agreed=sets.get(wanted.agreed),
        suppressed=sets[wanted.suppressed],
        held_out=_of_row(holdout, last) if purpose == MARKETING else BitMap(),
        left_alone=_numbers(alone) if limited else BitMap(),
        resting=_numbers(resting) if limited else BitMap(),
        full=_together(channel, [sets[name] for name in wanted.full]),
    )


def _together(channel: str, parts: list[BitMap]) -> BitMap:
    """The union of a channel's sets, made anew when one is another than when it was made."""
    made_of, union = _united.get(channel, ([], BitMap()))
    if [*map(id, made_of)] != [*map(id, parts)]:
        union = bitmaps.union(parts)
        _united[channel] = parts, union
    return union


@functools.lru_cache(4)
def _project(time_zone: str, today_on: dt.date | None) -> Project:
    """As much of it as tells the time."""
    return Project(time_zone=time_zone, today_on=today_on)


def _wanted(terms: _Terms, channel: str, purpose: str, at: dt.datetime | None) -> _Wanted:
    project = _project(terms.time_zone, terms.today_on)
    policy, at = policies.read(terms.content), at or clock.now(project)
    limited = purpose != TRANSACTIONAL
    needs_consent = limited and policy.way(channel).needs_consent
    return _Wanted(
        policy=policy,
        at=at,
        addressed=f"address:{_kind(channel)}" if addresses.of_their_own(channel) else "",
        agreed=live_sets.consent(channel, purpose) if needs_consent else "",
        suppressed=f"suppressed:{channel}",
        full=full_names(policy, channel, clock.day_of(at, project)) if limited else [],
    )


def _numbers(told: bytes | None) -> BitMap:
    return bitmaps.from_array(np.frombuffer(told or b"", ">i4"))


def _kind(channel: str) -> str:
    return "phone" if channel in PHONES else channel


# --- held out ---------------------------------------------------------------

_held_out: dict[tuple[str, int], tuple[int, BitMap]] = {}  # by salt and part


def held_out(holdout: Holdout) -> BitMap:
    """Every number that a holdout holds out; also of who is still to come."""
    return _share(holdout.salt, holdout.part, _last(live_sets.everyone()))


def _of_row(rows: list[tuple[Any, ...]], last: int) -> BitMap:
    return _share(rows[0][0], rows[0][1], last) if rows else BitMap()


def _share(salt: str, part: int, last: int) -> BitMap:
    until, members = _held_out.get((salt, part), (0, BitMap()))
    if until <= last:
        until = (last // _STEP + 1) * _STEP
        members = assignment.share(BitMap(range(1, until)), part, salt=salt)
        _held_out[salt, part] = until, members
    return members


def _last(customers: BitMap) -> int:
    return int(customers.max()) if customers else 0


def held_out_now() -> int:
    """How many customers are held out now."""
    found = holdouts.at_the_moment()
    return held_out(found).intersection_cardinality(live_sets.everyone()) if found else 0


# --- caps -------------------------------------------------------------------


def full_names(policy: Policy, channel: str, day: dt.date) -> list[str]:
    """The sets of those for whom a cap over this channel has no room on a day."""
    caps = {(cap.channel, cap.window) for cap in policy.caps if cap.channel in {"", channel}}
    return sorted(_full_name(*cap, day) for cap in caps)


def note_full(policy: Policy, sent: Iterable[tuple[int, str, Facts]], at: dt.datetime) -> None:
    """Write down whose caps are full by messages that leave: customer, channel, what was known."""
    found: dict[str, list[int]] = defaultdict(list)
    for customer, channel, facts in sent:
        for cap in deciding.caps_for(policy, channel, facts.stage):
            if deciding.counted(cap, facts.counts) + 1 >= cap.most - cap.reserved:
                day = calendar.day_of(at, facts.zone)
                found[_full_name(cap.channel, cap.window, day)].append(customer)
    LiveSetChange.objects.bulk_create(
        LiveSetChange(name=name, customers=customers, added=True)
        for name, customers in sorted(found.items())
    )


@transaction.atomic
def count_anew(*, at: dt.datetime) -> None:
    """Tell anew whose caps are full: by another policy, or because some did not leave after all."""
    zone = clock.zone()
    today = clock.day_of(at)
    LiveSet.objects.filter(name__startswith="full:").delete()
    LiveSetChange.objects.filter(name__startswith="full:").delete()
    for cap in policies.current().caps:
        if not cap.stage:
            _count(cap, calendar.begin(calendar.first_day(today, cap.window), zone), today)


def _count(cap: Cap, since: dt.datetime, today: dt.date) -> None:
    name, most = _full_name(cap.channel, cap.window, today), max(1, cap.most - cap.reserved)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [name, since, cap.channel, cap.channel, most])


def _full_name(channel: str, window: str, day: dt.date) -> str:
    """Another window is another set, so that none has to be emptied at midnight."""
    return f"full:{channel}:{window}:{calendar.first_day(day, window)}"


def forget_past(today: dt.date) -> None:
    """Drop the sets of windows that are over."""
    oldest = f"{today - dt.timedelta(days=40)}"
    for model in (LiveSet, LiveSetChange):
        rows = model._default_manager.filter(name__startswith="full:")
        names = set(rows.values_list("name", flat=True).distinct())
        rows.filter(name__in=[one for one in names if one.rpartition(":")[2] < oldest]).delete()


# --- keeping ----------------------------------------------------------------


def mend() -> int:
    """Find what the triggers could not know, such as an address and its block at the same moment.

    Tells how many customers were in the wrong place.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRUE)
        truth = {name: bitmaps.from_array(np.frombuffer(ids, ">i4")) for name, ids in cursor}
    wrong = 0
    for name in {*truth, *_kept_names()}:
        members, kept = truth.get(name, BitMap()), live_sets.now(name).members
        for one, added in ((members - kept, True), (kept - members, False)):
            if one:
                LiveSetChange.objects.create(name=name, customers=list(one), added=added)
                wrong += len(one)
    return wrong


def _kept_names() -> set[str]:
    names = {*LiveSet.objects.values_list("name", flat=True)}
    names |= {*LiveSetChange.objects.values_list("name", flat=True).distinct()}
    return {name for name in names if name.startswith(("address:", "suppressed:"))}


_TERMS = """
    SELECT time_zone, today_on,
        (SELECT content::text FROM campaigns_contactpolicy ORDER BY version DESC LIMIT 1)
    FROM console_project
"""
_HOLDOUT = "SELECT salt, part FROM campaigns_holdout WHERE until IS NULL"
_LEFT_ALONE = """
    SELECT string_agg(int4send(customer_id), ''::bytea),
        string_agg(int4send(customer_id), ''::bytea) FILTER (WHERE until IS NULL OR until > %s)
    FROM campaigns_contacthold WHERE lifted_at IS NULL AND (until IS NULL OR until > %s)
"""
_COUNT = """
    INSERT INTO segments_livesetchange (name, customers, added)
    SELECT %s, array_agg(customer_id), true FROM (
        SELECT customer_id FROM campaigns_contact
        WHERE at >= %s AND (%s = '' OR channel = %s)
        GROUP BY customer_id HAVING count(*) >= %s
    ) full_ones HAVING count(*) > 0
"""
_TRUE = """
    SELECT name, string_agg(int4send(id), ''::bytea) FROM (
        SELECT 'address:email' AS name, id FROM segments_customer WHERE email <> ''
        UNION ALL SELECT 'address:phone', id FROM segments_customer WHERE phone <> ''
        UNION ALL
        SELECT DISTINCT 'suppressed:' || s.channel, c.id
        FROM campaigns_suppression s JOIN segments_customer c
            ON s.address = CASE s.channel WHEN 'email' THEN c.email ELSE c.phone END
        WHERE s.address <> '' AND s.channel IN ('email', 'sms', 'phone')
    ) one GROUP BY name
"""
