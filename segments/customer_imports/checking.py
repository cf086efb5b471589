"""Checking a file of customers: every row beside what we know, and what it would change."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from console import audit, jobs, states
from segments import consent, erasure, identity
from segments.customer_imports import cells, planning
from segments.customer_imports.cells import Given
from segments.customer_imports.mapping import NUMBER, CustomerMapping
from segments.customer_imports.planning import Known, Plan
from segments.models import Consent, CustomerImport, CustomerImportRow
from segments.reading import files
from segments.reading.batch import Batch
from segments.reading.problems import BadFile, gettext_noop

ROWS_AT_A_TIME = 5_000
MOST_ROWS = 2_000_000
Status, Outcome = CustomerImport.Status, CustomerImportRow.Outcome


class NotChecked(Exception):
    """Why a file could not be checked, in the words of the person's language."""


def check(customer_import: CustomerImport, *, progress: jobs.Progress = jobs.silent) -> None:
    """Read the whole file and write down, row by row, what it would change; change nothing.

    Raises:
        NotChecked: the file cannot be read; the import has failed with these words.
    """
    states.move(customer_import, to=Status.CHECKING, error="", counts={})
    try:
        with transaction.atomic():
            customer_import.rows.all().delete()
            _stage(customer_import, progress)
            _mark_doubles(customer_import)
            counts = _count(customer_import)
        states.move(customer_import, to=Status.CHECKED, counts=counts)
    except BadFile as bad:
        states.move(customer_import, to=Status.FAILED, error=bad.said(_))
        raise NotChecked(bad.said(_)) from bad
    except Exception as problem:
        states.move(customer_import, to=Status.FAILED, error=type(problem).__name__)
        raise
    audit.log("customerimport.counted", customer_import, counts=counts)
    progress(100, 100)


def _stage(customer_import: CustomerImport, progress: jobs.Progress) -> None:
    mapping = CustomerMapping.from_json(customer_import.mapping)
    file = files.opened(Path(customer_import.path), encoding=mapping.encoding)
    unread: list[BadFile] = []
    number = 0
    for batch in file.batches(mapping.columns, ROWS_AT_A_TIME, refuse=unread.append):
        number += len(batch.numbers)
        if number > MOST_ROWS:
            raise BadFile(gettext_noop("The file has more than two million rows; split it."))
        given = [cells.read(at, row, mapping) for at, row in _rows(batch, mapping)]
        known = _known(given, mapping)
        plans = [(one, planning.plan(one, known, mapping)) for one in given]
        _write(customer_import, [*plans, *_unreadable(unread)])
        unread.clear()
        progress(round(95 * batch.done), 100, _("checking row by row"))
    _write(customer_import, list(_unreadable(unread)))


def _rows(batch: Batch, mapping: CustomerMapping) -> Iterable[tuple[int, dict[str, Any]]]:
    columns = [_listed(batch.columns[name]) for name in mapping.columns]
    for number, *values in zip(batch.numbers, *columns, strict=True):
        yield number, dict(zip(mapping.columns, values, strict=True))


def _listed(column: Any) -> list[Any]:
    return column if isinstance(column, list) else column.to_pylist()


def _unreadable(bad: Iterable[BadFile]) -> Iterable[tuple[Given, Plan]]:
    for one in bad:
        number = one.line or one.row or 0
        yield Given(number, {}), Plan(Outcome.BAD, reason=one.said(_))


# --- what we know -----------------------------------------------------------


def _known(rows: list[Given], mapping: CustomerMapping) -> Known:
    """Everything that we have of the customers of these rows, in a handful of questions."""
    keys = [row.key for row in rows if not row.problem]
    customers = _customers(keys, mapping.kind)
    erased: set[str] = set()
    if mapping.kind != NUMBER:
        ids = [(mapping.kind, key) for key in keys]
        erased = {value for _kind, value in erasure.forgotten(ids)}
    else:
        _refuse_unknown(rows, customers)
    return Known(
        customers=customers,
        columns=_columns(list(customers.values())),
        consents=_consents(list(customers.values())) if mapping.consents else {},
        owners=_owners(rows),
        erased=erased - customers.keys(),
    )


def _customers(keys: list[str], kind: str) -> dict[str, int]:
    if kind == NUMBER:
        living = identity.living([int(key) for key in keys])
        return {str(was): now for was, now in living.items()}
    return identity.known(kind, keys)


def _refuse_unknown(rows: list[Given], customers: dict[str, int]) -> None:
    """A number that nobody has makes no new customer: numbers are ours to give."""
    for row in rows:
        if not row.problem and row.key not in customers:
            row.problem = _("There is no customer #%(number)s.") % {"number": row.key}


def _columns(ids: list[int]) -> dict[int, dict[str, Any]]:
    """The columns as the table holds them: what is sealed stays sealed."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [ids])
        return {pk: {**json.loads(said), "md5": md5} for pk, said, md5 in cursor.fetchall()}


def _consents(ids: list[int]) -> dict[tuple[int, str], tuple[bool, Any]]:
    kept = Consent.objects.filter(customer__in=ids, purpose=consent.MARKETING)
    return {(one.customer_id, one.channel): (one.granted, one.at) for one in kept}


def _owners(rows: list[Given]) -> dict[tuple[str, str], int]:
    """Whose the addresses and numbers of the rows are already."""
    found: dict[tuple[str, str], int] = {}
    for name in ("email", "phone"):
        values = {planning.kept_form(name, row.fields[name]) for row in rows if name in row.fields}
        if values:
            with connection.cursor() as cursor:
                cursor.execute(_OWNER.format(name=name), [sorted(values)])
                found |= {(name, value): pk for value, pk in cursor.fetchall()}
    return found


# --- writing it down --------------------------------------------------------


def _write(customer_import: CustomerImport, plans: list[tuple[Given, Plan]]) -> None:
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for given, plan in plans:
            left_out = plan.outcome in {Outcome.BAD, Outcome.CONFLICT}
            copy.write_row(
                (
                    customer_import.pk,
                    given.number,
                    plan.outcome,
                    given.key,
                    plan.customer,
                    _json(plan.before),
                    _json(plan.after),
                    _json(plan.consents),
                    plan.reason,
                    _json(given.cells) if left_out else None,
                )
            )


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _mark_doubles(customer_import: CustomerImport) -> None:
    """Of several rows about one customer the first counts; the others somebody has to look at."""
    words = _("Row %(number)s is about the same customer.")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE segments_customerimportrow")
        for column in ("identifier", "customer_id"):
            cursor.execute(
                _DOUBLES.format(column=column),
                {
                    "import": customer_import.pk,
                    "words": words,
                    "key": customer_import.mapping["key"],
                },
            )


def _count(customer_import: CustomerImport) -> dict[str, int]:
    counts = dict.fromkeys(Outcome.values, 0)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [customer_import.pk])
        counts |= dict(cursor.fetchall())
    return counts


# All that a file can change of a customer, as one text.
SAID = """json_build_object('name', c.name, 'email', c.email, 'phone', c.phone,
    'language', c.language, 'attributes', c.attributes)::text"""
_COLUMNS = f"""
    SELECT id, said, md5(said)
    FROM (SELECT id, {SAID} AS said FROM segments_customer c WHERE id = ANY(%s)) found
"""  # noqa: S608  (the text above)
_OWNER = """
    SELECT {name}, min(id) FROM segments_customer
    WHERE {name} = ANY(%s) AND merged_into_id IS NULL AND erased_at IS NULL GROUP BY 1
"""
_COPY = """
    COPY segments_customerimportrow (customer_import_id, number, outcome, identifier,
        customer_id, before, after, consents, reason, "values") FROM STDIN
"""
_DOUBLES = """
    UPDATE segments_customerimportrow row
    SET outcome = 'conflict', before = NULL, after = NULL, consents = NULL,
        reason = replace(%(words)s, '%%(number)s', one.first::text),
        "values" = coalesce(row."values", jsonb_build_object(%(key)s::text, row.identifier))
    FROM (
        SELECT id, min(number) OVER (PARTITION BY {column}) AS first
        FROM segments_customerimportrow
        WHERE customer_import_id = %(import)s AND outcome IN ('new', 'changed', 'same')
            AND {column} IS NOT NULL
    ) one
    WHERE row.id = one.id AND row.number > one.first
"""
_COUNT = """
    SELECT outcome, count(*) FROM segments_customerimportrow
    WHERE customer_import_id = %s GROUP BY 1
"""
