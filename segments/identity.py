"""Whose identifier is this? Known ones are found, unknown ones become new customers."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from segments import sealing
from segments.items import STRONG, Id
from segments.kinship import Person
from segments.models import Identifier, Merge

# Customers who are somebody today: the others' rows only keep their numbers from being reused.
LIVING = Q(merged_into=None, erased_at=None)
LIVING_SQL = "merged_into_id IS NULL AND erased_at IS NULL"
LOCK = 0x1DE7  # the advisory lock of who changes whose identifier is whose
LONGEST = 200  # characters of an identifier
AT_A_TIME = 50_000
FOUND_AT_MOST = 500  # by each part of a search
CONTACTS = sealing.CONTACT_KINDS


class BadIdentifier(ValueError):
    """Something that cannot name a customer."""


class Raced(Exception):
    """Somebody else gave one of the ids to a customer at this moment: look again."""


def alone() -> None:
    """Until the end of the transaction, be the only one that says whose an identifier is.

    Intake, merges and erasures take turns: none of them sees a customer that another is
    just emptying.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@transaction.atomic
def resolve(kind: str, values: Iterable[str], *, at: dt.datetime | None = None) -> dict[str, int]:
    """The customer of each value, in bulk; `at` is since when new customers are known.

    Two that resolve the same new value at once get the same customer: the identifier is
    claimed first, and only who got it makes the customer.

    Raises:
        BadIdentifier: an empty or overlong value, or one with a zero byte.
    """
    for value in (values := list(values)):
        check(value)
    stored = {value: sealing.seal_id(kind, value) for value in values}
    wanted = sorted(set(stored.values()))  # one order everywhere: two callers cannot deadlock
    found: dict[str, int] = {}
    for start in range(0, len(wanted), AT_A_TIME):
        some = wanted[start : start + AT_A_TIME]
        found |= _known(kind, some)
        if unknown := [value for value in some if value not in found]:
            _create(kind, unknown, at or timezone.now())
            found |= _known(kind, unknown)
    return {value: found[kept] for value, kept in stored.items()}


def known(kind: str, values: Sequence[str]) -> dict[str, int]:
    """The customers of those values that somebody has."""
    stored = {value: sealing.seal_id(kind, value) for value in values}
    found = _known(kind, list(stored.values()))
    return {value: found[kept] for value, kept in stored.items() if kept in found}


def _known(kind: str, stored: Sequence[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [kind, list(stored)])
        return dict(cursor.fetchall())


def as_kept(known_as: Id) -> Id:
    """The id as its column keeps it: contacts in one form, and sealed where a key is set."""
    kind, value = known_as
    return (kind, sealing.seal_id(kind, value)) if kind in CONTACTS else known_as


def find(ids: Collection[Id]) -> dict[Id, int]:
    """The customers of those ids, each as `as_kept`, that somebody has."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND_ANY, [[kind for kind, _ in ids], [value for _, value in ids]])
        return {(kind, value): customer for kind, value, customer in cursor.fetchall()}


def user_ids(customers: Collection[int]) -> dict[int, int]:
    """How many ids that name a person each of the customers has; left out: none."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_STRONG, [list(customers), list(STRONG)])
        return dict(cursor.fetchall())


def apart() -> set[frozenset[int]]:
    """Pairs of customers whom nothing but a person's word makes one: held, refused, undone."""
    pairs = Merge.objects.exclude(status=Merge.Status.DONE).values_list(
        Coalesce("kept__merged_into", "kept"), Coalesce("absorbed__merged_into", "absorbed")
    )
    return {frozenset(pair) for pair in pairs}


def settle(new: Sequence[Person], grown: Sequence[Person], *, at: dt.datetime) -> None:
    """Give new people their rows and numbers, and everybody the ids that they gained.

    Raises:
        Raced: one of the ids has got another customer meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, [len(new)])
        for person, (number,) in zip(new, cursor.fetchall(), strict=True):
            person.number = number
        since = [person.since or at for person in new]
        cursor.execute(_CREATE_MANY, [[one.number for one in new], since])
        gained = [(*known_as, one.number) for one in [*new, *grown] for known_as in one.gained]
        gained.sort(key=lambda row: row[:2])  # one order everywhere: no deadlock
        cursor.execute(_IDENTIFY, [[row[column] for row in gained] for column in range(3)])
        if cursor.rowcount != len(gained):
            raise Raced


def living(customers: Iterable[int]) -> dict[int, int]:
    """Under which number each of the customers is known today; the erased are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_NOW, [list(customers)])
        return dict(cursor.fetchall())


def forget(kind: str, value: str) -> None:
    """Know nobody by this any more, such as by the token of a device that is no longer used."""
    Identifier.objects.filter(kind=kind, value=sealing.seal_id(kind, value)).delete()


def search(term: str, *, contact: bool) -> set[int]:
    """Customers by number or by how an identifier begins; for those who may know how to
    contact them, also by how an address, a telephone number or a name begins.

    Each part is what one index answers, and no more than anybody would page through.
    """
    found: set[int] = set()
    number = term.removeprefix("#")  # as screens write it
    if number.isascii() and number.isdigit() and int(number) < 2**31:
        found |= set(living([int(number)]).values())  # who was merged is found as who they are
    found |= _begins("segments_identifier", "value", "customer_id", term, contact=contact)
    if contact:
        for field, text in {"email": sealing.address(term), "name": term, "phone": term}.items():
            found |= _begins("segments_customer", field, "id", sealing.seal(text))
        # Of sealed contacts only the whole text can be looked for.
        sealed = [sealing.seal_id(kind, term) for kind in CONTACTS]
        known_as = Identifier.objects.filter(kind__in=CONTACTS, value__in=sealed)
        found |= set(known_as.values_list("customer_id", flat=True)[:FOUND_AT_MOST])
    return found


def _begins(table: str, column: str, pk: str, text: str, *, contact: bool = True) -> set[int]:
    """Rows whose column begins so, in the order of its index: otherwise the planner, which
    sees that many do, would walk through the table until it has met enough of them."""
    kinds = "" if contact else "AND kind <> ALL(%(contacts)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {pk} FROM {table} WHERE {column} LIKE %(pattern)s {kinds} "  # noqa: S608
            f"ORDER BY {column} USING ~<~ LIMIT %(most)s",
            {
                "pattern": f"{connection.ops.prep_for_like_query(text)}%",
                "contacts": list(CONTACTS),
                "most": FOUND_AT_MOST,
            },
        )
        return {customer for (customer,) in cursor.fetchall()}


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


_FIND_ANY = """
    SELECT known.kind, known.value, known.customer_id
    FROM unnest(%s::text[], %s::text[]) AS wanted (kind, value)
    JOIN segments_identifier known USING (kind, value)
"""
_COUNT_STRONG = """
    SELECT customer_id, count(*) FROM segments_identifier
    WHERE customer_id = ANY(%s) AND kind = ANY(%s) GROUP BY 1
"""
_NUMBERS = """
    SELECT nextval(pg_get_serial_sequence('segments_customer', 'id'))
    FROM generate_series(1, %s)
"""
_CREATE_MANY = """
    INSERT INTO segments_customer (id, name, email, language, attributes, created_at)
    SELECT id, '', '', '', '{}', since FROM unnest(%s::int[], %s::timestamptz[]) AS one (id, since)
"""
_IDENTIFY = """
    INSERT INTO segments_identifier (kind, value, customer_id)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::int[]) ON CONFLICT (kind, value) DO NOTHING
"""
_NOW = """
    SELECT was.id, now.id FROM segments_customer was
    JOIN segments_customer now ON now.id = coalesce(was.merged_into_id, was.id)
    WHERE was.id = ANY(%s) AND now.erased_at IS NULL
"""
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


def kinds() -> list[str]:
    """The kinds of identifiers by which we know customers, each found by one step of an index."""
    with connection.cursor() as cursor:
        cursor.execute(_KINDS)
        return [kind for (kind,) in cursor.fetchall()]


_KINDS = """
    WITH RECURSIVE found AS (
        (SELECT kind FROM segments_identifier ORDER BY kind LIMIT 1)
        UNION ALL
        SELECT (SELECT kind FROM segments_identifier WHERE kind > found.kind
                ORDER BY kind LIMIT 1)
        FROM found WHERE found.kind IS NOT NULL
    )
    SELECT kind FROM found WHERE kind IS NOT NULL LIMIT 100
"""
