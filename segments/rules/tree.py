"""Reads a rule from JSON into frozen records, and refuses in words what makes no sense."""

from collections.abc import Iterator
from typing import Any

from segments.rules import leaves
from segments.rules.nodes import AllOf, AnyOf, Not, Path, Rule, RuleError
from segments.rules.nodes import gettext_noop as _
from segments.rules.vocabulary import Vocabulary

MAX_DEPTH = 8  # groups inside groups
MAX_LEAVES = 100
MAX_GROUPS = 100
_KINDS = ("all", "any", "not", *leaves.KINDS)

EVERYONE: dict[str, Any] = {"all": []}


def parse(raw: Any, known: Vocabulary) -> Rule:
    """The rule that the JSON says.

    Raises:
        RuleError: it cannot be understood, or speaks of something that does not exist.
    """
    return _Reader(known).rule(raw, (), 1)


def segments_in(raw: Any) -> set[int]:
    """The segments that a stored rule speaks of, whether or not it can be understood."""
    named = (part.get(key) for part in _parts(raw) for key in ("segment", "entered", "left"))
    return {one for one in named if isinstance(one, int) and not isinstance(one, bool)}


def numbers_in(raw: Any, kind: str) -> set[int]:
    """The tags, lists or segments that a stored rule speaks of; `kind` is their condition's key."""
    if kind == "segment":
        return segments_in(raw)
    named = (part.get(kind) for part in _parts(raw))
    return {one for one in named if isinstance(one, int) and not isinstance(one, bool)}


def fields_in(raw: Any) -> set[str]:
    """The fields of profiles that a stored rule speaks of."""
    named = (part.get("profile") for part in _parts(raw))
    return {one for one in named if isinstance(one, str)}


def traits_in(raw: Any) -> set[str]:
    """The traits that a stored rule speaks of."""
    named = (part.get("trait") for part in _parts(raw))
    return {one for one in named if isinstance(one, str)}


def conditions_in(raw: Any) -> set[str]:
    """The keys that the conditions of a stored rule are written with, such as `profile`."""
    return {key for part in _parts(raw) for key in part}


def values_in(raw: Any, trait: str) -> set[str]:
    """The words that a stored rule asks of a trait, such as the tiers that it is for."""
    asked = (part.get("value") for part in _parts(raw) if part.get("trait") == trait)
    several = (one if isinstance(one, list) else [one] for one in asked)
    return {one for some in several for one in some if isinstance(one, str)}


def events_in(raw: Any) -> set[str]:
    """The events that a stored rule speaks of, whether or not it can be understood."""
    named = (
        step.get(key)
        for part in _parts(raw)
        for step in (part, part.get("sequence"), part.get("then"))
        if isinstance(step, dict)
        for key in ("event", "first", "last")
    )
    return {one for one in named if isinstance(one, str)}


def stages_in(raw: Any) -> set[tuple[str, str]]:
    """The stages that a stored rule speaks of: the key of the set, and the key of the stage."""
    return {
        (part["stage"], key)
        for part in _parts(raw)
        if isinstance(part.get("stage"), str) and isinstance(part.get("in"), list)
        for key in part["in"]
        if isinstance(key, str)
    }


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
        return leaves.read(kind, raw, path, self.known)

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
        leaves.no_other_keys(raw, {kind}, path)
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
