"""Writing an export: some thousand customers at a time, whatever the number of them all."""

import csv
import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from console import audit, clock, jobs, roles
from console.models import Staff
from console.states import NotAllowed
from segments import bitmaps, formulas, looks
from segments.customer_exports import offer, selection
from segments.models import CustomerExport

ACTION = "customers.export"
CUSTOMERS_AT_A_TIME = 2_000
HOURS_KEPT = 24
TOO_LONG = 10**15  # spreadsheets keep fifteen of a number; longer ones are names, as of orders
ROWS_OF_A_SHEET = 1_000_000  # Excel ends at 1,048,576
Format = CustomerExport.Format
_AS_THEY_ARE = int | float | Decimal | dt.date  # of a workbook's cells


@transaction.atomic
def ask(
    asked: selection.Selection, *, columns: Sequence[str], kind: str, by: Staff
) -> CustomerExport:
    """An export that waits to be written.

    Raises:
        NotAllowed: the role; no columns; or columns that tell how to reach people, for somebody
            who may not see them.
    """
    roles.require(by, ACTION)
    contact = roles.allows(by, looks.ACTION)
    wanted = offer.chosen(columns, contact=True)
    if any(one.is_contact for one in wanted) and not contact:
        raise NotAllowed(_("Your role does not see names and addresses."))
    if not wanted or kind not in Format.values:
        raise NotAllowed(_("Choose at least one column, and the kind of file."))
    made = CustomerExport.objects.create(
        label=selection.label(asked),
        selection=asked,
        columns=[one.key for one in wanted],
        has_contact=contact and any(map(offer.may_tell, wanted)),
        format=kind,
        by=by,
    )
    audit.log("customerexport.asked", made, by=by, columns=made.columns)
    return made


def write(
    export: CustomerExport, *, at: dt.datetime, progress: jobs.Progress = jobs.silent
) -> None:
    """Write the file, and tell in the audit log how many customers are in it."""
    contact = roles.allows(export.by, looks.ACTION)
    columns = offer.chosen(export.columns, contact=contact)
    ids = bitmaps.to_array(selection.members(export.selection, contact=contact))
    folder = Path(settings.UPLOADS_PATH)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"export-{export.pk}.{export.format}"
    headings = [str(column.label) for column in columns]
    # Masked also for whoever lost the right since they asked, or got it.
    found = _rows(ids, columns, contact and export.has_contact, progress)
    try:
        if export.format == Format.CSV:
            _write_csv(path, headings, found)
        else:
            _write_xlsx(path, headings, found)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    path.chmod(0o600)
    export.path, export.count = str(path), len(ids)
    export.expires_at = at + dt.timedelta(hours=HOURS_KEPT)
    export.save(update_fields=["path", "count", "expires_at"])
    audit.log("customerexport.written", export, by=export.by, customers=len(ids))


def _rows(
    ids: Any, columns: Sequence[offer.ExportColumn], contact: bool, progress: jobs.Progress
) -> Iterator[list[Any]]:
    project = clock.project()
    zone = clock.zone(project)
    for start in range(0, len(ids), CUSTOMERS_AT_A_TIME):
        some = ids[start : start + CUSTOMERS_AT_A_TIME].tolist()
        for row in offer.rows(some, columns, project.currency, contact=contact):
            yield [_cell(value, zone) for value in row]
        progress(min(start + CUSTOMERS_AT_A_TIME, len(ids)), len(ids))


def _cell(value: Any, zone: ZoneInfo) -> Any:
    """A value as files know it: moments in the project's zone, which files have no word for."""
    if isinstance(value, dt.datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
    return value


def _write_csv(path: Path, headings: list[str], rows: Iterator[list[Any]]) -> None:
    # With the mark by which Excel knows that this is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([formulas.escaped(heading) for heading in headings])
        for row in rows:
            writer.writerow([_text(value) for value in row])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal | dt.date | dt.datetime):
        return str(value)  # a negative number is a number, not a formula
    return formulas.escaped(str(value))


def _write_xlsx(path: Path, headings: list[str], rows: Iterator[list[Any]]) -> None:
    """Numbers and dates as such; a text is a text, so that none is a formula."""
    import openpyxl  # heavy: not in the web process

    book = openpyxl.Workbook(write_only=True)
    sheet: Any = None
    left = 0
    for row in rows:
        if not left:
            sheet, left = book.create_sheet(), ROWS_OF_A_SHEET
            sheet.append([_as_cell(sheet, heading) for heading in headings])
        sheet.append([_as_cell(sheet, value) for value in row])
        left -= 1
    if sheet is None:
        sheet = book.create_sheet()
        sheet.append([_as_cell(sheet, heading) for heading in headings])
    book.save(path)


def _as_cell(sheet: Any, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell  # heavy: not in the web process
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # heavy: not in the web process

    is_long = isinstance(value, int) and abs(value) >= TOO_LONG
    if value is None or (isinstance(value, _AS_THEY_ARE) and not is_long):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", str(value))[:32_767])
    cell.data_type = "s"
    return cell


# --- fetching ---------------------------------------------------------------


def may_fetch(export: CustomerExport, *, by: Staff, at: dt.datetime) -> bool:
    """Whether the file is there, and theirs; with addresses also only while they may see them."""
    is_theirs = export.by_id == by.pk or by.role == Staff.Role.ADMIN
    may_see = not export.has_contact or roles.allows(by, looks.ACTION)
    is_here = bool(export.path) and Path(export.path).is_file()
    in_time = export.expires_at is not None and at < export.expires_at
    return roles.allows(by, ACTION) and is_theirs and may_see and is_here and in_time


def fetch(export: CustomerExport, *, by: Staff, at: dt.datetime) -> Path:
    """The file, with a line in the audit log.

    Raises:
        NotAllowed: it is somebody else's, too old, or has more than this person may see.
    """
    roles.require(by, ACTION)
    if not may_fetch(export, by=by, at=at):
        raise NotAllowed(_("This file cannot be fetched any more, or is somebody else's."))
    audit.log("customerexport.fetched", export, by=by, customers=export.count)
    return Path(export.path)


def forget(*, before: dt.datetime) -> int:
    """Remove the files that were written before a moment; their lines stay."""
    old = CustomerExport.objects.exclude(path="").filter(
        expires_at__lt=before + dt.timedelta(hours=HOURS_KEPT)
    )
    for export in old:
        Path(export.path).unlink(missing_ok=True)
    return old.update(path="")


def tidy(*, at: dt.datetime) -> None:
    """Every night: files of which nobody has anything any more."""
    forget(before=at - dt.timedelta(hours=HOURS_KEPT))
