"""The columns that an export may have, and how each is read for many customers at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import figures
from segments import consent, looks, sealing, traits
from segments.models import Customer, CustomerStage

Row = dict[str, Any]


@dataclass(frozen=True)
class ExportColumn:
    """One column: its heading, and whether it tells how to reach somebody."""

    key: str
    label: str | Promise
    is_contact: bool = False


BASICS = (
    ExportColumn("number", pgettext_lazy("of a record", "number")),
    ExportColumn("name", _("name"), True),
    ExportColumn("email", _("e-mail"), True),
    ExportColumn("phone", _("telephone"), True),
    ExportColumn("language", _("language")),
    ExportColumn("known_since", _("known since")),
    ExportColumn("stage", _("stage")),
)
ATTRIBUTES_SEEN = 2_000  # of the newest customers, whose attributes are offered
ID, ATTRIBUTE, TRAIT, CONSENT = "id:", "attribute:", "trait:", "consent:"


def offered() -> dict[str, list[ExportColumn]]:
    """Every column by its group, read by indexes at any number of customers."""
    return {
        "basics": list(BASICS),
        "identifiers": [
            ExportColumn(ID + kind, kind, kind in sealing.CONTACT_KINDS) for kind in _kinds()
        ],
        "attributes": [
            ExportColumn(ATTRIBUTE + name, name, looks.is_contact(name)) for name in _attributes()
        ],
        "traits": [ExportColumn(TRAIT + one.key, one.label) for one in traits.REGISTRY.values()],
        "consents": [
            ExportColumn(CONSENT + key, str(label)) for key, label in consent.CHANNELS.items()
        ],
    }


def chosen(keys: Sequence[str], *, contact: bool) -> list[ExportColumn]:
    """The columns with these keys, in the order of the offer; contacts only for who may."""
    known = [column for group in offered().values() for column in group]
    return [one for one in known if one.key in keys and (contact or not one.is_contact)]


def _kinds() -> list[str]:
    """The kinds of identifiers: from one to the next by the index, not by reading all."""
    with connection.cursor() as cursor:
        cursor.execute(_KINDS)
        return [kind for (kind,) in cursor.fetchall()]


def _attributes() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, [ATTRIBUTES_SEEN])
        return [name for (name,) in cursor.fetchall()]


# --- reading ----------------------------------------------------------------


def rows(ids: Sequence[int], columns: Sequence[ExportColumn], currency: str) -> list[list[Any]]:
    """The values of these customers, in the order of their numbers."""
    parts = {key.partition(":")[0] for key in (column.key for column in columns)}
    people = Customer.objects.filter(pk__in=ids).order_by("pk")
    if "trait" in parts:
        people = people.select_related("traits")
    more: Row = {
        "id": _identifiers(ids) if "id" in parts else {},
        "consent": _consents(ids) if "consent" in parts else {},
        "stage": _stages(ids) if "stage" in parts else {},
    }
    read = [_reader(column, more, currency) for column in columns]
    return [[one(person) for one in read] for person in people]


def _reader(column: ExportColumn, more: Row, currency: str) -> Callable[[Any], Any]:
    part, _colon, name = column.key.partition(":")
    if part in {"id", "consent"}:
        return lambda person: more[part].get((person.pk, name))
    if part == "stage":
        return lambda person: more["stage"].get(person.pk)
    if part == "attribute":
        return lambda person: _plain(person.attributes.get(name))
    if part == "trait":
        is_money = traits.REGISTRY[name].kind == traits.MONEY
        return lambda person: _trait(person, name, currency if is_money else "")
    field = {"number": "pk", "known_since": "created_at"}.get(part, part)
    return lambda person: getattr(person, field)


def _trait(person: Any, name: str, currency: str) -> Any:
    value = getattr(person.traits, name) if hasattr(person, "traits") else None
    return figures.major(value, currency) if currency and value is not None else value


def _plain(value: Any) -> Any:
    """An attribute as a cell has it."""
    if isinstance(value, list):
        return "; ".join(str(one) for one in value)
    return str(value) if isinstance(value, dict) else value


def _identifiers(ids: Sequence[int]) -> dict[tuple[int, str], str]:
    with connection.cursor() as cursor:
        cursor.execute(_IDENTIFIERS, [list(ids)])
        return {
            (customer, kind): "; ".join(sealing.peek(value) for value in values)
            for customer, kind, values in cursor.fetchall()
        }


def _consents(ids: Sequence[int]) -> dict[tuple[int, str], bool]:
    with connection.cursor() as cursor:
        cursor.execute(_CONSENTS, [list(ids), consent.MARKETING])
        return {(customer, channel): granted for customer, channel, granted in cursor.fetchall()}


def _stages(ids: Sequence[int]) -> dict[int, str]:
    standing = CustomerStage.objects.filter(customer__in=ids, stage_set__is_default=True)
    return {one.customer_id: str(one.stage) for one in standing.select_related("stage")}


_KINDS = """
    WITH RECURSIVE kinds AS (
        (SELECT kind FROM segments_identifier ORDER BY kind LIMIT 1)
        UNION ALL
        SELECT (SELECT i.kind FROM segments_identifier i WHERE i.kind > kinds.kind
            ORDER BY i.kind LIMIT 1)
        FROM kinds WHERE kinds.kind IS NOT NULL
    )
    SELECT kind FROM kinds WHERE kind IS NOT NULL
"""
_NAMES = """
    SELECT DISTINCT name FROM (
        SELECT attributes FROM segments_customer ORDER BY id DESC LIMIT %s
    ) newest, jsonb_object_keys(attributes) AS name ORDER BY name
"""
_IDENTIFIERS = """
    SELECT customer_id, kind, array_agg(value ORDER BY id) FROM segments_identifier
    WHERE customer_id = ANY(%s) GROUP BY 1, 2
"""
_CONSENTS = """
    SELECT customer_id, channel, granted FROM segments_consent
    WHERE customer_id = ANY(%s) AND purpose = %s
"""
