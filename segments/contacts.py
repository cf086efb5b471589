"""Converting the contacts that are there: sealed, opened again, or sealed with another key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from console import audit, clock, jobs
from console.models import Project
from segments import sealing
from segments.models import Customer, CustomerImportRow, Merge
from segments.models.fields import SealedCharField, SealedIdentifierField

AT_A_TIME = 5_000  # rows in one transaction
FIELDS = ("name", "email", "phone")  # of a customer, in documents
_DOCUMENTS: list[tuple[type[models.Model], list[str]]] = [
    (Merge, ["before"]),
    (CustomerImportRow, ["before", "after"]),
]
LOCK = 0x5EA1  # the advisory lock of who converts


class WrongKey(Exception):
    """Why the console cannot work with the contacts as they are, in words."""


@dataclass(frozen=True)
class Column:
    """A column that keeps contacts."""

    table: str
    name: str
    of_kinds: bool  # only rows of `sealing.CONTACT_KINDS`


def columns() -> list[Column]:
    """Every column of every table that keeps contacts."""
    return [
        Column(model._meta.db_table, str(field.column), isinstance(field, SealedIdentifierField))
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, SealedCharField)
    ]


def is_as_set() -> bool:
    """Whether the contacts are kept as `CONTACT_KEY` says.

    Raises:
        WrongKey: they are not, and cannot be converted with the keys that are here.
    """
    sealed_with, wanted = clock.project().sealed_with, sealing.hint()
    if sealed_with == wanted:
        return True
    known = {sealing.Key.of(key).hint for key in settings.CONTACT_KEYS_OLD if key}
    if sealed_with and sealed_with not in known:
        words = (
            _("CONTACT_KEY is another key than the one that sealed the contacts (%(hint)s).")
            if wanted
            else _("The contacts are sealed (%(hint)s), and CONTACT_KEY is not set.")
        )
        further = _("Set CONTACT_KEY to that key, or name it in CONTACT_KEYS_OLD to change it.")
        raise WrongKey(f"{words % {'hint': sealed_with}} {further}")
    return False


def convert(*, progress: jobs.Progress = jobs.silent) -> int:
    """Bring every contact into the form that `CONTACT_KEY` says; how many rows were changed.

    Killed, the next run goes on: what has its form already is passed over. Nobody else may
    work with the contacts meanwhile.

    Raises:
        WrongKey: a contact is sealed with a key that is not here.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        is_as_set()
        changed = 0
        for done, column in enumerate(wanted := columns()):
            progress(done, len(wanted), f"{column.table}.{column.name}")
            changed += sum(_convert(column))
        for model, names in _DOCUMENTS:
            for name in names:
                changed += _convert_documents(model, name)
        _note(changed)
        progress(len(wanted), len(wanted))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return changed


@transaction.atomic
def _note(changed: int) -> None:
    was = clock.project().sealed_with
    Project.objects.filter(pk=1).update(sealed_with=sealing.hint())
    audit.log("contacts.converted", None, was=was, now=sealing.hint(), rows=changed)


def adopt() -> None:
    """In a console without customers there is nothing to convert."""
    if not Customer.objects.exists():
        Project.objects.filter(pk=1).update(sealed_with=sealing.hint())


def _convert(column: Column) -> Iterator[int]:
    """Change some rows at a time; tells how many each time."""
    last, kinds = 0, list(sealing.CONTACT_KINDS)
    only = "AND kind = ANY(%(kinds)s)" if column.of_kinds else "AND %(kinds)s IS NOT NULL"
    read = (
        f'SELECT id, "{column.name}" FROM "{column.table}" '  # noqa: S608  (names of ours)
        f"WHERE id > %(last)s AND \"{column.name}\" <> '' {only} ORDER BY id LIMIT {AT_A_TIME}"
    )
    write = (
        f'UPDATE "{column.table}" AS t SET "{column.name}" = one.text '  # noqa: S608
        "FROM unnest(%s::int8[], %s::text[]) AS one (id, text) WHERE t.id = one.id"
    )
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(read, {"last": last, "kinds": kinds})
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            new = {pk: form for pk, kept in rows if (form := _form(kept)) != kept}
            cursor.execute(write, [list(new), list(new.values())])
        yield len(new)


def _convert_documents(model: type[models.Model], name: str) -> int:
    """The same in documents that hold a customer's columns as the table has them."""
    changed, found = 0, model._default_manager.exclude(**{name: {}}).exclude(**{name: None})
    for pk, document in found.values_list("pk", name).iterator(chunk_size=1000):
        new = _in_document(document)
        if new != document:
            changed += model._default_manager.filter(pk=pk).update(**{name: new})
    return changed


def _in_document(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        key: _form(one) if key in FIELDS and isinstance(one, str) and one else _in_document(one)
        for key, one in value.items()
    }


def _form(kept: str) -> str:
    """Raises WrongKey."""
    try:
        return sealing.seal(sealing.open_(kept))
    except sealing.CannotOpen as problem:
        raise WrongKey(str(problem)) from problem
