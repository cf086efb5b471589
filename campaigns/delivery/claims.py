"""Claiming: one transaction decides about each of a group, and sets the fence before anyone sends.

It holds the customers' rows: of two claims that want to write to the same person, the second
one sees what the first one decided, and an unsubscribe that was committed before is seen by
both. A message's row is unique, so whoever has one of this step already is not claimed again.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from campaigns.contact import contacting
from campaigns.contact.contacting import Look
from campaigns.delivery import once
from campaigns.models import Campaign, CouponBatch, Intake, Message, Wave
from campaigns.money import given
from campaigns.money.given import Gave
from campaigns.offers import coupons
from campaigns.policy.nodes import Approach, Defer, Send, Skip
from console import states
from segments import sealing
from segments.models import Customer

NO_COUPON, NO_MONEY = "no_coupon", "no_money"
Status = Message.Status


@dataclass(frozen=True)
class Begun:
    """A message whose row was just written, and which has not left yet."""

    id: int
    customer: int
    channel: str
    address: str
    variant: str
    coupon: coupons.Given | None = None
    lasts: dt.timedelta | None = None  # from now on; then nobody should see it any more


@dataclass(frozen=True)
class Offer:
    """What a step wants to give: how it is approached, in which wording, with which coupon."""

    approach: Approach
    variants: Mapping[int, str] = field(default_factory=dict)  # by customer
    batch: CouponBatch | None = None
    lasts: dt.timedelta | None = None  # from when it was due; then it leaves no more
    is_once: bool = False  # for all customers of an intake together


@dataclass(frozen=True)
class Claim:
    """What was decided about a group."""

    begun: list[Begun]
    skipped: int = 0
    deferred: int = 0
    unpaid: tuple[int, ...] = ()  # customers for whose coupon there is no money


@transaction.atomic
def begin(wave: Wave, ids: list[int], offer: Offer, *, at: dt.datetime) -> Claim:
    """Decide about customers of a wave, and write the rows of their messages.

    Who has a message of this step already, that has an end or is on its way, is left out, and so
    is who left the campaign since the wave was claimed.
    """
    since, before = _history(wave, ids, at)
    expires_at = since + offer.lasts if offer.lasts is not None else None
    approach = replace(offer.approach, since=since, expires_at=expires_at)
    look = contacting.look(ids, approach, at=at)
    here = people(hold(wave))
    for gone in look.verdicts.keys() - here.keys():
        del look.verdicts[gone]
    if offer.is_once:
        once.only(look, wave, here)
    rows = _insert(wave, look, here, before, offer.variants, at)
    sending = {number: who for number, who, status, _variant in rows if status == Status.SENDING}
    wordings = {number: variant for number, _who, _status, variant in rows}
    gave, without = Gave({}), set[int]()
    if offer.batch and sending:
        campaign = Campaign.objects.get(pk=wave.campaign_id)
        gave = given.give(offer.batch, sending, campaign=campaign, at=at)
        none = sending.keys() - gave.given.keys() - gave.unpaid
        states.move_many(Message, none, frm=Status.SENDING, to=Status.SKIPPED, reason=NO_COUPON)
        states.move_many(Message, gave.unpaid, frm=Status.SENDING, to=Status.RETRY, reason=NO_MONEY)
        without = none | gave.unpaid
    contacting.record(look, {who: one for one, who in sending.items() if one not in without})
    return Claim(
        [
            Begun(
                number,
                who,
                look.channel(who),
                sealing.open_(look.addresses[who]),
                wordings[number],
                gave.given.get(number),
                expires_at - at if expires_at else None,
            )
            for number, who in sending.items()
            if number not in without
        ],
        skipped=len(without - gave.unpaid)
        + sum(status == Status.SKIPPED for *_, status, _variant in rows),
        deferred=sum(status == Status.DEFERRED for *_, status, _variant in rows),
        unpaid=tuple(sending[one] for one in gave.unpaid),
    )


# --- whom a wave is about -----------------------------------------------------


def messages(wave: Wave) -> QuerySet[Message]:
    """The messages of its step that its customers have, and those who were taken out of it."""
    by_intake = {number: [*those] for number, those in wave.intakes_of(wave.gone).items()}
    for customer, number in people(wave).items():
        by_intake.setdefault(number, []).append(customer)
    theirs = [Q(occurrence=number, customer__in=who) for number, who in by_intake.items()]
    whose = reduce(or_, theirs, Q(pk__in=[]))
    return Message.objects.filter(whose, campaign=wave.campaign_id, step=wave.step)


def waiting(wave: Wave) -> list[int]:
    """Customers of it without a message, or with one whose time has come (again)."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, _place(wave, people(wave)))
        return [pk for (pk,) in cursor.fetchall()]


def people(wave: Wave) -> dict[int, int]:
    """The wave's members, and whom they became since they came in, each with their intake.

    Who is a member already is written to as one. Of several members who became the same
    person, it is the first one's wave that writes to that person.
    """
    mine = {who: number for number, members in wave.by_intake.items() for who in members}
    with connection.cursor() as cursor:
        cursor.execute(_BECAME, {"ids": list(mine)})
        kept = [pk for (pk,) in cursor.fetchall()]
    if not kept:
        return mine
    absorbed = Customer.objects.filter(merged_into__in=kept).order_by("pk")
    became = list(absorbed.values_list("pk", "merged_into"))
    came = Intake.objects.filter(campaign=wave.campaign_id, number__in=wave.by_intake)
    for number, everyone in came.values_list("number", "members"):
        first: dict[int, int] = {}
        for member, now in became:
            if now is not None and member in everyone:
                first.setdefault(now, member)
        for now, member in first.items():
            if mine.get(member) == number and now not in everyone:
                mine.setdefault(now, number)
    return mine


def hold(wave: Wave) -> Wave:
    """The wave as it is by now; nobody is taken out of it until the transaction ends.

    Behind the customers' rows and the campaign's, as everybody who holds several locks them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD_CAMPAIGN, [wave.campaign_id])
        cursor.execute(_HOLD_WAVE, [wave.pk])
    return Wave.objects.select_related("campaign").get(pk=wave.pk)


def _history(wave: Wave, ids: list[int], at: dt.datetime) -> tuple[dt.datetime, set[int]]:
    """Since when it is due, for the longest waiting of them, on the clock of `at`.

    And who got this step's message already, as somebody who was merged into them since.
    """
    here = people(wave) if wave.mixed else dict.fromkeys(ids, wave.occurrence)
    place = _place(wave, {who: here[who] for who in ids if who in here})
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, place | {"wave": wave.pk})
        due, put_off, before = cursor.fetchone()
    return at - max(due, put_off or due, dt.timedelta()), set(before)


def _place(wave: Wave, here: Mapping[int, int]) -> dict[str, Any]:
    """Customers and their intakes, as the queries ask for them."""
    who = {"ids": list(here), "occurrences": list(here.values())}
    return {"campaign": wave.campaign_id, "step": wave.step} | who


# --- the rows -----------------------------------------------------------------


def _insert(
    wave: Wave,
    look: Look,
    here: Mapping[int, int],
    before: set[int],
    variants: Mapping[int, str],
    at: dt.datetime,
) -> list[tuple[int, int, str, str]]:
    """Number, customer, status and wording of each row that is now this claim's.

    Who was put off keeps the wording that they were given first.
    """
    if not look.verdicts:
        return []
    fates: dict[tuple[Any, ...], int] = {}  # few: most customers' rows differ in who they are
    which = []
    for customer, verdict in look.verdicts.items():
        status, reason, wait = str(Status.SENDING), "", None
        if customer in before:
            status, reason = Status.SKIPPED, "merged"
        elif isinstance(verdict, Skip):
            status, reason = Status.SKIPPED, verdict.reason
        elif isinstance(verdict, Defer):
            status, reason, wait = Status.DEFERRED, verdict.reason, verdict.until - at
        elif not isinstance(verdict, Send):
            reason = verdict.reason  # why it leaves through another channel
        fate = variants.get(customer, ""), look.channel(customer), status, reason, wait
        which.append(fates.setdefault(fate, len(fates) + 1))
    columns = dict(zip(_FATE, map(list, zip(*fates, strict=True)), strict=True))
    columns |= {"addresses": [look.addresses[who] for who in look.verdicts], "which": which}
    with connection.cursor() as cursor:
        where = _place(wave, {who: here[who] for who in look.verdicts})
        cursor.execute(_INSERT, where | columns)
        return cursor.fetchall()


_FATE = ("variants", "channels", "statuses", "reasons", "waits")
_HOLD_CAMPAIGN = "SELECT FROM campaigns_campaign WHERE id = %s FOR KEY SHARE"
_HOLD_WAVE = "SELECT FROM campaigns_wave WHERE id = %s FOR SHARE"
_BECAME = """
    SELECT DISTINCT merged_into_id FROM segments_customer
    WHERE id = ANY(%(ids)s) AND merged_into_id IS NOT NULL ORDER BY 1
"""
# Without those whose message has an end, is on its way, or is put off until later; one that was
# put off and brought back has no time any more.
_WAITING = """
    SELECT c.id FROM unnest(%(ids)s::int[], %(occurrences)s::int[]) AS one (id, occurrence)
    JOIN segments_customer c ON c.id = one.id
    LEFT JOIN campaigns_message m ON m.customer_id = c.id AND m.campaign_id = %(campaign)s
        AND m.step = %(step)s AND m.occurrence = one.occurrence
    WHERE (m.id IS NULL OR m.status = 'retry'
        OR (m.status = 'deferred' AND (m.due_at IS NULL OR m.due_at <= now())))
    ORDER BY c.id
"""
_HISTORY = """
    WITH one AS (
        SELECT * FROM unnest(%(ids)s::int[], %(occurrences)s::int[]) AS one (id, occurrence)
    )
    SELECT
        (SELECT now() - min(w.due_at) FROM campaigns_wave w WHERE w.id = %(wave)s),
        (SELECT now() - min(put_off.created_at) FROM one JOIN campaigns_message put_off
            ON put_off.campaign_id = %(campaign)s AND put_off.step = %(step)s
            AND put_off.occurrence = one.occurrence AND put_off.customer_id = one.id
            WHERE put_off.status = 'deferred'),
        array(SELECT was.merged_into_id
            FROM one JOIN segments_customer was ON was.merged_into_id = one.id
            JOIN campaigns_message got ON got.customer_id = was.id
            AND got.campaign_id = %(campaign)s AND got.step = %(step)s
            AND got.occurrence = one.occurrence
            WHERE got.status IN ('sending', 'sent', 'held'))
"""
_INSERT = """
    INSERT INTO campaigns_message AS m
        (campaign_id, step, occurrence, customer_id, variant, channel, address, status, reason,
            due_at, created_at)
    SELECT %(campaign)s, %(step)s, c.occurrence, c.customer, f.variant, f.channel, c.address,
        f.status, f.reason, now() + f.wait, now()
    FROM unnest(%(ids)s::int[], %(occurrences)s::int[], %(addresses)s::text[], %(which)s::int[]
    ) AS c (customer, occurrence, address, fate)
    JOIN unnest(%(variants)s::text[], %(channels)s::text[], %(statuses)s::text[],
        %(reasons)s::text[], %(waits)s::interval[]
    ) WITH ORDINALITY AS f (variant, channel, status, reason, wait, number) ON f.number = c.fate
    ORDER BY c.customer
    ON CONFLICT (campaign_id, step, occurrence, customer_id) DO UPDATE
        SET status = excluded.status, reason = excluded.reason, address = excluded.address,
            channel = excluded.channel, due_at = excluded.due_at
        WHERE m.status = 'retry'
            OR (m.status = 'deferred' AND coalesce(m.due_at <= now(), true))
    RETURNING m.id, m.customer_id, m.status, m.variant
"""
