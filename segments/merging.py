"""Two customers who turn out to be one: merged, looked at, taken back, and in the end settled.

A merge empties the absorbed customer's row and gives what was in it to the kept one. The
lake is not touched: `history` reads the absorbed one's events as the kept one's, until the
merge is too old to be taken back and a night writes its days anew (`docs/decisions/0007`).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import audit, roles, states
from console.models import Staff
from console.states import NotAllowed
from segments import bitmaps, bits, estates, history, identity, ingest, live_sets
from segments.models import (
    Customer,
    CustomerList,
    Merge,
    PrivacyRequest,
    Segment,
    Suspect,
    Tag,
)

ACTION = "customers.merge"
DAYS_OPEN = 30  # so long a merge can be taken back
TOLD_AT_A_TIME = 100_000
ASKED_AT_A_TIME = 5_000
Status, Reason = Merge.Status, Merge.Reason


@dataclass(frozen=True)
class Pair:
    """Who is absorbed by whom, and what says so."""

    kept: int
    absorbed: int
    reason: str
    evidence: dict[str, Any]


# --- merging ----------------------------------------------------------------


@transaction.atomic
def merge_many(pairs: Sequence[Pair], *, at: dt.datetime) -> int:
    """Merge what senders say is one; no kept one is absorbed by another pair."""
    if not pairs:
        return 0
    identity.alone()
    before = estates.hand_over([(pair.kept, pair.absorbed) for pair in pairs])
    Merge.objects.bulk_create(
        (
            _record(pair, Status.DONE, at, before=was)
            for pair, was in zip(pairs, before, strict=True)
        ),
        batch_size=1000,
    )
    audit.log("customers.merged", None, merges=len(pairs))
    return len(pairs)


def hold_many(pairs: Iterable[Pair], *, at: dt.datetime) -> int:
    """Leave it to a person whether these are one."""
    held = Merge.objects.bulk_create(_record(pair, Status.HELD, at) for pair in pairs)
    return len(held)


@transaction.atomic
def merge(
    kept: Customer, absorbed: Customer, *, by: Staff, at: dt.datetime, why: str = ""
) -> Merge:
    """Merge two customers because somebody here knows that they are one.

    Raises:
        NotAllowed: the role, or one of them is nobody of their own any more.
    """
    roles.require(by, ACTION)
    _refuse_ghosts(kept.pk, absorbed.pk)
    pair = Pair(kept.pk, absorbed.pk, Reason.BY_HAND, {"why": why[:400]} if why else {})
    (before,) = estates.hand_over([(pair.kept, pair.absorbed)])
    made = _record(pair, Status.DONE, at, before=before, by=by)
    made.save()
    audit.log("customer.merged", kept, by=by, absorbed=absorbed.pk, merge=made.pk)
    return made


def _record(pair: Pair, status: str, at: dt.datetime, **also: Any) -> Merge:
    return Merge(
        kept_id=pair.kept,
        absorbed_id=pair.absorbed,
        status=status,
        reason=pair.reason,
        evidence=pair.evidence,
        at=at,
        **also,
    )


def _refuse_ghosts(kept: int, absorbed: int) -> None:
    """Both have to be customers of their own; from here on they stay so.

    Raises:
        NotAllowed: in words.
    """
    identity.alone()
    if kept == absorbed:
        raise NotAllowed(_("A customer cannot be merged with themselves."))
    living = Customer.objects.filter(identity.LIVING, pk__in=[kept, absorbed])
    if living.count() < 2:
        raise NotAllowed(_("One of the two was merged or erased meanwhile."))
    erasures = PrivacyRequest.objects.filter(kind=PrivacyRequest.Kind.ERASE)
    under_way = erasures.filter(status=PrivacyRequest.Status.RUNNING)
    if under_way.filter(customer__in=[kept, absorbed]).exists():
        raise NotAllowed(_("One of the two is being erased; merged, both would be."))


# --- deciding ---------------------------------------------------------------


@transaction.atomic
def confirm(held: Merge, *, by: Staff, at: dt.datetime) -> None:
    """They are one person: carry out a merge that was held.

    Raises:
        NotAllowed: the role, somebody else decided, or they are one by now.
    """
    roles.require(by, ACTION)
    identity.alone()
    now = identity.living([held.kept_id, held.absorbed_id])
    kept, absorbed = now.get(held.kept_id, 0), now.get(held.absorbed_id, 0)
    _refuse_ghosts(kept, absorbed)
    states.move(held, to=Status.DONE, kept_id=kept, absorbed_id=absorbed, by=by, at=at)
    (held.before,) = estates.hand_over([(kept, absorbed)])
    held.save(update_fields=["before"])
    audit.log("customer.merged", held.kept, by=by, absorbed=absorbed, merge=held.pk)


@transaction.atomic
def refuse(held: Merge, *, by: Staff) -> None:
    """They are two people, whatever a sender says from now on.

    Raises:
        NotAllowed: the role, or somebody else decided.
    """
    roles.require(by, ACTION)
    states.move(held, to=Status.REFUSED, by=by)


@transaction.atomic
def undo(merge: Merge, *, by: Staff) -> None:
    """Take a merge back: the absorbed one is a customer again, with what was theirs.

    What came in since stays with the kept one; nobody can tell whose it was. The two are
    not merged again by what senders say.

    Raises:
        NotAllowed: the role, it is too old, or one of them was erased.
    """
    roles.require(by, ACTION)
    identity.alone()
    merge.refresh_from_db()
    if merge.settled_at:
        raise NotAllowed(
            _("After %(days)d days the events are written under the kept customer for good.")
            % {"days": DAYS_OPEN}
        )
    if not states.can_move(merge, to=Status.UNDONE):
        raise NotAllowed(_("Only a merge that was carried out can be taken back."))
    kept = identity.living([merge.absorbed_id]).get(merge.absorbed_id)
    if kept is None:
        raise NotAllowed(_("One of the two was erased meanwhile."))
    estates.give_back(kept, merge.absorbed_id, merge.before)
    states.move(merge, to=Status.UNDONE, told_at=None)
    audit.log("customer.parted", merge.absorbed, by=by, kept=kept, merge=merge.pk)


def may_undo(merge: Merge) -> bool:
    """Whether it is carried out and not too old."""
    return merge.settled_at is None and states.can_move(merge, to=Status.UNDONE)


# --- asking -----------------------------------------------------------------


def of(customer: Customer) -> QuerySet[Merge]:
    """The merges that a customer was part of, or is to be, newest first."""
    return Merge.objects.filter(Q(kept=customer) | Q(absorbed=customer)).select_related("by")


def numbers_of(customer: int) -> list[int]:
    """The customer's number, and those that were absorbed: older records tell of them."""
    absorbed = Customer.objects.filter(merged_into=customer).order_by("pk")
    return [customer, *absorbed.values_list("pk", flat=True)]


def number_of_today(customer: str) -> Coalesce:
    """In a query, by the field of a customer: the number under which the lake has them now."""
    return Coalesce(f"{customer}__merged_into", customer)


def became(numbers: BitMap) -> dict[int, int]:
    """Of these numbers those that were absorbed since, each with the one they have now."""
    gone = list(numbers - live_sets.everyone())
    found: dict[int, int] = {}
    for start in range(0, len(gone), ASKED_AT_A_TIME):
        rows = Customer.objects.filter(pk__in=gone[start : start + ASKED_AT_A_TIME])
        merged = rows.exclude(merged_into=None).values_list("pk", "merged_into")
        found |= {was: now for was, now in merged if now is not None}
    return found


# --- afterwards -------------------------------------------------------------


def tell(*, at: dt.datetime) -> int:
    """Let the days and segments of merged customers, and of parted ones, be seen anew.

    The days on which an absorbed one did anything become dirty; in segments the kept one
    takes their place. Apart from merging, because it looks through the lake: many at once
    cost as much as one.
    """
    waiting = Merge.objects.filter(status__in=[Status.DONE, Status.UNDONE], told_at=None)
    told = 0
    while some := list(waiting.values_list("pk", "absorbed", "status")[:TOLD_AT_A_TIME]):
        days = _days_of({absorbed for _pk, absorbed, _status in some})
        with transaction.atomic():
            ingest.mark_dirty(days)
            _replace_in_sets([one for _pk, one, status in some if status == Status.DONE])
            Merge.objects.filter(pk__in=[pk for pk, *_ in some]).update(told_at=at)
        told += len(some)
    return told


def settle(*, at: dt.datetime) -> int:
    """Write the events of merges that can no longer be taken back under the kept ones."""
    from segments.lake import rewrite  # heavy: not in the web process

    with ingest.lake_lock(wait=True):
        due = Merge.objects.filter(
            status=Status.DONE, settled_at=None, at__lte=at - dt.timedelta(days=DAYS_OPEN)
        )
        found = {pk: (absorbed, kept) for pk, absorbed, kept in due.values_list(*_OF_A_MERGE)}
        numbers = _to_the_end(dict(found.values()))
        rewrite.renumber(history.place(), numbers, days=_days_of(numbers))
        Merge.objects.filter(pk__in=found).update(settled_at=at)
    return len(found)


_OF_A_MERGE = ("pk", "absorbed", "kept")


def _to_the_end(numbers: dict[int, int]) -> dict[int, int]:
    """A → B and B → C together are A → C; a younger B → C waits, and is read so."""
    ends = {}
    for absorbed, kept in numbers.items():
        while kept in numbers:
            kept = numbers[kept]
        ends[absorbed] = kept
    return ends


def _days_of(customers: Iterable[int]) -> set[dt.date]:
    """The days on which the lake has events under one of these numbers."""
    from segments.lake import questions  # heavy: not in the web process

    with history.as_written() as lake:
        return set(questions.days_of(lake, customers))


def _replace_in_sets(absorbed: list[int]) -> None:
    """In the members of segments, tags and lists the kept ones take the places of the absorbed."""
    gone, now = bitmaps.from_ids(absorbed), identity.living(absorbed)
    for model in (Segment, Tag, CustomerList):
        for pk in bits.find(model, "members", absorbed):
            one = model._default_manager.select_for_update().only("members").get(pk=pk)
            kept = BitMap(now[was] for was in one.members & gone if was in now)
            members = (one.members - gone) | kept
            also = {"version": F("version") + 1} if model is Tag else {}
            model._default_manager.filter(pk=pk).update(members=members, size=len(members), **also)


@transaction.atomic
def suspect(*, at: dt.datetime) -> int:
    """Note the customers with so many ids that a merge among them may be wrong."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM segments_suspect")
        cursor.execute(_SUSPECT, {"at": at, "kind": "user_id", **Suspect.BOUNDS})
        return int(cursor.rowcount)


_SUSPECT = """
    INSERT INTO segments_suspect (customer_id, user_ids, ids, merges, found_at)
    SELECT i.customer_id, i.user_ids, i.ids,
        (SELECT count(*) FROM segments_merge m
         WHERE m.kept_id = i.customer_id AND m.status = 'done'),
        %(at)s
    FROM (
        SELECT customer_id, count(*) AS ids, count(*) FILTER (WHERE kind = %(kind)s) AS user_ids
        FROM segments_identifier GROUP BY customer_id
    ) i
    WHERE i.user_ids >= %(user_ids)s OR i.ids >= %(ids)s
    ORDER BY i.user_ids DESC, i.ids DESC LIMIT %(most)s
"""
