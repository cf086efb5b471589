"""What a checked file of customers would change, as its page shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import formats
from segments import consent, looks, sealing
from segments.admin import customer_naming
from segments.customer_imports.cells import SEALED
from segments.models import CustomerImport, CustomerImportRow, Identifier

ROWS = 20  # shown of each outcome
Outcome = CustomerImportRow.Outcome


def context(customer_import: CustomerImport, show: str) -> dict[str, Any]:
    """The counts, and the first rows of one outcome: the one asked for, else the first there is."""
    counts = customer_import.counts
    there = [outcome for outcome in Outcome.values if counts.get(outcome)]
    shown = show if show in there else next((o for o in there if o != Outcome.SAME), "")
    rows = customer_import.rows.filter(outcome=shown).order_by("number", "pk")[:ROWS]
    return {
        "outcomes": [
            {
                "key": key,
                "label": said(key, counts.get(key, 0)),
                "count": counts.get(key, 0),
                "is_shown": key == shown,
            }
            for key in Outcome.values
        ],
        "rows": [_shown(row) for row in rows],
        "shown": Outcome(shown).label if shown else "",
        "has_work": counts.get("new", 0) + counts.get("changed", 0) > 0,
        "namesakes": _namesakes(customer_import) if counts.get("new") else [],
        "left_out": counts.get("conflict", 0) + counts.get("bad", 0),
    }


def said(outcome: str, count: int) -> str:
    """What becomes of so many rows; the number itself stands before it."""
    match outcome:
        case Outcome.NEW:
            return ngettext("customer is new", "customers are new", count)
        case Outcome.CHANGED:
            return ngettext("customer changes", "customers change", count)
        case Outcome.SAME:
            return ngettext("row changes nothing", "rows change nothing", count)
        case Outcome.CONFLICT:
            return ngettext(
                "row is for somebody to look at", "rows are for somebody to look at", count
            )
    return ngettext("row cannot be read", "rows cannot be read", count)


def _namesakes(customer_import: CustomerImport) -> Sequence[Mapping[str, Any]]:
    """How many of the new customers somebody is known by the same value as, of another kind."""
    theirs = Identifier.objects.filter(
        value__in=customer_import.rows.filter(outcome=Outcome.NEW).values("identifier")
    ).exclude(kind=customer_import.mapping.get("kind", ""))
    return list(theirs.values("kind").annotate(count=Count("pk")).order_by("kind"))


def _shown(row: CustomerImportRow) -> dict[str, Any]:
    """A row with each change. What we know of how to reach somebody is masked here as well."""
    return {
        "row": row,
        "changes": [*_changes(row.before or {}, row.after or {}), *_consents(row.consents or {})],
        "cells": [f"{name}: {value}" for name, value in (row.values or {}).items() if value],
    }


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = []
    for name, value in after.items():
        was = before.get(name, "")
        if name == "attributes":
            found += _attributes(was or {}, value)
        elif name in SEALED:
            found.append((_called(name), looks.mask(sealing.peek(was)), sealing.peek(value)))
        else:
            found.append((_called(name), was, value))
    return found


def _called(field: str) -> str:
    """A field by the name that the form for naming columns gives it."""
    return str(customer_naming.ONE[field])


def _attributes(was: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = []
    for name, value in now.items():
        if name not in was or was[name] != value:
            before = looks.attributes(was)[name] if name in was else ""
            called = _("tags") if name == "tags" else name
            found.append((called, _said(before), _said(value)))
    return found


def _said(value: Any) -> str:
    """A value of an attribute; words in a list, such as tags, one after the other."""
    is_words = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return formats.listed(value) if is_words else looks.as_text(value)


def _consents(changes: dict[str, dict[str, bool | None]]) -> list[tuple[str, str, str]]:
    words = {None: "", True: _("granted"), False: _("withdrawn")}
    found = []
    for key, one in changes.items():
        called = _("consent: %(channel)s") % {"channel": consent.CHANNELS.get(key, key)}
        found.append((called, words[one["was"]], words[one["now"]]))
    return found
