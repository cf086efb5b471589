"""Requests about privacy: asked for, carried out, and whom not to take in again.

What is forgotten where stands in `segments.forgetting`, `campaigns.forgetting` and
`console.privacy`, which walks through all of it.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from console import audit, clock, roles, states
from console.models import Staff
from console.states import NotAllowed
from segments import identity, sealing
from segments.items import Id
from segments.models import Customer, ForgottenId, Identifier, Merge, PrivacyRequest
from segments.sought import Sought

LOCK = 0x0E7B  # the advisory lock of who finds out in several steps whom a file means
VIEW, REQUEST, CARRY_OUT = "privacy.view", "privacy.request", "privacy.carry_out"
Kind, Law, Status = PrivacyRequest.Kind, PrivacyRequest.Law, PrivacyRequest.Status
WORKING_DAYS, DAYS = 15, 30  # PIPL's usual practice (GB/T 35273: 30 days at most); GDPR art. 12

# --- whom not to take in again ----------------------------------------------


def digest(known_as: Id) -> bytes:
    """What is kept of an erased person's identifier: nobody can read it, one who knows can ask."""
    kind, value = known_as
    value = sealing.address(value) if kind == "email" else value
    key = hashlib.sha256(b"forgotten\0" + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(key, f"{kind}\0{value}".encode(), "sha256")


def forgotten(ids: Iterable[Id]) -> dict[Id, dt.datetime]:
    """Those of the ids that were an erased person's, with the moment of the erasure.

    What happened before that moment is not to be taken in any more; what happens after it is
    somebody's new beginning. Costs one small question where nobody was ever erased.
    """
    if not ForgottenId.objects.exists():
        return {}
    by_digest = {digest(one): one for one in ids}
    found = ForgottenId.objects.filter(digest__in=list(by_digest)).values_list("digest", "at")
    return {by_digest[bytes(kept)]: at for kept, at in found}


@contextmanager
def put_off() -> Iterator[None]:
    """While this lasts no erasure begins: who is known at its beginning is known at its end.

    Else who asked to be forgotten in between would be made anew, from what a file says of them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [LOCK])
    try:
        yield
    finally:
        if connection.connection and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [LOCK])


# --- asking -----------------------------------------------------------------


@transaction.atomic
def ask(
    customer: Customer,
    kind: str,
    *,
    by: Staff,
    asked_on: dt.date,
    how: str = PrivacyRequest.How.MAIL,
    law: str = Law.PIPL,
    reference: str = "",
) -> PrivacyRequest:
    """Note that a person asked for a copy of their data, or for its erasure.

    Raises:
        NotAllowed: the role, they were erased already, or the same is open already.
    """
    roles.require(by, REQUEST)
    kept = customer.merged_into or customer
    if kept.erased_at:
        raise NotAllowed(_("Customer #%(number)s was erased already.") % {"number": kept.pk})
    try:
        with transaction.atomic():
            made = PrivacyRequest.objects.create(
                kind=kind,
                customer=kept,
                how=how,
                asked_on=asked_on,
                law=law,
                due_on=due(asked_on, law),
                reference=reference,
                requested_by=by,
                created_at=clock.now(),
            )
    except IntegrityError as twice:
        raise NotAllowed(
            _("The same was asked for customer #%(number)s and is not answered yet.")
            % {"number": kept.pk}
        ) from twice
    audit.log("privacyrequest.added", made, by=by, kind=kind, customer=kept.pk)
    return made


@transaction.atomic
def withdraw(request: PrivacyRequest, *, by: Staff) -> None:
    """The person took it back, or it was entered by mistake.

    Raises:
        NotAllowed: the role, or it has begun.
    """
    roles.require(by, REQUEST)
    if request.numbers:
        raise NotAllowed(_("The erasure has begun, and has to be carried to its end."))
    states.move(request, to=Status.WITHDRAWN, wanted="")


def due(asked_on: dt.date, law: str) -> dt.date:
    """The last day to answer on."""
    if law == Law.GDPR:
        return asked_on + dt.timedelta(days=DAYS)
    day, left = asked_on, WORKING_DAYS
    while left:  # public holidays only give more time
        day += dt.timedelta(days=1)
        left -= day.weekday() < 5
    return day


def customer_of(text: str) -> Customer | None:
    """Whom a number (#12) or a whole identifier or address names; None: nobody, or several."""
    text = text.strip()
    number = text.removeprefix("#")
    if number.isdecimal() and int(number) < 2**31:
        found = Customer.objects.filter(pk=int(number))
        if text.startswith("#") or found.exists():
            return found.first()
    forms = {text, sealing.seal(text), sealing.seal_id("email", text)}
    named = set(Identifier.objects.filter(value__in=forms).values_list("customer", flat=True))
    for field in ("email", "phone"):
        named |= set(Customer.objects.filter(**{field: text}).values_list("pk", flat=True)[:2])
    return Customer.objects.get(pk=named.pop()) if len(named) == 1 else None


# --- the beginning of an erasure --------------------------------------------


@transaction.atomic
def begin(request: PrivacyRequest, *, by: Staff, typed: str, at: dt.datetime) -> None:
    """Order an erasure; from here on there is no way back.

    Raises:
        NotAllowed: the role, or what was typed is not the customer's number.
    """
    roles.require(by, CARRY_OUT)
    if request.kind != Kind.ERASE:
        raise NotAllowed(_("This is not an erasure."))
    if typed.strip().removeprefix("#") != str(request.customer_id):
        raise NotAllowed(
            _("Type the customer's number, %(number)s, to confirm.")
            % {"number": request.customer_id}
        )
    begun = request.started_at or at
    states.move(request, to=Status.RUNNING, carried_out_by=by, started_at=begun, problem="")
    audit.log("privacyrequest.ordered", request, by=by, customer=request.customer_id)


@transaction.atomic
def close(request: PrivacyRequest, *, at: dt.datetime) -> Sought:
    """Make the customer nobody: from here on nothing that comes in is theirs.

    Doing it again finds what to look for as it was noted the first time.
    """
    if request.wanted:
        return Sought.from_kept(request.wanted)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    identity.alone()  # intake and merges wait, so that all who are this person are seen
    sought = replace(Sought.of(request.customer), erased_at=at.isoformat())
    _refuse_open_merges(sought.numbers)
    known_as = {*sought.ids, *(("email", one) for one in sought.addresses if "@" in one)}
    ForgottenId.objects.bulk_create(
        [ForgottenId(digest=digest(one), at=at, request=request) for one in sorted(known_as)],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["at", "request"],
    )
    removed, _each = Identifier.objects.filter(customer__in=sought.numbers).delete()
    Customer.objects.filter(pk__in=sought.numbers, erased_at=None).update(erased_at=at)
    request.numbers, request.wanted = sought.numbers, sought.kept()
    request.parts = {"identifiers": {"found": removed}}
    request.save(update_fields=["numbers", "wanted", "parts"])
    return sought


def _refuse_open_merges(numbers: list[int]) -> None:
    """Nobody can be merged with who is to be forgotten, and no merge is settled any more."""
    theirs = Merge.objects.filter(kept__in=numbers) | Merge.objects.filter(absorbed__in=numbers)
    for held in theirs.filter(status=Merge.Status.HELD):
        states.move(held, to=Merge.Status.REFUSED)
