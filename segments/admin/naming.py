"""Naming the columns of a sent file: the form, and what somebody wrote into it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console import clock
from segments import identity, imports
from segments.models import EventImport
from segments.reading import events, files, guessing
from segments.reading.mapping import Mapping
from segments.reading.problems import BadFile, gettext_noop

# Different values that are shown of each column, and the rows that they are looked for in.
SAMPLES, ROWS = 3, 200
# What a column can mean; of these there is one column at most …
ONE = {
    "customer": _("which customer it was"),
    "time": _("when it happened"),
    "name": _("the event's name"),
    "amount": _("an amount of money"),
    "key": _("the event's own id"),
}
# … and of these any number.
MANY = {"property": _("a property of the event"), "": _("nothing, leave it out")}


def form(event_import: EventImport, given: QueryDict) -> dict[str, Any]:
    """What the form shows: what was given, else what was kept, else a guess."""
    kept = event_import.mapping
    encoding = given.get("encoding") or kept.get("encoding") or "utf-8"
    context: dict[str, Any] = {
        "encodings": files.ENCODINGS,
        "encoding": encoding if encoding in files.ENCODINGS else "utf-8",
        "zones": sorted(available_timezones()),
        "project_zone": clock.project().time_zone,
        "form": {
            name: given.get(name, kept.get(name, default))
            for name, default in (
                ("event", ""),
                ("identifier_kind", identity.commonest_kind()),
                ("time_zone", ""),
                ("skip_without_customer", ""),
            )
        },
        "before": _loaded_before(event_import),
    }
    try:
        seen = events.look(Path(event_import.path), encoding=context["encoding"], rows=ROWS)
    except BadFile as bad:
        return {**context, "unreadable": bad.said(gettext)}
    meanings = _meanings(seen.columns, given, kept)
    same = set(given.getlist("same") or kept.get("distinct_by", []))
    return {
        **context,
        "kind": seen.kind,
        "choices": {**ONE, **MANY},
        "columns": [
            {
                "number": number,
                "name": name,
                "type": seen.types[name],
                "samples": _samples(row[number] for row in seen.rows),
                "meaning": meanings[number],
                "same": name in same,
            }
            for number, name in enumerate(seen.columns)
        ],
    }


def _samples(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))[:SAMPLES]


def _loaded_before(event_import: EventImport) -> EventImport | None:
    return imports.loaded_before(event_import.sha256) if event_import.sha256 else None


def _meanings(columns: Sequence[str], given: QueryDict, kept: dict[str, Any]) -> list[str]:
    """What each column means, as far as anybody knows."""
    if "means-0" in given:
        return [given.get(f"means-{number}", "") for number in range(len(columns))]
    if kept:
        of = {kept.get(meaning): meaning for meaning in ONE if kept.get(meaning)}
        left_out = {name: "" for name in columns if name not in kept.get("properties", [])}
        return [of.get(name, left_out.get(name, "property")) for name in columns]
    guessed = {name: meaning for meaning, name in guessing.guess(columns).items()}
    return [guessed.get(name, "property") for name in columns]


def named(given: QueryDict, event_import: EventImport) -> Mapping:
    """The columns as somebody named them in the form.

    Raises:
        BadFile: they make no sense, or not for this file.
    """
    encoding = given.get("encoding", "utf-8")
    if encoding not in files.ENCODINGS:
        raise BadFile(
            gettext_noop("“%(name)s” is not an encoding that can be read."), name=encoding
        )
    zone = given.get("time_zone", "")
    if zone and zone not in available_timezones():
        raise BadFile(gettext_noop("“%(name)s” is not a time zone."), name=zone)
    columns = files.opened(Path(event_import.path), encoding=encoding).columns
    by_meaning: dict[str, list[str]] = {}
    for number, name in enumerate(columns):
        by_meaning.setdefault(given.get(f"means-{number}", ""), []).append(name)
    for meaning in ONE:
        if len(some := by_meaning.get(meaning, [])) > 1:
            raise BadFile(
                gettext_noop("Only one column can be “%(meaning)s”, not %(columns)s."),
                meaning=ONE[meaning],
                columns=", ".join(some),
            )
    found = Mapping(
        **{meaning: by_meaning.get(meaning, [""])[0] for meaning in ONE},
        event="" if "name" in by_meaning else given.get("event", "").strip(),
        properties=tuple(by_meaning.get("property", [])),
        distinct_by=tuple(name for name in given.getlist("same") if name in columns),
        identifier_kind=given.get("identifier_kind", "").strip(),
        time_zone=zone,
        encoding=encoding,
        skip_without_customer="skip_without_customer" in given,
    )
    found.check(columns)
    return found
