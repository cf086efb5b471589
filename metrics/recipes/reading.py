"""Reads recipes of metrics from JSON and writes them down again.

`{"kind": "simple", "take": "count", "word": "paid"}`,
`{"kind": "conversion", "first": "new", "then": {"word": "paid"}, "days": 7}`: the kind, and
the rest by its name.
"""

from collections.abc import Callable
from typing import Any

from metrics.recipes import formulas
from metrics.recipes.nodes import (
    HOWS,
    TAKES,
    UNTIL_NOW,
    Coded,
    Conversion,
    Cumulative,
    Derived,
    Ratio,
    Recipe,
    Simple,
)
from segments.recipes import reading as of_traits
from segments.recipes.nodes import AMOUNT, Count, Events
from segments.rules import values
from segments.rules.nodes import RuleError
from segments.rules.nodes import gettext_noop as _

MOST_DAYS, MOST_AFTER = 366, 90
NEW = "new"
_OF = ("word", "events", "where")


def read(raw: Any) -> Recipe:
    """The recipe that this JSON says.

    Raises:
        RuleError: it says none; the path leads to what is wrong.
    """
    if not isinstance(raw, dict):
        raise RuleError((), _("A recipe is a JSON object."))
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in _READERS:
        raise RuleError(("kind",), _("Choose a kind: %(known)s."), known=", ".join(_READERS))
    reader, own = _READERS[kind]
    for key in raw.keys() - {*own, "kind"}:
        raise RuleError((key,), _("“%(key)s” does not belong here."), key=str(key)[:80])
    return reader(raw)


def write(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON; what has its usual value is left out."""
    match recipe:
        case Simple(take, of, value):
            usual = {} if value == AMOUNT else {"value": value}
            return {"kind": "simple", "take": take, **_events_json(of), **usual}
        case Ratio(part, whole):
            return {"kind": "ratio", "part": part, "whole": whole}
        case Cumulative(of, days, since):
            return {"kind": "cumulative", "of": of} | (
                {"days": days} if days is not None else {"since": since}
            )
        case Derived(formula):
            return {"kind": "derived", "formula": formula.text}
        case Conversion(first, then, days, how):
            start = NEW if first is None else _events_json(first)
            both = {"first": start, "then": _events_json(then)}
            return {"kind": "conversion", **both, "days": days, "how": how}
        case Coded(by):
            return {"kind": "coded", "by": by}


def _events_json(events: Events) -> dict[str, Any]:
    found = of_traits.write(Count(events))
    del found["take"]
    return found


# --- the parts ----------------------------------------------------------------


def _events(raw: Any, *path: str) -> Events:
    if not isinstance(raw, dict):
        raise RuleError(path, _("Choose at least one event, or a word."))
    for key in raw.keys() - {*_OF}:
        raise RuleError((*path, key), _("“%(key)s” does not belong here."), key=str(key)[:80])
    try:
        found = of_traits.read({"take": "count", **raw})
    except RuleError as problem:
        problem.path = (*path, *problem.path)
        raise
    assert isinstance(found, Count)
    return found.of


def _simple(raw: dict[str, Any]) -> Simple:
    take = _one_of(raw, "take", TAKES)
    of = _events({key: raw[key] for key in _OF if key in raw})
    value = raw.get("value", AMOUNT)
    if take != "sum" and "value" in raw:
        raise RuleError(("value",), _("Only a sum has a value."))
    name = values.text(value, ("value",))
    if '"' in name or "\\" in name:
        raise RuleError(("value",), _("A property's name has no quotes or backslashes."))
    return Simple(take, of, name)


def _cumulative(raw: dict[str, Any]) -> Cumulative:
    of = _key(raw, "of")
    if raw.get("since"):
        if "days" in raw:
            raise RuleError(("days",), _("Either so many days or a beginning, not both."))
        return Cumulative(of, None, _one_of(raw, "since", UNTIL_NOW))
    return Cumulative(of, values.whole(raw.get("days"), ("days",), 2, MOST_DAYS))


def _conversion(raw: dict[str, Any]) -> Conversion:
    start = raw.get("first")
    first = None if start == NEW else _events(start, "first")
    how = _one_of({"how": raw.get("how", "share")}, "how", HOWS)
    if how == "minutes" and first is None:
        raise RuleError(
            ("first",), _("Minutes run from an event; of new customers choose their first one.")
        )
    days = values.whole(raw.get("days"), ("days",), 1, MOST_AFTER)
    return Conversion(first, _events(raw.get("then"), "then"), days, how)


def _ratio(raw: dict[str, Any]) -> Ratio:
    part, whole = _key(raw, "part"), _key(raw, "whole")
    if part == whole:
        raise RuleError(("whole",), _("A metric divided by itself is always 1."))
    return Ratio(part, whole)


def _key(raw: dict[str, Any], name: str) -> str:
    key = raw.get(name)
    if not isinstance(key, str) or not 0 < len(key) <= 50:
        raise RuleError((name,), _("Name a metric."))
    return key


def _one_of(raw: dict[str, Any], name: str, known: tuple[str, ...]) -> str:
    return values.choice(raw.get(name, ""), known, (name,), _("There is no “%(value)s” here."))


_READERS: dict[str, tuple[Callable[[dict[str, Any]], Recipe], tuple[str, ...]]] = {
    "simple": (_simple, (*_OF, "take", "value")),
    "ratio": (_ratio, ("part", "whole")),
    "cumulative": (_cumulative, ("of", "days", "since")),
    "derived": (lambda raw: Derived(formulas.read(raw.get("formula"))), ("formula",)),
    "conversion": (_conversion, ("first", "then", "days", "how")),
    "coded": (lambda raw: Coded(values.text(raw.get("by"), ("by",))), ("by",)),
}
