"""Reads a rule from JSON into frozen records, and refuses in words what makes no sense."""

from collections.abc import Callable, Iterator
from typing import Any

from segments.rules import values
from segments.rules.nodes import (
    AllOf,
    AnyOf,
    Consented,
    Did,
    InSegment,
    InStage,
    Node,
    Not,
    Path,
    Profile,
    Rule,
    RuleError,
    Trait,
    Where,
)
from segments.rules.nodes import gettext_noop as _
from segments.rules.vocabulary import Vocabulary

MAX_DEPTH = 8  # groups inside groups
MAX_LEAVES = 100
MAX_GROUPS = 100
MAX_WHERE = 10
MAX_TIMES = 1_000
MAX_DAYS = 3_660

EVERYONE: dict[str, Any] = {"all": []}


def parse(raw: Any, known: Vocabulary) -> Rule:
    """The rule that the JSON says.

    Raises:
        RuleError: it cannot be understood, or speaks of something that does not exist.
    """
    return _Reader(known).rule(raw, (), 1)


def segments_in(raw: Any) -> set[int]:
    """The segments that a stored rule speaks of, whether or not it can be understood."""
    return {part["segment"] for part in _parts(raw) if isinstance(part.get("segment"), int)}


def events_in(raw: Any) -> set[str]:
    """The events that a stored rule speaks of, whether or not it can be understood."""
    return {part["event"] for part in _parts(raw) if isinstance(part.get("event"), str)}


def _parts(raw: Any) -> Iterator[dict[str, Any]]:
    waiting = [raw]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += [part.get("not"), part.get("all"), part.get("any")]
        elif isinstance(part, list):
            waiting += part


class _Reader:
    """Reads one rule, counting its parts on the way."""

    def __init__(self, known: Vocabulary) -> None:
        self.known = known
        self.leaves = 0
        self.groups = 0

    def rule(self, raw: Any, path: Path, depth: int) -> Rule:
        kind = _kind(raw, path)
        if kind in self.known.forbidden:
            raise RuleError(path, _("This kind of condition cannot be used in this rule."))
        if kind in {"all", "any", "not"}:
            return self._group(kind, raw, path, depth)
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            raise RuleError(
                path,
                _("A rule has at most %(most)s conditions; this is one more."),
                most=MAX_LEAVES,
            )
        read, keys = _LEAVES[kind]
        _no_other_keys(raw, keys, path)
        leaf: Rule = read(raw, path, self.known)
        return leaf

    def _group(self, kind: str, raw: dict[str, Any], path: Path, depth: int) -> Rule:
        self.groups += 1
        if depth > MAX_DEPTH:
            raise RuleError(
                path, _("Groups can be nested %(most)s deep; this one is deeper."), most=MAX_DEPTH
            )
        if self.groups > MAX_GROUPS:
            raise RuleError(
                path, _("A rule has at most %(most)s groups; this is one more."), most=MAX_GROUPS
            )
        _no_other_keys(raw, {kind}, path)
        inside = raw[kind]
        if kind == "not":
            return Not(self.rule(inside, (*path, "not"), depth + 1), path=path)
        if not isinstance(inside, list):
            raise RuleError((*path, kind), _("A list of conditions belongs here."))
        if kind == "any" and not inside:
            raise RuleError(path, _("“Any of” needs at least one condition."))
        parts = tuple(
            self.rule(part, (*path, kind, at), depth + 1) for at, part in enumerate(inside)
        )
        return AllOf(parts, path=path) if kind == "all" else AnyOf(parts, path=path)


def _kind(raw: Any, path: Path) -> str:
    if not isinstance(raw, dict):
        raise RuleError(path, _("A condition belongs here."))
    kinds = [kind for kind in _KINDS if kind in raw]
    if len(kinds) != 1:
        raise RuleError(
            path,
            _("A condition says exactly one of: %(kinds)s."),
            kinds=", ".join(_KINDS),
        )
    return kinds[0]


def _no_other_keys(raw: dict[str, Any], keys: set[str], path: Path) -> None:
    for other in sorted(map(str, raw.keys() - keys)):
        raise RuleError((*path, other), _("“%(key)s” means nothing here."), key=other[:80])


# --- leaves -----------------------------------------------------------------


def _trait(raw: dict[str, Any], path: Path, known: Vocabulary) -> Trait:
    key = values.choice(
        raw["trait"], known.traits, (*path, "trait"), _("There is no trait “%(value)s”.")
    )
    op, value = values.comparison(raw, path, known.traits[key].kind)
    return Trait(key, op, value, path=path)


def _profile(raw: dict[str, Any], path: Path, known: Vocabulary) -> Profile:
    key = values.choice(
        raw["profile"],
        known.profile,
        (*path, "profile"),
        _("No customer's profile has a field “%(value)s”."),
    )
    op, value = values.comparison(raw, path, values.ANY)
    return Profile(key, op, value, path=path)


def _did(raw: dict[str, Any], path: Path, known: Vocabulary) -> Did:
    event = values.choice(
        raw["event"], known.events, (*path, "event"), _("There is no event “%(value)s”.")
    )
    did = raw.get("did", True)
    if not isinstance(did, bool):
        raise RuleError((*path, "did"), _("Say true for did, false for did not."))
    times = values.whole(raw.get("times", 1), (*path, "times"), 1, MAX_TIMES)
    days = raw.get("days")
    if days is not None:
        days = values.whole(days, (*path, "days"), 1, MAX_DAYS)
    return Did(event, did, times, days, _wheres(raw.get("where", []), path), path=path)


def _wheres(raw: Any, path: Path) -> tuple[Where, ...]:
    path = (*path, "where")
    if not isinstance(raw, list) or len(raw) > MAX_WHERE:
        raise RuleError(
            path, _("A list of at most %(most)s properties belongs here."), most=MAX_WHERE
        )
    return tuple(_where(one, (*path, at)) for at, one in enumerate(raw))


def _where(raw: Any, path: Path) -> Where:
    if not isinstance(raw, dict) or "property" not in raw:
        raise RuleError(path, _("Name a property of the event."))
    _no_other_keys(raw, {"property", "op", "value"}, path)
    key = values.text(raw["property"], (*path, "property"))
    if '"' in key or "\\" in key:  # the lake could not ask for it
        raise RuleError((*path, "property"), _("A property's name has no quotes or backslashes."))
    op, value = values.comparison(raw, path, values.ANY)
    return Where(key, op, value, path=path)


def _stage(raw: dict[str, Any], path: Path, known: Vocabulary) -> InStage:
    key = values.choice(
        raw["stage"], known.stage_sets, (*path, "stage"), _("There is no stage set “%(value)s”.")
    )
    some = raw.get("in")
    if not isinstance(some, list) or not some:
        raise RuleError((*path, "in"), _("Choose at least one stage."))
    stages = known.stage_sets[key].stages
    chosen = [
        values.choice(one, stages, (*path, "in", at), _("There is no stage “%(value)s”."))
        for at, one in enumerate(some[: len(stages) + 1])
    ]
    return InStage(key, tuple(dict.fromkeys(chosen)), path=path)


def _segment(raw: dict[str, Any], path: Path, known: Vocabulary) -> InSegment:
    segment = raw["segment"]
    if isinstance(segment, bool) or not isinstance(segment, int) or segment not in known.segments:
        raise RuleError((*path, "segment"), _("Choose a segment that exists."))
    return InSegment(segment, path=path)


def _consent(raw: dict[str, Any], path: Path, known: Vocabulary) -> Consented:
    channel = values.choice(
        raw["consent"], known.channels, (*path, "consent"), _("There is no channel “%(value)s”.")
    )
    return Consented(channel, path=path)


_Read = Callable[[dict[str, Any], Path, Vocabulary], Node]
_LEAVES: dict[str, tuple[Any, set[str]]] = {
    "trait": (_trait, {"trait", "op", "value"}),
    "profile": (_profile, {"profile", "op", "value"}),
    "event": (_did, {"event", "did", "times", "days", "where"}),
    "stage": (_stage, {"stage", "in"}),
    "segment": (_segment, {"segment"}),
    "consent": (_consent, {"consent"}),
}
_KINDS = ("all", "any", "not", *_LEAVES)
