"""Files of customers that somebody sent: kept until they are applied, and then forgotten."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from console import audit, roles
from console.models import Staff
from segments import formulas, uploads
from segments.customer_imports.mapping import CustomerMapping
from segments.models import CustomerImport, CustomerImportRow

ACTION = "customers.import"
LARGEST = 256 << 20  # bytes
DAYS_KEPT = 7  # of a file that nobody applied, and of the rows that were left out


Refused = uploads.Refused


@transaction.atomic
def keep(file: UploadedFile, *, by: Staff) -> CustomerImport:
    """Keep a file that somebody sent, as an import that waits for its columns to be named.

    Raises:
        NotAllowed: the role.
        Refused: it is empty, too large or too wide.
    """
    roles.require(by, ACTION)
    size = file.size or 0
    if not size:
        raise Refused(_("The file is empty."))
    if size > LARGEST:
        raise Refused(
            _("The file has %(size)s; at most %(most)s can be sent.")
            % {"size": filesizeformat(size), "most": filesizeformat(LARGEST)}
        )
    name = Path(file.name or "").name[-200:] or "?"
    kept = CustomerImport.objects.create(name=name, uploaded_by=by)
    folder = Path(settings.UPLOADS_PATH)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"customers-{kept.pk}"
    with path.open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
    uploads.refuse_wide(path)
    kept.path = str(path)
    kept.save(update_fields=["path"])
    audit.log("customerimport.uploaded", kept, by=by, bytes=size)
    return kept


def is_here(customer_import: CustomerImport) -> bool:
    """Whether the import's file can still be read."""
    return bool(customer_import.path) and Path(customer_import.path).is_file()


def forget(customer_import: CustomerImport) -> None:
    """Remove the kept file."""
    if customer_import.path:
        Path(customer_import.path).unlink(missing_ok=True)


def forget_all(*, before: dt.datetime) -> None:
    """Remove the files and the rows of everything that came in before a moment."""
    for old in CustomerImport.objects.filter(created_at__lt=before).exclude(path=""):
        forget(old)
        old.rows.all().delete()


def tidy(*, at: dt.datetime) -> None:
    """Every night: what nobody applied for a week goes, and what was left out of what was."""
    forget_all(before=at - dt.timedelta(days=DAYS_KEPT))


def left_out(customer_import: CustomerImport) -> Iterator[str]:
    """The rows that are not applied as CSV, each with its reason, to be mended and sent again."""
    outcomes = [CustomerImportRow.Outcome.CONFLICT, CustomerImportRow.Outcome.BAD]
    rows = customer_import.rows.filter(outcome__in=outcomes).order_by("number", "pk")
    columns = list(_columns(customer_import))
    yield "\ufeff" + _line([*columns, _("row"), _("why it was left out")])
    for row in rows.iterator(2_000):
        cells = row.values or {}
        values = [str(cells.get(column, "")) for column in columns]
        yield _line([*values, str(row.number), row.reason])


def _columns(customer_import: CustomerImport) -> list[str]:
    return CustomerMapping.from_json(customer_import.mapping).columns


def _line(values: list[str]) -> str:
    target = io.StringIO()
    csv.writer(target).writerow(map(formulas.escaped, values))
    return target.getvalue()
