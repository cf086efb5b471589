"""Whose identifier is this? Known ones are found, unknown ones become new customers."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from segments.models import Customer, Identifier

LONGEST = 200  # characters of an identifier
AT_A_TIME = 50_000
FOUND_AT_MOST = 500  # by each part of a search
CONTACTS = ("email", "phone")  # kinds of identifiers that one could write to or call


class BadIdentifier(ValueError):
    """Something that cannot name a customer."""


@transaction.atomic
def resolve(kind: str, values: Iterable[str], *, at: dt.datetime | None = None) -> dict[str, int]:
    """The customer of each value, in bulk; `at` is since when new customers are known.

    Two that resolve the same new value at once get the same customer: the identifier is
    claimed first, and only who got it makes the customer.

    Raises:
        BadIdentifier: an empty or overlong value, or one with a zero byte.
    """
    wanted = sorted(set(values))  # one order everywhere, so that two callers cannot deadlock
    for value in wanted:
        check(value)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), AT_A_TIME):
        some = wanted[start : start + AT_A_TIME]
        found |= known(kind, some)
        if unknown := [value for value in some if value not in found]:
            _create(kind, unknown, at or timezone.now())
            found |= known(kind, unknown)
    return found


def known(kind: str, values: Sequence[str]) -> dict[str, int]:
    """The customers of those values that somebody has."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [kind, list(values)])
        return dict(cursor.fetchall())


def search(term: str, *, contact: bool) -> set[int]:
    """Customers by number or by how an identifier begins; for those who may know how to
    contact them, also by how an address or a name begins.

    Each part is what one index answers, and no more than anybody would page through.
    """
    found: set[int] = set()
    if term.isascii() and term.isdigit() and int(term) < 2**31:
        found |= set(Customer.objects.filter(pk=int(term)).values_list("pk", flat=True))
    known_as = Identifier.objects.filter(value__startswith=term)
    if not contact:
        known_as = known_as.exclude(kind__in=CONTACTS)
    found |= set(known_as.values_list("customer_id", flat=True)[:FOUND_AT_MOST])
    if contact:
        for field in (Q(email__startswith=term.lower()), Q(name__startswith=term)):
            some = Customer.objects.filter(field).values_list("pk", flat=True)
            found |= set(some[:FOUND_AT_MOST])
    return found


def check(value: str) -> None:
    """Refuse what cannot be an identifier."""
    if not value or value.isspace():
        raise BadIdentifier(_("A customer's identifier is empty."))
    if len(value) > LONGEST:
        raise BadIdentifier(
            _("The identifier “%(value)s…” has more than %(count)d characters.")
            % {"value": value[:40], "count": LONGEST}
        )
    if "\0" in value:
        raise BadIdentifier(_("A customer's identifier has a zero byte in it."))


def _create(kind: str, values: list[str], at: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CREATE, {"kind": kind, "values": values, "at": at})


_FIND = "SELECT value, customer_id FROM segments_identifier WHERE kind = %s AND value = ANY(%s)"

# The foreign key is checked at the end of the transaction, so the identifier may come first.
_CREATE = """
    WITH claimed AS (
        INSERT INTO segments_identifier (customer_id, kind, value)
        SELECT nextval(pg_get_serial_sequence('segments_customer', 'id')), %(kind)s, value
        FROM unnest(%(values)s::text[]) AS value
        ON CONFLICT (kind, value) DO NOTHING
        RETURNING customer_id
    )
    INSERT INTO segments_customer (id, name, email, language, attributes, created_at)
    SELECT customer_id, '', '', '', '{}', %(at)s FROM claimed
"""


def commonest_kind() -> str:
    """The kind by which most of the newest thousand identifiers name their customers."""
    newest = Identifier.objects.order_by("-pk").values_list("kind", flat=True)[:1000]
    return max(Counter(newest).items(), key=lambda one: one[1], default=("user_id", 0))[0]
