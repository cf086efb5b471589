"""Coupons: given with a message or by hand, never more than the batch has, and taken back."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, F, Sum, Value, When
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Coupon, CouponBatch, CouponDay
from campaigns.offers import coupon_codes
from console import audit, clock, kept_words, roles, states
from console.models import Staff
from console.states import NotAllowed
from segments import identity, ingest

VIEW, GIVE = "coupons.view", "coupons.give"
ISSUED = "coupon_issued"
A_MOMENT = dt.timedelta(minutes=1)  # in which nobody means to give the same coupon twice
Status = Coupon.Status


@dataclass(frozen=True)
class Given:
    """What a message says of its coupon."""

    id: int
    code: str  # as people read it
    expires_at: dt.datetime


class Unbounded(NotAllowed):
    """Nobody can tell what a coupon costs at most."""


def face(batch: CouponBatch) -> int:
    """What one of them costs at most, in minor units.

    Raises:
        Unbounded: a share of an order has no upper bound.
    """
    if not is_bounded(batch):
        words = _("“%(coupon)s” needs a maximum amount off: nobody knows what it costs at most.")
        raise Unbounded(words % {"coupon": batch})
    of_a_share = batch.kind == CouponBatch.Kind.PERCENT
    return (batch.most_minor if of_a_share else batch.value_minor) or 0


def is_bounded(batch: CouponBatch) -> bool:
    """Whether one knows what it costs at most."""
    return batch.kind != CouponBatch.Kind.PERCENT or batch.most_minor is not None


# --- with messages ------------------------------------------------------------


@transaction.atomic
def room(batch: CouponBatch, *, at: dt.datetime) -> int | None:
    """How many more may be given at this moment; None: as many as one likes.

    Nobody else gives any of this batch until the caller's transaction ends. Whoever needs
    several batches asks for them by their numbers, so that nobody waits in a ring.
    """
    return left(_hold(batch), at=at)


def left(batch: CouponBatch, *, at: dt.datetime) -> int | None:
    """The same for somebody who only looks: others may give some at this moment."""
    if batch.archived_at or (batch.ends_at and batch.ends_at <= at):
        return 0
    days = CouponDay.objects.filter(batch=batch)
    lefts = []
    if batch.most_issued is not None:
        lefts.append(batch.most_issued - (days.aggregate(all=Sum("issued"))["all"] or 0))
    if batch.most_a_day is not None:
        today = days.filter(day=clock.day_of(at)).first()
        lefts.append(batch.most_a_day - (today.issued if today else 0))
    return max(0, min(lefts)) if lefts else None


@transaction.atomic
def issue(
    batch: CouponBatch, to: Mapping[int, int], *, campaign: Campaign | None, at: dt.datetime
) -> dict[int, Given]:
    """Give each message's customer a coupon: `to` and the answer are by the messages' numbers.

    Asked again, a message has the coupon that it had, which lasts from now on: it was not
    read before. Left out is whom the caps leave none, and who used the shared code already.
    """
    left = room(batch, at=at)
    batch = _hold(batch)
    had = _had(batch, to)
    open_ = {message: one for message, one in had.items() if one.status == Status.ISSUED}
    until = expiry(batch, at)
    again = Coupon.objects.filter(pk__in=[one.pk for one in open_.values()])
    again.update(expires_at=until, settles_at=Case(When(held_minor__gt=0, then=Value(until))))
    given = {key: Given(one.pk, _shown(batch, one.code), until) for key, one in open_.items()}
    new = [message for message in to if message not in had]
    if batch.is_shared:  # of several messages to the same customer, the first
        new = list({to[message]: message for message in reversed(new)}.values())
    new = new[:left] if left is not None else new
    rows = _insert(batch, [(message, to[message]) for message in new], campaign, at, until)
    return given | {message: Given(pk, _shown(batch, code), until) for pk, message, code in rows}


def held(batch: CouponBatch, of: Mapping[int, int]) -> dict[int, Given]:
    """The coupons that messages have already, for who writes them later; by message."""
    return {
        message: Given(one.pk, _shown(batch, one.code), one.expires_at)
        for message, one in _had(batch, of).items()
        if one.status == Status.ISSUED
    }


def paid_for(batch: CouponBatch, of: Mapping[int, int]) -> set[int]:
    """The messages whose coupon holds its money already, or was used."""
    had = _had(batch, of)
    return {key for key, one in had.items() if one.held_minor or one.status != Status.ISSUED}


def _hold(batch: CouponBatch) -> CouponBatch:
    """The batch as it is now, and nobody else gives of it or changes it meanwhile."""
    return CouponBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)


def _had(batch: CouponBatch, of: Mapping[int, int]) -> dict[int, Coupon]:
    rows = Coupon.objects.filter(batch=batch).only(
        "id", "code", "status", "expires_at", "held_minor"
    )
    if not batch.is_shared:
        by_message = {one.message_id: one for one in rows.filter(message__in=list(of))}
        return {message: by_message[message] for message in of if message in by_message}
    theirs = {one.customer_id: one for one in rows.filter(customer__in=list(of.values()))}
    return {message: theirs[who] for message, who in of.items() if who in theirs}


def _insert(
    batch: CouponBatch,
    new: Sequence[tuple[int | None, int]],
    campaign: Campaign | None,
    at: dt.datetime,
    until: dt.datetime,
    *,
    by: Staff | None = None,
    because: str = "",
) -> list[tuple[int, int, str]]:
    """Rows for messages and customers: number, message and code of each."""
    if not new:
        return []
    codes = [""] * len(new) if batch.is_shared else coupon_codes.make(len(new))
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "batch": batch.pk,
                "messages": [message for message, _customer in new],
                "customers": [customer for _message, customer in new],
                "codes": codes,
                "campaign": campaign.pk if campaign else None,
                "by": by.pk if by else None,
                "because": because[:200],
                "at": at,
                "until": until,
            },
        )
        rows = cursor.fetchall()
    day, _made = CouponDay.objects.get_or_create(batch=batch, day=clock.day_of(at))
    CouponDay.objects.filter(pk=day.pk).update(issued=F("issued") + len(rows))
    ingest.receive(
        ingest.IncomingEvent(
            key=f"coupon-{pk}-issued",
            customer=customer,
            name=ISSUED,
            time=at,
            properties=about(batch, campaign.pk if campaign else None),
        )
        for pk, _message, customer, _code in rows
    )
    return [(pk, message, code) for pk, message, _customer, code in rows]


_INSERT = """
    INSERT INTO campaigns_coupon (batch_id, message_id, customer_id, code, status, campaign_id,
        given_by_id, because, issued_at, expires_at)
    SELECT %(batch)s, message, customer, code, 'issued', %(campaign)s, %(by)s, %(because)s,
        %(at)s, %(until)s
    FROM unnest(%(messages)s::bigint[], %(customers)s::int[], %(codes)s::text[])
        AS one (message, customer, code)
    RETURNING id, message_id, customer_id, code
"""


def about(batch: CouponBatch, campaign: int | None) -> dict[str, Any]:
    """What the lake is told of a coupon; the code, which is money, is not in it."""
    told: dict[str, Any] = {"coupon": kept_words.as_kept(batch.name)}
    return told | {"campaign": str(campaign)} if campaign else told


def expiry(batch: CouponBatch, at: dt.datetime) -> dt.datetime:
    """Until when a coupon lasts that is given at this moment."""
    ends = [batch.ends_at] if batch.ends_at else []
    if batch.valid_minutes:
        ends.append(at + dt.timedelta(minutes=batch.valid_minutes))
    return min(ends)


def code_of(coupon: Coupon) -> str:
    """The code as people read it; the batch has to be there."""
    return _shown(coupon.batch, coupon.code)


def _shown(batch: CouponBatch, code: str) -> str:
    return batch.shared_code if batch.is_shared else coupon_codes.show(code)


# --- what a message can say of it ------------------------------------------------


def words(batch: CouponBatch, given: Given, zone: dt.tzinfo, language: str = "") -> dict[str, Any]:
    """The facts that a template reads as `coupon.…`: plain values, money in minor units.

    Nothing is asked of the database: this runs while messages leave.
    """
    until = given.expires_at.astimezone(zone)
    return {
        "code": given.code,
        "name": kept_words.half(batch.name, language),
        "value": batch.value_minor if batch.kind == CouponBatch.Kind.VALUE else None,
        "percent": batch.percent,
        "gift": batch.gift,
        "floor": batch.floor_minor,
        "minutes": batch.valid_minutes,
        "expires_at": until,
        "expires_on": until.date(),
    }


# --- by hand ---------------------------------------------------------------------


@transaction.atomic
def give(batch: CouponBatch, customer: int, *, because: str, by: Staff, at: dt.datetime) -> Coupon:
    """A coupon for one customer, from a person who says why.

    Raises:
        NotAllowed: the role, no reason, none left, or this customer has just got one.
    """
    roles.require(by, GIVE)
    if not because.strip():
        raise NotAllowed(_("Say why the customer gets it."))
    who = identity.living([customer]).get(customer)
    if who is None:
        raise NotAllowed(_("There is no such customer."))
    left = room(batch, at=at)
    batch = _hold(batch)
    if left == 0:
        raise NotAllowed(_("None of these coupons is left, or their time is over."))
    theirs = Coupon.objects.filter(batch=batch, customer=who)
    if batch.is_shared and theirs.exists():
        raise NotAllowed(_("This customer has the coupon already."))
    if theirs.filter(given_by__isnull=False, issued_at__gt=at - A_MOMENT).exists():
        raise NotAllowed(_("This customer was given this coupon a moment ago."))
    ((pk, _message, _code),) = _insert(
        batch, [(None, who)], None, at, expiry(batch, at), by=by, because=because.strip()
    )
    coupon = Coupon.objects.get(pk=pk)
    audit.log("coupon.given", coupon, by=by, customer=who, because=because.strip())
    return coupon


@transaction.atomic
def hand_out(batch: CouponBatch, customer: int, *, at: dt.datetime) -> Coupon | None:
    """The coupon of somebody who brings a code that is for anybody; None when none is left."""
    left = room(batch, at=at)
    kept = _hold(batch)
    if theirs := Coupon.objects.filter(batch=kept, customer=customer).first():
        return theirs
    if left == 0:
        return None
    ((pk, _message, _code),) = _insert(kept, [(None, customer)], None, at, expiry(kept, at))
    return Coupon.objects.get(pk=pk)


@transaction.atomic
def revoke(coupon: Coupon, *, because: str, by: Staff) -> None:
    """Take back a coupon that was not used.

    Raises:
        NotAllowed: the role, no reason, or it was used or taken back already.
        Stale: it was used at this moment.
    """
    roles.require(by, GIVE)
    if not because.strip():
        raise NotAllowed(_("Say why it is taken back."))
    if coupon.status != Status.ISSUED:
        raise NotAllowed(_("Only a coupon that was not used can be taken back."))
    also = {"settles_at": clock.now()} if coupon.held_minor else {}
    states.move(coupon, to=Status.REVOKED, line={"because": because.strip()}, **also)
