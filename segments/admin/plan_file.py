"""The tracking plan as a file: a row for each event and for each of its properties."""

import csv
import io
from collections import defaultdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from console import formats
from console.models import Staff
from console.states import NotAllowed
from segments import event_types, formulas
from segments.event_types import Wanted
from segments.models import EventProperty, EventType
from segments.models.event import Kind

COLUMNS = ["event", "title", "description", "property", "kind", "required"]
LARGEST = 1 << 20
YES, NO = {"1", "true", "yes", "y", "是", "必填"}, {"", "0", "false", "no", "n", "否"}
KINDS = set(Kind.values) - {Kind.NULL.value}


class Unreadable(ValueError):
    """The file cannot be taken: the row, and why."""


def write() -> str:
    """The plan as it stands; it can be read again."""
    out = io.StringIO()
    out.write("\ufeff")  # by which Excel knows UTF-8
    lines = csv.writer(out)
    lines.writerow(COLUMNS)
    planned = EventType.objects.filter(is_planned=True).order_by("name")
    wanted: dict[int, list[EventProperty]] = defaultdict(list)
    for one in EventProperty.objects.filter(event_type__in=planned).order_by("name"):
        if one.is_required or one.planned_kind or one.description:
            wanted[one.event_type_id].append(one)
    for kind in planned:
        lines.writerow(map(formulas.escaped, [kind.name, kind.title, kind.description, "", "", ""]))
        for one in wanted[kind.pk]:
            required = "yes" if one.is_required else ""
            row = [kind.name, "", one.description, one.name, one.planned_kind, required]
            lines.writerow(map(formulas.escaped, row))
    return out.getvalue()


@transaction.atomic
def load(content: bytes, by: Staff) -> int:
    """Plan what the file says, and leave other events alone; tells how many are planned now.

    Raises:
        Unreadable: with the row. Nothing is changed.
    """
    events: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(_rows(content), start=2):
        try:
            _read(row, events)
        except ValueError as problem:
            words = _("Row %(number)d: %(problem)s") % {"number": number, "problem": problem}
            raise Unreadable(words) from problem
    for name, said in events.items():
        try:
            _carry_out(name, said, by)
        except NotAllowed as problem:
            raise Unreadable(str(problem)) from problem
    return EventType.objects.filter(is_planned=True).count()


def _rows(content: bytes) -> list[dict[str, str]]:
    if not content or len(content) > LARGEST:
        raise Unreadable(_("Choose a CSV file of at most 1 MB."))
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        found = [{k: (v or "").strip() for k, v in row.items() if k} for row in reader]
    except (UnicodeDecodeError, csv.Error, AttributeError) as problem:
        raise Unreadable(_("This is not a CSV file in UTF-8.")) from problem
    if "event" not in (reader.fieldnames or []):
        raise Unreadable(
            _("The first row has to name the columns: %(columns)s.")
            % {"columns": formats.listed(COLUMNS)}
        )
    return found


def _read(row: dict[str, str], events: dict[str, dict[str, Any]]) -> None:
    """One row: of an event, or of one of its properties.

    Raises:
        ValueError: in words.
    """
    name = formulas.plain(row["event"])
    if not name:
        raise ValueError(_("There is no event."))
    said = events.setdefault(name, {"wanted": {}})
    description = formulas.plain(row.get("description", ""))
    if not (wanted := formulas.plain(row.get("property", ""))):
        said |= {
            "title": formulas.plain(row.get("title", ""))[:80],
            "description": description[:400],
        }
        return
    kind, required = row.get("kind", "").lower(), row.get("required", "").lower()
    if kind and kind not in KINDS:
        raise ValueError(
            _("“%(kind)s” is no kind; there are: %(kinds)s.")
            % {"kind": kind[:40], "kinds": formats.listed(sorted(KINDS))}
        )
    if required not in YES | NO:
        raise ValueError(_("“%(value)s” is neither yes nor no.") % {"value": required[:40]})
    said["wanted"][wanted] = Wanted(required in YES, kind, description[:200])


def _carry_out(name: str, said: dict[str, Any], by: Staff) -> None:
    event_type = event_types.expect(name, by=by)
    if "title" in said:
        event_types.describe(
            event_type,
            by=by,
            title=said["title"],
            description=said["description"],
            amount_property=event_type.amount_property,
            owner=event_type.owner,
        )
    event_types.plan(event_type, by=by, is_planned=True, wanted=said["wanted"])
