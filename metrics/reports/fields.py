"""What one may set on a report, as it stands in the address and in the form above it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from console import clock
from console.states import NotAllowed

Settings = dict[str, Any]  # name → text, number, or list of texts; what JSON can say
Options = Sequence[tuple[str, Any]]


@dataclass(frozen=True)
class Field:
    """One setting: a list to choose from, a number, or a day."""

    name: str
    label: Any
    kind: str  # choice, grouped, number, day, event
    value: Any = ""
    options: Options = ()
    groups: Sequence[tuple[str, Options]] = field(default=(), kw_only=True)
    lowest: int = field(default=0, kw_only=True)
    highest: int = field(default=0, kw_only=True)


def one_of(given: Mapping[str, Any], name: str, options: Options, usual: str) -> str:
    """The chosen one, or the usual where there is no such."""
    chosen = str(given.get(name, usual))
    return chosen if any(chosen == key for key, _label in options) else usual


def whole(given: Mapping[str, Any], name: str, lowest: int, highest: int, usual: int) -> int:
    """A number within its bounds."""
    text = str(given.get(name, ""))
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        return usual
    return max(lowest, min(highest, int(text)))


def day(given: Mapping[str, Any], name: str) -> str:
    """A day as ISO 8601 has it, or nothing.

    Raises:
        NotAllowed: no day of a calendar that anybody uses here.
    """
    text = str(given.get(name, "")).strip()
    found = clock.read_day(text) if text else None
    if text and found is None:
        raise NotAllowed(_("“%(day)s” is no day that can be asked for.") % {"day": text[:40]})
    return found.isoformat() if found else ""


def date(settings: Settings, name: str) -> dt.date | None:
    """A setting that is a day."""
    return dt.date.fromisoformat(settings[name]) if settings.get(name) else None


def query(settings: Settings) -> str:
    """As it stands in the address; what is empty is left out."""
    pairs = [(name, value) for name, value in settings.items() if value not in ("", [], None)]
    return urlencode(pairs, doseq=True)
