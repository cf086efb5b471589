"""Lists of customers that people upload: read by workers, and refused where they name nobody."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connection, transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import audit, figures, jobs, roles, states
from console.models import Staff
from console.states import NotAllowed
from segments import (
    columns,
    corrections,
    identity,
    looks,
    sealing,
    uploads,
    usage,
)
from segments.customer_imports import cells, mapping
from segments.models import CustomerList
from segments.pasted import NUMBER
from segments.reading import files
from segments.reading.problems import BadFile, gettext_noop

ACTION = "lists.change"
LARGEST = 256 << 20  # bytes
MOST_ROWS = 10_000_000
ROWS_AT_A_TIME = 50_000
SHOWN = 20  # lines that name nobody
DAYS_KEPT = 7  # of a file that was refused, and of the lines that named nobody
LOOKED_AT = 1 << 16  # bytes that tell the encoding
READING = 80  # of a hundred: what reading takes of the time
SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx")
Status = CustomerList.Status
Refused = uploads.Refused


# --- uploading ----------------------------------------------------------------


@transaction.atomic
def keep(
    file: UploadedFile,
    *,
    name: str,
    kind: str,
    by: Staff,
    at: dt.datetime,
    column: str = "",
    leaves_unknown_out: bool = False,
) -> CustomerList:
    """Keep a file that somebody sent, as a list that waits to be read.

    Raises:
        NotAllowed: the role, or the name is taken.
        Refused: the file is empty or too large, or nobody is known by this kind of identifier.
    """
    roles.require(by, ACTION)
    _refuse_size(file.size or 0)
    _refuse_kind(kind)
    made = CustomerList(name=checked(_titled(name) or _titled(file.name or "")), kind=kind)
    made.column, made.leaves_unknown_out = column.strip()[:200], leaves_unknown_out
    made.by, made.team, made.at = by, by.team, at
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as taken:  # somebody else gave the name at this moment
        raise _taken(made.name) from taken
    folder = Path(settings.UPLOADS_PATH)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"list-{made.pk}"
    with path.open("wb") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
    path.chmod(0o600)
    made.path = str(path)
    made.save(update_fields=["path"])
    audit.log("customerlist.sent", made, by=by, bytes=file.size)
    return made


def _refuse_size(size: int) -> None:
    if not size:
        raise Refused(_("The file is empty."))
    if size > LARGEST:
        words = _("The file has %(size)s; at most %(most)s can be sent.")
        sizes = {"size": filesizeformat(size), "most": filesizeformat(LARGEST)}
        raise Refused(words % sizes)


def _refuse_kind(kind: str) -> None:
    if kind != NUMBER and kind not in identity.kinds():
        words = _("No customer is known by an identifier of the kind “%(kind)s”.")
        raise Refused(words % {"kind": kind[:40]})


def _titled(name: str) -> str:
    """A file's name without what it ends with; nobody calls a list “….csv”."""
    ending = Path(name.strip()).suffix
    return name.strip().removesuffix(ending) if ending.lower() in SUFFIXES else name


def checked(name: str) -> str:
    """A name as a list may have it.

    Raises:
        NotAllowed: it is empty, too long, or taken.
    """
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > 120 or not name.isprintable():
        raise NotAllowed(_("Give the list a name of 1 to %(most)d letters.") % {"most": 120})
    if CustomerList.objects.filter(name=name).exists():
        raise _taken(name)
    return name


def _taken(name: str) -> NotAllowed:
    words = _("There is a list “%(name)s” already, in use or archived.")
    return NotAllowed(words % {"name": name})


@transaction.atomic
def again(
    customer_list: CustomerList, *, by: Staff, leaves_unknown_out: bool, column: str, kind: str
) -> None:
    """Let a refused list be read again: otherwise, or without those who are unknown.

    Raises:
        NotAllowed: not theirs, or it was not refused.
        Refused: its file is not here any more, or nobody is known by this kind of identifier.
    """
    roles.require(by, ACTION, record=customer_list)
    if states.can_move(customer_list, to=Status.UPLOADED) and not is_here(customer_list):
        raise Refused(_("The file is not here any more; send it again."))
    _refuse_kind(kind)
    also: dict[str, Any] = {"kind": kind, "leaves_unknown_out": leaves_unknown_out}
    also["column"] = column.strip()[:200]
    states.move(customer_list, to=Status.UPLOADED, line=None, problem="", unknown=0, **also)


@transaction.atomic
def archive(customer_list: CustomerList, *, by: Staff) -> None:
    """Put a list away; no rule may speak of it.

    Raises:
        NotAllowed: not theirs, or a rule needs it: which.
    """
    roles.require(by, ACTION, record=customer_list)
    usage.refuse_used("list", customer_list.pk)
    _set_archived(customer_list, timezone.now())
    audit.log("customerlist.archived", customer_list, by=by)


@transaction.atomic
def restore(customer_list: CustomerList, *, by: Staff) -> None:
    """Take a list out again.

    Raises:
        NotAllowed: not theirs to change.
    """
    roles.require(by, ACTION, record=customer_list)
    _set_archived(customer_list, None)
    audit.log("customerlist.restored", customer_list, by=by)


def _set_archived(customer_list: CustomerList, moment: dt.datetime | None) -> None:
    CustomerList.objects.filter(pk=customer_list.pk).update(archived_at=moment)
    customer_list.archived_at = moment


# --- reading ------------------------------------------------------------------


class NotRead(Exception):
    """Why a list was refused, in the words of the person's language."""


@dataclass(frozen=True)
class _Found:
    """What a file came to."""

    rows: int
    members: Any
    unknown: int
    sample: list[tuple[int, str]]  # line, what stood there


def read(customer_list: CustomerList, *, progress: jobs.Progress = jobs.silent) -> None:
    """Find the customers of a list's file. Who is unknown refuses it, unless they are left out.

    A second run after a killed one begins anew and comes to the same.

    Raises:
        NotRead: it was refused; the list says why.
    """
    try:
        found = _find(customer_list, progress)
    except BadFile as bad:
        states.move(customer_list, to=Status.REFUSED, problem=bad.said(_))
        raise NotRead(bad.said(_)) from bad
    said = _unknown(found.unknown, found.rows)
    sample = [[line, looks.identifier(customer_list.kind, text)] for line, text in found.sample]
    also: dict[str, Any] = {"rows": found.rows, "unknown": found.unknown, "unknown_sample": sample}
    if found.unknown and not customer_list.leaves_unknown_out:
        states.move(customer_list, to=Status.REFUSED, problem=said, **also)
        raise NotRead(said)
    members = {"members": found.members, "size": len(found.members), "problem": ""}
    line = {"customers": len(found.members)}
    states.move(customer_list, to=Status.READY, line=line, **members, **also)
    forget(customer_list)
    progress(100, 100)


def why(customer_list: CustomerList) -> str:
    """Why a list was refused, in the reader's language as far as it is told by counts."""
    if customer_list.unknown:
        return _unknown(customer_list.unknown, customer_list.rows)
    return customer_list.problem


def _unknown(unknown: int, rows: int) -> str:
    words = ngettext(
        "%(count)s of %(rows)s rows names nobody whom we know.",
        "%(count)s of %(rows)s rows name nobody whom we know.",
        unknown,
    )
    return words % {"count": figures.whole(unknown), "rows": figures.whole(rows)}


def _find(customer_list: CustomerList, progress: jobs.Progress) -> _Found:
    """Compare all rows of the file at once, in a table that nobody else sees."""
    with _table() as cursor:
        rows = _fill(cursor, customer_list, progress)
        progress(READING, 100, _("comparing with whom we know"))
        kind = customer_list.kind
        known = _BY_NUMBER if kind == NUMBER else _BY_IDENTIFIER
        cursor.execute("ANALYZE listed")
        cursor.execute(_MEET + known, [] if kind == NUMBER else [kind])
        cursor.execute(_UNKNOWN)
        (unknown,) = cursor.fetchone()
        cursor.execute(_SAMPLE, [SHOWN])
        sample = cursor.fetchall()
        members = columns.ids("SELECT DISTINCT customer FROM met WHERE customer IS NOT NULL")
    return _Found(rows, members, unknown, sample)


@contextmanager
def _table() -> Iterator[Any]:
    """The tables for the rows of one file, as long as the block; reports show meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        try:
            yield cursor
        finally:
            if not connection.needs_rollback:
                cursor.execute("DROP TABLE IF EXISTS listed, met")


def _fill(cursor: Any, customer_list: CustomerList, progress: jobs.Progress) -> int:
    """Put the rows into the table; how many there were."""
    kind, rows = customer_list.kind, 0
    for some, done in _rows(customer_list):
        rows += len(some)
        if rows > MOST_ROWS:
            raise BadFile(gettext_noop("The file has more than ten million rows; split it."))
        with cursor.copy("COPY listed (line, said, kept) FROM STDIN") as copy:
            for line, text in some:
                copy.write_row((line, text, _kept(kind, text)))
        progress(round(READING * done), 100, _("reading row by row"))
    if not rows:
        raise BadFile(gettext_noop("The file names nobody."))
    return rows


def _kept(kind: str, text: str) -> str:
    """What names a customer, in the form in which we keep it; empty: it can name nobody."""
    try:
        name = cells.identifier(text, kind=kind)
    except (identity.BadIdentifier, corrections.Wrong):
        return ""
    return name if kind == NUMBER else sealing.seal_id(kind, name)


def _rows(customer_list: CustomerList) -> Iterator[tuple[list[tuple[int, str]], float]]:
    """The cells that are not empty, each with its line, some at a time; and how much is read."""
    path = Path(customer_list.path)
    file = files.opened(path, encoding=_encoding(path))
    column = _column(customer_list, file.columns)
    is_plain = len(file.columns) == 1 and not customer_list.column
    if is_plain and not _is_header(column, customer_list.kind):
        yield [(1, column)], 0.0  # a list without a header
    for batch in file.batches([column], ROWS_AT_A_TIME):
        texts = map(cells.plain, cells.listed(batch.columns[column]))
        yield [pair for pair in zip(batch.numbers, texts, strict=True) if pair[1]], batch.done


def _column(customer_list: CustomerList, there: Sequence[str]) -> str:
    """The column that was named, else the one that is called as the identifier, else a key."""
    if customer_list.column:
        if customer_list.column not in there:
            words = gettext_noop("There is no column “%(name)s”; there are: %(there)s.")
            raise BadFile(words, name=customer_list.column, there=", ".join(there)[:300])
        return customer_list.column
    called = [one for one in there if _is_header(one, customer_list.kind)]
    keys = [one for one, meaning in mapping.guess(there).items() if meaning == "key"]
    return [*called, *keys, *there][0]


def _is_header(column: str, kind: str) -> bool:
    """Whether a column's name says that such identifiers stand in it."""
    name = mapping.folded(column)
    names = {mapping.folded(kind), *mapping.GUESSES.get(kind, ())}
    names |= set(mapping.GUESSES["key"]) if kind in {NUMBER, *mapping.KINDS} else set()
    return bool(name) and (name in names or mapping.guess_kind(column) == kind)


def _encoding(path: Path) -> str:
    """UTF-8, or else what Chinese Windows writes."""
    with path.open("rb") as file:
        start = file.read(LOOKED_AT)
    try:
        start[: start.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


# --- files --------------------------------------------------------------------


def is_here(customer_list: CustomerList) -> bool:
    """Whether the list's file can still be read."""
    return bool(customer_list.path) and Path(customer_list.path).is_file()


def forget(customer_list: CustomerList) -> None:
    """Remove the kept file."""
    if customer_list.path:
        Path(customer_list.path).unlink(missing_ok=True)


def tidy(*, at: dt.datetime) -> None:
    """Every night: what was refused a week ago is not kept, nor what its lines said."""
    old = CustomerList.objects.filter(job__created_at__lt=at - dt.timedelta(days=DAYS_KEPT))
    for customer_list in old.defer("members"):
        forget(customer_list)
    old.exclude(unknown_sample=[]).update(unknown_sample=[])


def left_behind() -> list[CustomerList]:
    """Lists whose process died while it read them."""
    waiting = CustomerList.objects.filter(status=Status.UPLOADED).exclude(job=None)
    return [
        one
        for one in waiting.select_related("job").defer("members")
        if one.job and not jobs.is_at_work(one.job)
    ]


_CREATE = """
    DROP TABLE IF EXISTS listed, met;
    CREATE TEMPORARY TABLE listed (line bigint, said text, kept text)
"""
_MEET = "CREATE TEMPORARY TABLE met AS "
_BY_IDENTIFIER = """
    SELECT l.line, l.said, i.customer_id AS customer FROM listed l
    LEFT JOIN segments_identifier i ON i.kind = %s AND i.value = l.kept
"""
_BY_NUMBER = """
    SELECT l.line, l.said, now.id AS customer FROM listed l
    LEFT JOIN segments_customer was ON was.id = nullif(l.kept, '')::int
    LEFT JOIN segments_customer now
        ON now.id = coalesce(was.merged_into_id, was.id) AND now.erased_at IS NULL
"""
_UNKNOWN = "SELECT count(*) FROM met WHERE customer IS NULL"
_SAMPLE = "SELECT line, said FROM met WHERE customer IS NULL ORDER BY line LIMIT %s"
