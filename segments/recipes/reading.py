"""Reads recipes from JSON and writes them down again.

`{"take": "count", "word": "paid", "days": 30}`, `{"take": "since", "date": "last_order_on"}`:
what is taken, of which events, and the rest by its name.
"""

import re
from collections.abc import Callable, Container
from dataclasses import asdict
from typing import Any

from segments.lake.properties import Condition
from segments.recipes.nodes import (
    AMOUNT,
    Between,
    Change,
    Count,
    Days,
    Different,
    Elsewhere,
    Events,
    Falling,
    Favourite,
    Field,
    FromEvents,
    KnownSince,
    Moment,
    Next,
    Ratio,
    Recipe,
    Since,
    Slope,
    Streak,
    Suggested,
    Sum,
    Until,
    Visits,
)
from segments.rules import values
from segments.rules.nodes import Path, RuleError
from segments.rules.nodes import gettext_noop as _

WORDS = ("active", "interaction", "paid")
MOST_EVENTS, MOST_WHERE, MOST_DAYS = 50, 5, 1_000
MOST_RATIO = 1_000_000
MOST_AHEAD = 90  # days of a change
HOWS = ("sum", "average", "min", "max")
KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")


def read(raw: Any) -> Recipe:
    """The recipe that this JSON says.

    Raises:
        RuleError: it says none; the path leads to what is wrong.
    """
    if not isinstance(raw, dict):
        raise RuleError((), _("A recipe is a JSON object."))
    take = raw.get("take")
    if not isinstance(take, str) or take not in _READERS:
        raise RuleError(("take",), _("Choose what is taken: %(known)s."), known=", ".join(_READERS))
    reader, own = _READERS[take]
    for key in raw.keys() - own - {"take"}:
        raise RuleError((key,), _("“%(key)s” does not belong here."), key=str(key)[:80])
    return reader(raw)


def write(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON; what has its usual value is left out."""
    found = {key: value for key, value in asdict(recipe).items() if key != "of"}
    if isinstance(recipe, FromEvents):
        found |= _events_json(recipe.of)
    if isinstance(recipe, Until):
        found["to"] = list(recipe.to)
    found = {key: value for key, value in found.items() if value is not False and value is not None}
    return {"take": _NAMES[type(recipe)], **found}


def _events_json(events: Events) -> dict[str, Any]:
    found: dict[str, Any] = {"word": events.word} if events.word else {"events": [*events.names]}
    if events.where:
        found["where"] = [
            {"property": one.property, "op": one.op}
            | ({} if one.value is None else {"value": _plain(one.value)})
            for one in events.where
        ]
    if events.days is not None:
        found["days"] = events.days
    return found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


# --- the parts ----------------------------------------------------------------


def _events(raw: dict[str, Any], *, days: bool = True) -> Events:
    names: tuple[str, ...] = ()
    word = raw.get("word", "")
    if word:
        word = values.choice(word, WORDS, ("word",), _("There is no such word: “%(value)s”."))
    else:
        names = _names(raw.get("events"), "events")
    window = raw.get("days")
    if window is not None:
        if not days:
            raise RuleError(("days",), _("“%(key)s” does not belong here."), key="days")
        window = values.whole(window, ("days",), 1, MOST_DAYS)
    return Events(names, word, _wheres(raw.get("where", [])), window)


def _names(raw: Any, field: str) -> tuple[str, ...]:
    if not isinstance(raw, list) or not 0 < len(raw) <= MOST_EVENTS:
        raise RuleError(
            (field,), _("Choose at least one event, at most %(most)s."), most=MOST_EVENTS
        )
    named = (values.text(one, (field, at)) for at, one in enumerate(raw))
    return tuple(dict.fromkeys(named))


def _wheres(raw: Any) -> tuple[Condition, ...]:
    if not isinstance(raw, list) or len(raw) > MOST_WHERE:
        raise RuleError(
            ("where",), _("A list of at most %(most)s properties belongs here."), most=MOST_WHERE
        )
    return tuple(_where(one, ("where", at)) for at, one in enumerate(raw))


def _where(raw: Any, path: Path) -> Condition:
    if not isinstance(raw, dict) or "property" not in raw:
        raise RuleError(path, _("Name a property of the event."))
    op, value = values.comparison(raw, path, values.ANY)
    return Condition(_property(raw["property"], (*path, "property")), op, value)


def _property(raw: Any, path: Path) -> str:
    name = values.text(raw, path)
    if '"' in name or "\\" in name:
        raise RuleError(path, _("A property's name has no quotes or backslashes."))
    return name


def _key(raw: dict[str, Any], name: str) -> str:
    key = raw.get(name)
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise RuleError((name,), _("Name a trait."))
    return key


def _one_of(raw: dict[str, Any], name: str, known: Container[str], usual: str = "") -> str:
    return values.choice(raw.get(name, usual), known, (name,), _("There is no “%(value)s” here."))


def _change(raw: dict[str, Any]) -> Change:
    days = values.whole(raw.get("days", 7), ("days",), 1, MOST_AHEAD)
    before = values.whole(raw.get("before", 28), ("before",), 1, MOST_AHEAD * 4)
    return Change(_events({key: one for key, one in raw.items() if key != "days"}), days, before)


def _slope(raw: dict[str, Any]) -> Slope:
    return Slope(_events({**raw, "days": values.whole(raw.get("days", 28), ("days",), 3, 365)}))


def _until(raw: dict[str, Any]) -> Until:
    of, to = _events(raw), _names(raw.get("to"), "to")
    for name in to:
        if name in of.names:
            words = _("“%(value)s” would begin and end it at once: choose another event.")
            raise RuleError(("to",), words, value=name)
    return Until(of, to)


def _ratio(raw: dict[str, Any]) -> Ratio:
    percent = raw.get("percent", False)
    if not isinstance(percent, bool):
        raise RuleError(("percent",), _("Say true or false."))
    most = raw.get("at_most")
    if most is not None:
        most = values.whole(most, ("at_most",), 1, MOST_RATIO)
    return Ratio(_key(raw, "part"), _key(raw, "whole"), percent, most)


def _field(raw: dict[str, Any]) -> Field:
    return Field(values.text(raw.get("field"), ("field",)))


_OF = {"events", "word", "where", "days"}
_READERS: dict[str, tuple[Callable[[dict[str, Any]], Recipe], set[str]]] = {
    "count": (lambda raw: Count(_events(raw)), _OF),
    "value": (
        lambda raw: Sum(
            _events(raw),
            _one_of(raw, "how", HOWS),
            _property(raw.get("value", AMOUNT), ("value",)),
        ),
        _OF | {"how", "value"},
    ),
    "moment": (
        lambda raw: Moment(_events(raw), _one_of(raw, "which", ("first", "last"))),
        _OF | {"which"},
    ),
    "next": (lambda raw: Next(_events(raw)), _OF),
    "days": (lambda raw: Days(_events(raw)), _OF),
    "streak": (lambda raw: Streak(_events(raw, days=False)), _OF),
    "different": (
        lambda raw: Different(_events(raw), _property(raw.get("value"), ("value",))),
        _OF | {"value"},
    ),
    "favourite": (
        lambda raw: Favourite(_events(raw), _property(raw.get("value"), ("value",))),
        _OF | {"value"},
    ),
    "suggested": (
        lambda raw: Suggested(_events(raw), _property(raw.get("value"), ("value",))),
        _OF | {"value"},
    ),
    "change": (_change, _OF | {"before"}),
    "falling": (lambda raw: Falling(_events(raw, days=False)), _OF),
    "slope": (_slope, _OF),
    "visits": (
        lambda raw: Visits(_events(raw), _one_of(raw, "how", ("minutes", "count"))),
        _OF | {"how"},
    ),
    "minutes": (_until, _OF | {"to"}),
    "known_since": (lambda _raw: KnownSince(), set()),
    "profile": (_field, {"field"}),
    "since": (lambda raw: Since(_key(raw, "date")), {"date"}),
    "between": (lambda raw: Between(_key(raw, "start"), _key(raw, "end")), {"start", "end"}),
    "ratio": (_ratio, {"part", "whole", "percent", "at_most"}),
    "elsewhere": (lambda raw: Elsewhere(values.text(raw.get("by"), ("by",))), {"by"}),
}
_NAMES: dict[type, str] = {
    Count: "count",
    Sum: "value",
    Moment: "moment",
    Next: "next",
    Days: "days",
    Streak: "streak",
    Different: "different",
    Favourite: "favourite",
    Suggested: "suggested",
    Change: "change",
    Falling: "falling",
    Slope: "slope",
    Visits: "visits",
    Until: "minutes",
    KnownSince: "known_since",
    Field: "profile",
    Since: "since",
    Between: "between",
    Ratio: "ratio",
    Elsewhere: "elsewhere",
}
