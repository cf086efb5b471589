"""Files that people sent, kept until they are loaded."""

import csv
import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from console import audit
from console.models import Staff
from segments import formulas
from segments.models import EventImport
from segments.reading import files
from segments.reading.problems import BadFile, TooWide

LARGEST = 2 << 30  # bytes of an upload; larger files come in by `manage.py importevents`
DAYS_KEPT = 7  # of a file that nobody loaded, and of the parts that were read of it
DAYS_BAD_KEPT = 30  # of a list of bad rows, which may have somebody's data in it
DAYS_UNDOABLE = 30  # so long it is remembered what a file brought


class Refused(ValueError):
    """A file that is not kept, and why."""


@transaction.atomic
def keep(file: UploadedFile, *, by: Staff) -> EventImport:
    """Keep a file that somebody sent, as an import that waits for its columns to be named.

    Raises:
        Refused: it is empty, too large or too wide.
    """
    size = file.size or 0
    if not size:
        raise Refused(_("The file is empty."))
    if size > LARGEST:
        raise Refused(
            _(
                "The file has %(size)s; through the browser at most %(most)s can be sent. "
                "Load larger files with manage.py importevents."
            )
            % {"size": filesizeformat(size), "most": filesizeformat(LARGEST)}
        )
    name = Path(file.name or "").name[-200:] or "?"
    event_import = EventImport.objects.create(name=name, uploaded_by=by)
    folder = Path(settings.UPLOADS_PATH)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"import-{event_import.pk}"
    with path.open("wb") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
    refuse_wide(path)
    event_import.path = str(path)
    event_import.save(update_fields=["path"])
    audit.log("eventimport.uploaded", event_import, by=by, bytes=size)
    return event_import


def refuse_wide(path: Path) -> None:
    """Remove a file with more columns than the page that names them can show.

    What else is wrong with a file that page says, beside the choice of another encoding.

    Raises:
        Refused: in words.
    """
    try:
        files.opened(path).columns  # noqa: B018  (reading them is the check)
    except TooWide as bad:
        path.unlink()
        raise Refused(bad.said(_)) from bad
    except BadFile:
        pass


def is_here(event_import: EventImport) -> bool:
    """Whether the import's file can still be read."""
    return bool(event_import.path) and Path(event_import.path).is_file()


def forget(event_import: EventImport) -> None:
    """Remove the kept file; a file that was never sent here is its owner's."""
    path = Path(event_import.path)
    if path.parent == Path(settings.UPLOADS_PATH):
        path.unlink(missing_ok=True)


def tidy(*, at: dt.datetime) -> None:
    """Remove what nobody came for: files, the parts of imports, lists of bad rows."""
    old = EventImport.objects.filter(created_at__lt=at - dt.timedelta(days=DAYS_KEPT))
    for event_import in old.exclude(path="").exclude(status=EventImport.Status.LOADING):
        forget(event_import)
        drop_parts(event_import)
    read_long_ago = at - dt.timedelta(days=DAYS_BAD_KEPT)
    for event_import in EventImport.objects.filter(bad__gt=0, loaded_at__lt=read_long_ago):
        bad_rows_of(event_import).unlink(missing_ok=True)
    long_ago = at - dt.timedelta(days=DAYS_UNDOABLE)
    for event_import in EventImport.objects.filter(loaded_at__lt=long_ago, undone_at=None):
        forget_brought(event_import)


# --- what is made of a file -------------------------------------------------


def parts_of(event_import: EventImport) -> Path:
    """The folder of what was read of the file so far."""
    return Path(settings.UPLOADS_PATH) / f"staging-{event_import.pk}"


def drop_parts(event_import: EventImport) -> None:
    shutil.rmtree(parts_of(event_import), ignore_errors=True)


def bad_rows_of(event_import: EventImport) -> Path:
    """The list of the rows that were left out as bad."""
    return Path(settings.UPLOADS_PATH) / f"bad-{event_import.pk}.csv"


def events_of(event_import: EventImport) -> Path:
    """The day and the key of each event that the file brought."""
    return Path(settings.UPLOADS_PATH) / f"events-{event_import.pk}.parquet"


def customers_of(event_import: EventImport) -> Path:
    """The numbers of the customers whom the file made."""
    return Path(settings.UPLOADS_PATH) / f"customers-of-{event_import.pk}.parquet"


def forget_brought(event_import: EventImport) -> None:
    """From here on the import cannot be taken back."""
    for path in (events_of(event_import), customers_of(event_import)):
        path.unlink(missing_ok=True)


def keep_bad_rows(event_import: EventImport, rows: Iterable[list[str]]) -> None:
    """Keep the list of bad rows for whoever has to mend them."""
    if not event_import.bad:
        return
    with bad_rows_of(event_import).open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow([_("line or row"), _("column"), _("value"), _("reason")])
        writer.writerows(map(formulas.escaped, row) for row in rows)
