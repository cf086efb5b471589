"""Naming the columns of a sent file: what the form shows, and what somebody wrote into it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console import clock
from segments import identity, imports, presets
from segments.admin import first_rows
from segments.models import EventImport, EventSource
from segments.reading import files, guessing, json_lines, looking, mapping, moments
from segments.reading.batch import RowFile
from segments.reading.mapping import Condition, Mapping
from segments.reading.problems import BadFile, gettext_noop

# Different values that are shown of each column, and the rows that they are looked for in.
SAMPLES, ROWS = 3, 200
CONDITIONS = 4  # that the form has room for
# What a column can mean; of these there is one column at most …
ONE = {
    "customer": _("which customer it was"),
    "fallback": _("the customer's other id, such as an anonymous one"),
    "time": _("when it happened"),
    "name": _("the event's name"),
    "amount": _("an amount of money"),
    "quantity": _("by which the amount is multiplied"),
    "currency": _("the amount's currency"),
    "key": _("the event's own id"),
}
# … and of these any number.
PROPERTY, SPREAD, NOTHING = "property", "spread", ""
MANY = {
    PROPERTY: _("a property of the event"),
    SPREAD: _("an object, whose entries are properties"),
    NOTHING: _("nothing, leave it out"),
}
PATTERN = "pattern"
TIMES = {
    moments.GUESSED: _("as they look: ISO 8601, or a number since 1970"),
    moments.SECONDS: _("seconds since 1970"),
    moments.MILLISECONDS: _("milliseconds since 1970"),
    moments.MICROSECONDS: _("microseconds since 1970"),
    moments.LOCAL_SECONDS: _("seconds since 1970 on a local clock, as Mixpanel's"),
    moments.SERIAL: _("days since 1899-12-30, as Excel's numbers"),
    PATTERN: _("in a form of their own:"),
}
# What most files do not need is folded away.
MORE = ("fallback", "time_form", "amount_unit", "fills_down", "source", "constants", "only")
PLAIN = Mapping(customer="", time="")
UNITS = {"major": _("units, such as 12.50"), "minor": _("hundredths, such as 1250")}
OPERATORS = {
    "is": _("is"),
    "is_not": _("is not"),
    "above": _("is above"),
    "filled": _("is not empty"),
}


# --- what the form shows ----------------------------------------------------


def form(event_import: EventImport, given: QueryDict) -> dict[str, Any]:
    """What the form shows: what was given, else a preset or what was kept, else a guess."""
    encoding = given.get("encoding") or event_import.mapping.get("encoding") or "utf-8"
    context: dict[str, Any] = {
        "encodings": files.ENCODINGS,
        "encoding": encoding if encoding in files.ENCODINGS else "utf-8",
        "zones": sorted(available_timezones()),
        "project_zone": clock.project().time_zone,
        "before": _loaded_before(event_import),
    }
    try:
        file = files.opened(Path(event_import.path), encoding=context["encoding"])
        seen = looking.at(file, rows=ROWS)
    except BadFile as bad:
        return {**context, "unreadable": bad.said(gettext)}
    offers = presets.offers(seen.columns, is_open=file.is_open)
    shown, offer = _shown(event_import, given, file, offers)
    return {
        **context,
        "kind": seen.kind,
        "choices": {**ONE, **MANY},
        "times": TIMES,
        "units": UNITS,
        "operators": OPERATORS,
        "offers": offers,
        "sources": EventSource.objects.filter(archived_at=None),
        "offer": offer,
        "form": _values(shown, given),
        "conditions": _conditions(shown),
        "columns": [
            {
                "number": number,
                "name": name,
                "type": seen.types[name],
                "samples": _samples(row[number] for row in seen.rows),
                "meaning": _meaning(shown, name),
                "same": name in shown.distinct_by,
            }
            for number, name in enumerate(seen.columns)
        ],
        "preview": first_rows.table(event_import, shown),
    }


def _samples(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))[:SAMPLES]


def _loaded_before(event_import: EventImport) -> EventImport | None:
    return imports.loaded_before(event_import.sha256) if event_import.sha256 else None


def _shown(
    event_import: EventImport, given: QueryDict, file: RowFile, offers: Sequence[presets.Offer]
) -> tuple[Mapping, presets.Offer | None]:
    """The meanings to begin with, and the preset that they are from, if any."""
    chosen = given.get("preset", "")
    offer = next((one for one in offers if one.key == chosen), None)
    if "means-0" in given:
        return _read(given, file.columns), offer
    if event_import.mapping and not chosen:
        return Mapping.from_json(event_import.mapping), None
    if not chosen and offers:
        offer = offers[0]
    return (offer.mapping, offer) if offer else (_guessed(file), None)


def _guessed(file: RowFile) -> Mapping:
    found: dict[str, Any] = guessing.guess(file.columns)
    objects = [name for name in file.columns if file.types[name] == json_lines.OBJECT]
    inside = tuple(name + "." for name in objects)
    plain = [name for name in file.columns if name not in objects and not name.startswith(inside)]
    return Mapping(
        **{"customer": "", "time": "", **found},
        properties=tuple(name for name in plain if name not in found.values()),
        spread=tuple(name for name in objects if not name.startswith(inside)),
        identifier_kind=identity.commonest_kind(),
    )


def _meaning(shown: Mapping, column: str) -> str:
    for meaning in ONE:
        if getattr(shown, meaning) == column:
            return meaning
    if column in shown.spread:
        return SPREAD
    return PROPERTY if column in shown.properties else NOTHING


def _values(shown: Mapping, given: QueryDict) -> dict[str, Any]:
    has_pattern = "%" in shown.time_form
    return {
        "event": shown.event,
        "identifier_kind": shown.identifier_kind,
        "fallback_kind": shown.fallback_kind,
        "time_form": PATTERN if has_pattern else shown.time_form,
        "time_pattern": shown.time_form if has_pattern else "",
        "time_zone": shown.time_zone,
        "amount_unit": shown.amount_unit,
        "sums": shown.sums,
        "source": shown.source,
        "fills_down": shown.fills_down,
        "constants": "\n".join(f"{name}={value}" for name, value in shown.constants),
        "skip_without_customer": shown.skip_without_customer,
        "leave_out_bad": shown.leave_out_bad,
        "has_more": any(getattr(shown, name) != getattr(PLAIN, name) for name in MORE),
        "preset_name": given.get("preset_name", ""),
    }


def _conditions(shown: Mapping) -> list[dict[str, Any]]:
    rows: list[Condition | None] = [*shown.only, *[None] * CONDITIONS]
    return [{"number": n, "one": one} for n, one in enumerate(rows[:CONDITIONS])]


# --- what somebody wrote into it --------------------------------------------


def named(given: QueryDict, event_import: EventImport) -> tuple[Mapping, list[str]]:
    """The columns as somebody named them in the form, and which columns there are.

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
    file = files.opened(Path(event_import.path), encoding=encoding)
    for meaning, columns in _by_meaning(given, file.columns).items():
        if meaning in ONE and len(columns) > 1:
            raise BadFile(
                gettext_noop("Only one column can be “%(meaning)s”, not %(columns)s."),
                meaning=ONE[meaning],
                columns=columns,
            )
    found = _read(given, file.columns)
    found.check(file.columns, is_open=file.is_open)
    return found, file.columns


def _by_meaning(given: QueryDict, columns: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for number, name in enumerate(columns):
        found.setdefault(given.get(f"means-{number}", NOTHING), []).append(name)
    return found


def _read(given: QueryDict, columns: Sequence[str]) -> Mapping:
    """What the form says, right or wrong."""
    by_meaning = _by_meaning(given, columns)
    form_of_times = given.get("time_form", moments.GUESSED)
    if form_of_times == PATTERN:
        form_of_times = given.get("time_pattern", "").strip() or PATTERN
    one: dict[str, Any] = {meaning: by_meaning.get(meaning, [""])[0] for meaning in ONE}
    return Mapping(
        **one,
        event="" if one["name"] else given.get("event", "").strip(),
        properties=tuple(by_meaning.get(PROPERTY, [])),
        spread=tuple(by_meaning.get(SPREAD, [])),
        distinct_by=tuple(name for name in given.getlist("same") if name in columns),
        source=_number(given.get("source", "")),
        sums="sums" in given,
        fills_down=given.get("fills_down", ""),
        identifier_kind=given.get("identifier_kind", "").strip(),
        fallback_kind=given.get("fallback_kind", "anonymous_id").strip(),
        time_form=form_of_times,
        time_zone=given.get("time_zone", ""),
        amount_unit="minor" if given.get("amount_unit") == "minor" else "major",
        constants=_constants(given.get("constants", "")),
        only=tuple(_only(given)),
        encoding=given.get("encoding", "utf-8"),
        skip_without_customer="skip_without_customer" in given,
        leave_out_bad=given.get("leave_out_bad", "").strip() if given.get("bad") == "leave" else "",
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _constants(text: str) -> tuple[tuple[str, str], ...]:
    """Lines of name=value."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return tuple((name.strip(), value.strip()) for name, _is, value in pairs if name.strip())


def _only(given: QueryDict) -> Iterable[Condition]:
    for number in range(CONDITIONS):
        column = given.get(f"only-{number}", "")
        if column:
            is_ = given.get(f"only-is-{number}", "is")
            is_ = is_ if is_ in mapping.OPERATORS else "is"
            yield Condition(column, is_, given.get(f"only-value-{number}", "").strip())
