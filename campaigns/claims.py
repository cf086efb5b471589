"""Claiming: in one statement it is decided who is written to, and the fence is set."""

from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from campaigns import suppression
from campaigns.models import Intake, Message, Wave
from segments import sealing
from segments.models import Customer


class Begun(NamedTuple):
    """A message whose row was just written, and which has not left yet."""

    id: int
    customer: int
    address: str
    status: str


def messages(wave: Wave) -> QuerySet[Message]:
    """The messages that its customers have of its step."""
    return Message.objects.filter(
        campaign=wave.campaign_id,
        step=wave.step,
        occurrence=wave.occurrence,
        customer__in=people(wave),
    )


def waiting(wave: Wave) -> list[int]:
    """Customers of it without a message, or with one that is to be tried again."""
    settled = messages(wave).exclude(status=Message.Status.RETRY)
    return list(
        Customer.objects.filter(pk__in=people(wave))
        .exclude(pk__in=settled.values("customer"))
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def people(wave: Wave) -> list[int]:
    """The wave's members, and whom they became since they came in.

    Who is a member already is written to as one. Of several members who became the same
    person, it is the first one's wave that writes to that person.
    """
    mine = list(wave.members)
    became = Customer.objects.filter(pk__in=mine, merged_into__isnull=False)
    kept = set(became.values_list("merged_into", flat=True))
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


def begin(wave: Wave, ids: list[int]) -> list[Begun]:
    """Write the rows of a group of a wave, deciding by what is known at this very moment.

    Who has a message of this step already is not among what comes back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _BEGIN,
            {
                "campaign": wave.campaign_id,
                "step": wave.step,
                "occurrence": wave.occurrence,
                "ids": ids,
                "channel": suppression.EMAIL,
                "forgotten": suppression.forgotten_among(ids),
            },
        )
        rows = cursor.fetchall()
    return [
        Begun(number, customer, sealing.open_(address), status)
        for number, customer, address, status in rows
    ]


# Addresses are copied and compared as the columns keep them, plain or sealed.
# One statement decides and fences: whoever unsubscribed before it began is not written to, and
# a customer who has a row already is not returned, unless that row waits to be tried again. Who
# was merged is written to as who they are now, if they did not get it before as who they were.
_BEGIN = """
    INSERT INTO campaigns_message AS m
        (campaign_id, step, occurrence, customer_id, channel, address, status, reason, created_at)
    SELECT %(campaign)s, %(step)s, %(occurrence)s, c.id, %(channel)s, c.email,
        CASE WHEN why.reason = '' THEN 'sending' ELSE 'skipped' END, why.reason, now()
    FROM segments_customer c
    LEFT JOIN segments_consent yes ON yes.customer_id = c.id AND yes.granted
        AND yes.channel = %(channel)s AND yes.purpose = 'marketing'
    LEFT JOIN campaigns_suppression no ON no.channel = %(channel)s
        AND no.address = c.email AND c.email <> ''
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN c.erased_at IS NOT NULL THEN 'erased'
            WHEN c.merged_into_id IS NOT NULL OR EXISTS (
                SELECT FROM segments_customer was JOIN campaigns_message got
                    ON got.customer_id = was.id AND got.campaign_id = %(campaign)s
                    AND got.step = %(step)s AND got.occurrence = %(occurrence)s
                WHERE was.merged_into_id = c.id AND got.status IN ('sending', 'sent', 'held')
            ) THEN 'merged'
            WHEN c.email = '' THEN 'no_address'
            WHEN yes.id IS NULL THEN 'no_consent'
            WHEN no.id IS NOT NULL OR c.id = ANY(%(forgotten)s::int[]) THEN 'suppressed'
            ELSE '' END AS reason
    ) why
    WHERE c.id = ANY(%(ids)s)
    ORDER BY c.id
    ON CONFLICT (campaign_id, step, occurrence, customer_id) DO UPDATE
        SET status = excluded.status, reason = excluded.reason, address = excluded.address
        WHERE m.status = 'retry'
    RETURNING m.id, m.customer_id, m.address, m.status
"""
