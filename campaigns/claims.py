"""Claiming: one transaction decides about each of a group, and sets the fence before anyone sends.

It holds the customers' rows: of two claims that want to write to the same person, the second
one sees what the first one decided, and an unsubscribe that was committed before is seen by
both. A message's row is unique, so whoever has one of this step already is not claimed again.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from campaigns import contacting, coupons
from campaigns.contacting import Look
from campaigns.models import Campaign, CouponBatch, Intake, Message, Wave
from campaigns.policy.nodes import Approach, Defer, Send, Skip
from console import states
from segments import sealing
from segments.models import Customer

NO_COUPON = "no_coupon"
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


@dataclass(frozen=True)
class Claim:
    """What was decided about a group."""

    begun: list[Begun]
    skipped: int = 0
    deferred: int = 0


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
    for gone in look.verdicts.keys() - set(people(hold(wave))):
        del look.verdicts[gone]
    rows = _insert(wave, look, before, offer.variants, at)
    sending = {number: who for number, who, status in rows if status == Status.SENDING}
    given: Mapping[int, coupons.Given] = {}
    without: set[int] = set()
    if offer.batch and sending:
        campaign = Campaign.objects.get(pk=wave.campaign_id)
        given = coupons.issue(offer.batch, sending, campaign=campaign, at=at)
        without = sending.keys() - given.keys()
        states.move_many(Message, without, frm=Status.SENDING, to=Status.SKIPPED, reason=NO_COUPON)
    contacting.record(look, {who: one for one, who in sending.items() if one not in without})
    return Claim(
        [
            Begun(
                number,
                who,
                look.channel(who),
                sealing.open_(look.addresses[who]),
                offer.variants.get(who, ""),
                given.get(number),
                expires_at - at if expires_at else None,
            )
            for number, who in sending.items()
            if number not in without
        ],
        skipped=len(without) + sum(status == Status.SKIPPED for *_, status in rows),
        deferred=sum(status == Status.DEFERRED for *_, status in rows),
    )


# --- whom a wave is about -----------------------------------------------------


def messages(wave: Wave) -> QuerySet[Message]:
    """The messages of its step that its customers have, and those who were taken out of it."""
    return Message.objects.filter(
        campaign=wave.campaign_id,
        step=wave.step,
        occurrence=wave.occurrence,
        customer__in=[*people(wave), *wave.gone],
    )


def waiting(wave: Wave) -> list[int]:
    """Customers of it without a message, or with one whose time has come (again)."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, _place(wave) | {"ids": people(wave)})
        return [pk for (pk,) in cursor.fetchall()]


def people(wave: Wave) -> list[int]:
    """The wave's members, and whom they became since they came in.

    Who is a member already is written to as one. Of several members who became the same
    person, it is the first one's wave that writes to that person.
    """
    mine = list(wave.members)
    with connection.cursor() as cursor:
        cursor.execute(_BECAME, {"ids": mine})
        kept = [pk for (pk,) in cursor.fetchall()]
    if not kept:
        return mine
    everyone = Intake.objects.get(campaign=wave.campaign_id, number=wave.occurrence).members
    first: dict[int, int] = {}
    absorbed = Customer.objects.filter(merged_into__in=kept).order_by("pk")
    for member, now in absorbed.values_list("pk", "merged_into"):
        if now is not None and member in everyone:
            first.setdefault(now, member)
    return mine + [
        now for now, member in first.items() if member in wave.members and now not in everyone
    ]


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
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, _place(wave) | {"ids": ids, "wave": wave.pk})
        due, put_off, before = cursor.fetchone()
    return at - max(due, put_off or due, dt.timedelta()), set(before)


def _place(wave: Wave) -> dict[str, Any]:
    return {"campaign": wave.campaign_id, "step": wave.step, "occurrence": wave.occurrence}


# --- the rows -----------------------------------------------------------------


def _insert(
    wave: Wave, look: Look, before: set[int], variants: Mapping[int, str], at: dt.datetime
) -> list[tuple[int, int, str]]:
    """Number, customer and status of each row that is now this claim's."""
    columns: dict[str, list[Any]] = {
        name: [] for name in ("customers", "variants", "channels", "addresses")
    }
    columns |= {"statuses": [], "reasons": [], "waits": []}
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
        columns["customers"].append(customer)
        columns["variants"].append(variants.get(customer, ""))
        columns["channels"].append(look.channel(customer))
        columns["addresses"].append(look.addresses[customer])
        columns["statuses"].append(status)
        columns["reasons"].append(reason)
        columns["waits"].append(wait)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, _place(wave) | columns)
        return cursor.fetchall()


_HOLD_CAMPAIGN = "SELECT FROM campaigns_campaign WHERE id = %s FOR KEY SHARE"
_HOLD_WAVE = "SELECT FROM campaigns_wave WHERE id = %s FOR SHARE"
_BECAME = """
    SELECT DISTINCT merged_into_id FROM segments_customer
    WHERE id = ANY(%(ids)s) AND merged_into_id IS NOT NULL ORDER BY 1
"""
# Without those whose message has an end, is on its way, or is put off until later; one that was
# put off and brought back has no time any more.
_WAITING = """
    SELECT c.id FROM segments_customer c
    LEFT JOIN campaigns_message m ON m.customer_id = c.id AND m.campaign_id = %(campaign)s
        AND m.step = %(step)s AND m.occurrence = %(occurrence)s
    WHERE c.id = ANY(%(ids)s) AND (m.id IS NULL OR m.status = 'retry'
        OR (m.status = 'deferred' AND (m.due_at IS NULL OR m.due_at <= now())))
    ORDER BY c.id
"""
_HISTORY = """
    SELECT
        (SELECT now() - min(w.due_at) FROM campaigns_wave w WHERE w.id = %(wave)s),
        (SELECT now() - min(put_off.created_at) FROM campaigns_message put_off
            WHERE put_off.campaign_id = %(campaign)s AND put_off.step = %(step)s
            AND put_off.occurrence = %(occurrence)s AND put_off.customer_id = ANY(%(ids)s)
            AND put_off.status = 'deferred'),
        array(SELECT was.merged_into_id
            FROM segments_customer was JOIN campaigns_message got ON got.customer_id = was.id
            AND got.campaign_id = %(campaign)s AND got.step = %(step)s
            AND got.occurrence = %(occurrence)s
            WHERE was.merged_into_id = ANY(%(ids)s) AND got.status IN ('sending', 'sent', 'held'))
"""
_INSERT = """
    INSERT INTO campaigns_message AS m
        (campaign_id, step, occurrence, customer_id, variant, channel, address, status, reason,
            due_at, created_at)
    SELECT %(campaign)s, %(step)s, %(occurrence)s, c.customer, c.variant, c.channel, c.address,
        c.status, c.reason, now() + c.wait, now()
    FROM unnest(%(customers)s::int[], %(variants)s::text[], %(channels)s::text[],
        %(addresses)s::text[], %(statuses)s::text[], %(reasons)s::text[], %(waits)s::interval[]
    ) AS c (customer, variant, channel, address, status, reason, wait)
    ORDER BY c.customer
    ON CONFLICT (campaign_id, step, occurrence, customer_id) DO UPDATE
        SET status = excluded.status, reason = excluded.reason, address = excluded.address,
            channel = excluded.channel, due_at = excluded.due_at
        WHERE m.status = 'retry'
            OR (m.status = 'deferred' AND coalesce(m.due_at <= now(), true))
    RETURNING m.id, m.customer_id, m.status
"""
