"""Checking a file of customers: every row beside what we know, and what it would change."""

from collections.abc import Sequence
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from console import audit, jobs, states
from segments import erasure
from segments.customer_imports import cells, planning
from segments.customer_imports.cells import Given
from segments.customer_imports.mapping import NUMBER, CustomerMapping
from segments.models import CustomerImport, CustomerImportRow
from segments.reading import files
from segments.reading.problems import BadFile, gettext_noop

ROWS_AT_A_TIME = 10_000
READING = 60  # of a hundred: what reading takes of the time
MOST_ROWS = 2_000_000
Status, Outcome = CustomerImport.Status, CustomerImportRow.Outcome


class NotChecked(Exception):
    """Why a file could not be checked, in the words of the person's language."""


def check(customer_import: CustomerImport, *, progress: jobs.Progress = jobs.silent) -> None:
    """Read the whole file and write down, row by row, what it would change; change nothing.

    Raises:
        NotChecked: the file cannot be read; the import has failed with these words.
    """
    mapping = CustomerMapping.from_json(customer_import.mapping)
    states.move(customer_import, to=Status.CHECKING, error="", counts={})
    try:
        with planning.table():
            _read(customer_import, mapping, progress)
            counts = _compare(customer_import, mapping, progress)
        states.move(customer_import, to=Status.CHECKED, counts=counts)
    except BadFile as bad:
        states.move(customer_import, to=Status.FAILED, error=bad.said(_))
        raise NotChecked(bad.said(_)) from bad
    except Exception as problem:
        states.move(customer_import, to=Status.FAILED, error=type(problem).__name__)
        raise
    audit.log("customerimport.counted", customer_import, counts=counts)
    progress(100, 100)


def _read(
    customer_import: CustomerImport, mapping: CustomerMapping, progress: jobs.Progress
) -> None:
    """Read the whole file into the table in which it is compared."""
    file = files.opened(Path(customer_import.path), encoding=mapping.encoding)
    unread: list[BadFile] = []
    number = 0
    for batch in file.batches(mapping.columns, ROWS_AT_A_TIME, refuse=unread.append):
        number += len(batch.numbers)
        if number > MOST_ROWS:
            raise BadFile(gettext_noop("The file has more than two million rows; split it."))
        rows = list(cells.read(batch, mapping))
        planning.add(rows, _erased(rows, mapping))
        planning.add(map(_unreadable, unread), set())
        unread.clear()
        progress(round(READING * batch.done), 100, _("checking row by row"))
    planning.add(map(_unreadable, unread), set())


def _unreadable(bad: BadFile) -> Given:
    return cells.unreadable(bad.line or bad.row or 0, bad.said(_))


def _erased(rows: Sequence[Given], mapping: CustomerMapping) -> set[str]:
    """The keys of people who were erased."""
    if mapping.kind == NUMBER:
        return set()
    ids = [(mapping.kind, row.key) for row in rows if not row.problem]
    return {key for _kind, key in erasure.forgotten(ids)}


@transaction.atomic
def _compare(
    customer_import: CustomerImport, mapping: CustomerMapping, progress: jobs.Progress
) -> dict[str, int]:
    """Write down the outcomes in place of those of an earlier check; how many of each."""
    progress(READING, 100, _("comparing with what we know"))
    customer_import.rows.all().delete()
    planning.write(customer_import, mapping)
    _mark_doubles(customer_import)
    return _count(customer_import)


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
