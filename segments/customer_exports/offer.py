"""The columns that an export may have, and how each is read for many customers at once."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import figures
from segments import consent, looks, sealing, standing, traits


@dataclass(frozen=True)
class ExportColumn:
    """One column: its heading, and whether it tells how to reach somebody."""

    key: str
    label: str | Promise
    is_contact: bool = False


BASICS = (
    ExportColumn("number", pgettext_lazy("of a record", "number")),
    ExportColumn("name", _("name"), True),
    ExportColumn("email", pgettext_lazy("an address", "e-mail"), True),
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
        "identifiers": [ExportColumn(ID + kind, kind, looks.is_contact(kind)) for kind in _kinds()],
        "attributes": [
            ExportColumn(ATTRIBUTE + name, name, looks.is_contact(name)) for name in _attributes()
        ],
        "traits": [ExportColumn(TRAIT + one.key, one.label) for one in traits.registry().values()],
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


def may_tell(column: ExportColumn) -> bool:
    """Whether an address may stand in it: in an id or an attribute of any name."""
    return column.is_contact or column.key.startswith((ID, ATTRIBUTE))


def rows(
    ids: Sequence[int], columns: Sequence[ExportColumn], currency: str, *, contact: bool
) -> list[list[Any]]:
    """The values of these customers, in the order of their numbers; for some without contacts.

    Two or three questions for all of them, of exactly these columns: a million customers as
    Django's objects would take a quarter of an hour.
    """
    parts = [column.key.partition(":")[::2] for column in columns]
    kinds = {part for part, _name in parts}
    more: dict[str, Any] = {
        "id": _identifiers(ids, contact) if "id" in kinds else {},
        "consent": _consents(ids) if "consent" in kinds else {},
        "stage": _stages(ids) if "stage" in kinds else {},
        "trait": traits.of(ids, [name for part, name in parts if part == "trait"]),
    }
    finish = [_finisher(part, name, more, currency, contact) for part, name in parts]
    return [
        [done(row[0], value) for done, value in zip(finish, row[1:], strict=True)]
        for row in _values(ids, parts)
    ]


def _values(ids: Sequence[int], parts: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
    """Each customer's number, and what the table of customers has of each part."""
    names = [name for part, name in parts if part == "attribute"]
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(columns="".join(map(_column, parts))), [*names, list(ids)])
        return cursor.fetchall()


def _column(part: tuple[str, str]) -> str:
    match part:
        case ("attribute", _):
            return ", c.attributes -> %s"
        case (kind, _):
            return f", {_FIELDS.get(kind, 'NULL')}"


def _finisher(
    part: str, name: str, more: dict[str, Any], currency: str, contact: bool
) -> Callable[[int, Any], Any]:
    """What makes of a customer's number and a raw value what a file has."""
    if part in {"id", "consent"}:
        return lambda pk, _value: more[part].get((pk, name))
    if part == "stage":
        return lambda pk, _value: more["stage"].get(pk)
    if part == "attribute":
        return lambda _pk, value: None if value is None else _attribute(name, value, contact)
    if part == "trait":
        known = traits.some([name]).get(name)
        is_money = known is not None and known.kind == traits.MONEY
        return lambda pk, _value: _trait(more["trait"][pk].get(name), currency if is_money else "")
    if part in {"name", "email", "phone"}:
        return lambda _pk, value: sealing.peek(value)
    return lambda _pk, value: value


def _trait(value: Any, currency: str) -> Any:
    """A trait as a cell has it: money, of which the currency is given, in whole units."""
    return figures.major(value, currency) if currency and value is not None else value


def _attribute(name: str, raw: str, contact: bool) -> Any:
    """An attribute as a cell has it."""
    value = json.loads(raw)
    value = value if contact else looks.attributes({name: value})[name]
    if isinstance(value, list):
        return "; ".join(str(_or_json(one)) for one in value)
    return _or_json(value)


def _or_json(value: Any) -> Any:
    """What has parts as JSON, which others read as well."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _identifiers(ids: Sequence[int], contact: bool) -> dict[tuple[int, str], str]:
    with connection.cursor() as cursor:
        cursor.execute(_IDENTIFIERS, [list(ids)])
        return {
            (customer, kind): "; ".join(
                value if contact else looks.identifier(kind, value)
                for value in map(sealing.peek, values)
            )
            for customer, kind, values in cursor.fetchall()
        }


def _consents(ids: Sequence[int]) -> dict[tuple[int, str], bool]:
    with connection.cursor() as cursor:
        cursor.execute(_CONSENTS, [list(ids), consent.MARKETING])
        return {(customer, channel): granted for customer, channel, granted in cursor.fetchall()}


def _stages(ids: Sequence[int]) -> dict[int, str]:
    return {customer: str(stage) for customer, stage in standing.in_default(ids).items()}


_FIELDS = {
    "number": "c.id",
    "name": "c.name",
    "email": "c.email",
    "phone": "c.phone",
    "language": "c.language",
    "known_since": "c.created_at",
}
_ROWS = """
    SELECT c.id{columns} FROM segments_customer c
    WHERE c.id = ANY(%s) ORDER BY c.id
"""
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
