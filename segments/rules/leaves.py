"""Reads the conditions of a rule, one function a kind, and refuses in words what makes no sense."""

import datetime as dt
from collections.abc import Callable, Container, Mapping
from typing import Any, Literal

from segments.rules import values
from segments.rules.nodes import (
    MARKETING,
    Consented,
    Crossed,
    DaysSince,
    Deed,
    Did,
    InSegment,
    InStage,
    Leaf,
    Listed,
    Path,
    Profile,
    RandomShare,
    RuleError,
    Sequence,
    Tagged,
    Trait,
    Where,
)
from segments.rules.nodes import gettext_noop as _
from segments.rules.vocabulary import CHOICE, Vocabulary

MAX_WHERE = 10
MAX_STAGES = 20  # a set has no more
MAX_TIMES = 1_000
MAX_DAYS = 3_660
MAX_HOURS = 24 * 90
LONGEST_SEED = 64

Raw = dict[str, Any]
NOT_IN_USE = _("“%(name)s” is not in use any more; choose something else.")


def no_other_keys(raw: Raw, keys: set[str], path: Path) -> None:
    """Refuse what means nothing, so that no mistyped word is silently left out."""
    for other in sorted(map(str, raw.keys() - keys)):
        raise RuleError((*path, other), _("“%(key)s” means nothing here."), key=other[:80])


# --- what we know -------------------------------------------------------------


def _trait(raw: Raw, path: Path, known: Vocabulary) -> Trait:
    words = _("There is no trait “%(value)s”.")
    key = _kept("trait", raw, path, known, known.traits, words)
    word = known.traits[key]
    op, value = values.comparison(raw, path, word.kind)
    if word.kind == CHOICE and word.words and not word.is_open:
        some = value if isinstance(value, tuple) else () if value is None else (value,)
        for one in some:
            values.choice(
                one, word.words, (*path, "value"), _("“%(value)s” is not one of its values.")
            )
    return Trait(key, op, value, path=path)


def _profile(raw: Raw, path: Path, known: Vocabulary) -> Profile:
    key = values.choice(
        raw["profile"],
        known.profile,
        (*path, "profile"),
        _("No customer's profile has a field “%(value)s”."),
    )
    op, value = values.comparison(raw, path, values.ANY)
    _refuse_guessing(key, op, path, known)
    return Profile(key, op, value, path=path)


# --- what they did ------------------------------------------------------------


def _event(raw: Raw, key: str, path: Path, known: Vocabulary) -> str:
    if key not in raw:
        raise RuleError((*path, key), _("Name the event."))
    return values.choice(raw[key], known.events, (*path, key), _("There is no event “%(value)s”."))


def _did_or_not(raw: Raw, path: Path) -> bool:
    did = raw.get("did", True)
    if not isinstance(did, bool):
        raise RuleError((*path, "did"), _("Say true for did, false for did not."))
    return did


def _did(raw: Raw, path: Path, known: Vocabulary) -> Did:
    event = _event(raw, "event", path, known)
    did = _did_or_not(raw, path)
    times = values.whole(raw.get("times", 1), (*path, "times"), 1, MAX_TIMES)
    days, ago = _days_and_ago(raw, path)
    since, until = _dates(raw, path)
    where = _wheres(raw.get("where", []), path, known)
    return Did(event, did, times, days, where, ago, since, until, path=path)


def _days_and_ago(raw: Raw, path: Path) -> tuple[int | None, int]:
    days = raw.get("days")
    if days is not None:
        days = values.whole(days, (*path, "days"), 1, MAX_DAYS)
    return days, values.whole(raw.get("ago", 0), (*path, "ago"), 0, MAX_DAYS)


def _dates(raw: Raw, path: Path) -> tuple[dt.date | None, dt.date | None]:
    since, until = (
        None if raw.get(key) is None else values.day(raw[key], (*path, key))
        for key in ("since", "until")
    )
    if since or until:
        for other in ("days", "ago"):
            if raw.get(other):
                raise RuleError((*path, other), _("Say either days or dates, not both."))
    if since and until and since > until:
        raise RuleError((*path, "until"), _("The last day has to come after the first."))
    return since, until


def _wheres(raw: Any, path: Path, known: Vocabulary) -> tuple[Where, ...]:
    path = (*path, "where")
    if not isinstance(raw, list) or len(raw) > MAX_WHERE:
        raise RuleError(
            path, _("A list of at most %(most)s properties belongs here."), most=MAX_WHERE
        )
    return tuple(_where(one, (*path, at), known) for at, one in enumerate(raw))


def _where(raw: Any, path: Path, known: Vocabulary) -> Where:
    if not isinstance(raw, dict) or "property" not in raw:
        raise RuleError(path, _("Name a property of the event."))
    no_other_keys(raw, {"property", "op", "value"}, path)
    key = values.text(raw["property"], (*path, "property"))
    if '"' in key or "\\" in key:  # the lake could not ask for it
        raise RuleError((*path, "property"), _("A property's name has no quotes or backslashes."))
    op, value = values.comparison(raw, path, values.ANY)
    _refuse_guessing(key, op, path, known)
    return Where(key, op, value, path=path)


def _refuse_guessing(name: str, op: str, path: Path, known: Vocabulary) -> None:
    """The count of a rule would tell anybody whether an address is somebody's."""
    if known.is_contact(name) and op not in {"is_set", "not_set"}:
        raise RuleError(
            (*path, "op"),
            _("“%(name)s” tells who somebody is: a rule may only ask whether it is known."),
            name=name,
        )


def _days_since(which: Literal["first", "last"]) -> "Read":
    def read(raw: Raw, path: Path, known: Vocabulary) -> DaysSince:
        event = _event(raw, which, path, known)
        op, value = values.comparison(raw, path, values.DAYS)
        return DaysSince(which, event, op, value, path=path)

    return read


def _sequence(raw: Raw, path: Path, known: Vocabulary) -> Sequence:
    return Sequence(
        _deed(raw, "sequence", path, known),
        _deed(raw, "then", path, known),
        _did_or_not(raw, path),
        values.whole(raw.get("hours", 24), (*path, "hours"), 1, MAX_HOURS),
        values.whole(raw.get("days", 30), (*path, "days"), 1, MAX_DAYS),
        path=path,
    )


def _deed(raw: Raw, key: str, path: Path, known: Vocabulary) -> Deed:
    path, step = (*path, key), raw.get(key)
    if not isinstance(step, dict):
        raise RuleError(path, _("Name the event."))
    no_other_keys(step, {"event", "where"}, path)
    event = _event(step, "event", path, known)
    return Deed(event, _wheres(step.get("where", []), path, known), path=path)


# --- where they belong --------------------------------------------------------


def _stage(raw: Raw, path: Path, known: Vocabulary) -> InStage:
    words = _("There is no stage set “%(value)s”.")
    key = _kept("stage", raw, path, known, known.stage_sets, words)
    stages = _stages(raw.get("in"), (*path, "in"), known, key)
    days, op = raw.get("days"), raw.get("op", ">=")
    if days is not None:
        days = values.whole(days, (*path, "days"), 0, MAX_DAYS)
    elif "op" in raw:
        raise RuleError((*path, "days"), _("Say how many days."))
    if op not in (">=", "<="):  # a set could not be asked for a list
        raise RuleError((*path, "op"), _("Choose a comparison: %(known)s."), known=">=, <=")
    return InStage(key, stages, days, op, path=path)


def _stages(raw: Any, path: Path, known: Vocabulary, stage_set: str) -> tuple[str, ...]:
    if not isinstance(raw, list) or not raw:
        raise RuleError(path, _("Choose at least one stage."))
    word = known.stage_sets[stage_set]
    if len(raw) > MAX_STAGES:
        raise RuleError(path, _("Choose at most %(most)s stages."), most=MAX_STAGES)
    chosen = []
    for at, one in enumerate(raw):
        if isinstance(one, str) and one in word.retired:
            raise RuleError((*path, at), NOT_IN_USE, name=word.retired[one])
        there_is_none = _("There is no stage “%(value)s”.")
        chosen.append(values.choice(one, word.stages, (*path, at), there_is_none))
    return tuple(dict.fromkeys(chosen))


def _number(
    raw: Raw, key: str, path: Path, known: Vocabulary, some: Mapping[int, str], words: str
) -> int:
    """The number of a record that is in use."""
    number, path = raw[key], (*path, key)
    if isinstance(number, int) and not isinstance(number, bool):
        if number in some:
            return number
        _refuse_gone("segment" if key in _WAYS else key, number, path, known)
    raise RuleError(path, words)


def _kept(
    key: str, raw: Raw, path: Path, known: Vocabulary, some: Container[str], words: str
) -> str:
    """The key of something that is in use."""
    name, path = raw[key], (*path, key)
    if isinstance(name, str) and name not in some:
        _refuse_gone(key, name, path, known)
    return values.choice(name, some, path, words)


def _refuse_gone(kind: str, name: str | int, path: Path, known: Vocabulary) -> None:
    gone = known.gone.get(kind, {})
    if name in gone:
        raise RuleError(path, NOT_IN_USE, name=gone[name])


def _segment(raw: Raw, path: Path, known: Vocabulary) -> InSegment:
    words = _("Choose a segment that exists.")
    return InSegment(_number(raw, "segment", path, known, known.segments, words), path=path)


_WAYS = {"entered", "left"}


def _crossed(way: Literal["entered", "left"]) -> "Read":
    def read(raw: Raw, path: Path, known: Vocabulary) -> Crossed:
        words = _("Choose a segment that exists.")
        segment = _number(raw, way, path, known, known.segments, words)
        days = values.whole(raw.get("days", 7), (*path, "days"), 1, MAX_DAYS)
        return Crossed(way, segment, days, path=path)

    return read


def _tag(raw: Raw, path: Path, known: Vocabulary) -> Tagged:
    words = _("Choose a tag that exists.")
    return Tagged(_number(raw, "tag", path, known, known.tags, words), path=path)


def _list(raw: Raw, path: Path, known: Vocabulary) -> Listed:
    words = _("Choose a list that exists and is ready.")
    return Listed(_number(raw, "list", path, known, known.lists, words), path=path)


def _random(raw: Raw, path: Path, known: Vocabulary) -> RandomShare:
    percent = values.whole(raw["random"], (*path, "random"), 1, 100)
    seed = raw.get("seed", "")
    if seed != "":
        seed = values.text(seed, (*path, "seed"), LONGEST_SEED)
    return RandomShare(percent, seed, path=path)


def _consent(raw: Raw, path: Path, known: Vocabulary) -> Consented:
    channel = values.choice(
        raw["consent"], known.channels, (*path, "consent"), _("There is no channel “%(value)s”.")
    )
    purpose = raw.get("purpose", MARKETING)
    if purpose != MARKETING:
        values.choice(
            purpose, known.purposes, (*path, "purpose"), _("There is no purpose “%(value)s”.")
        )
    return Consented(channel, purpose, path=path)


Read = Callable[[Raw, Path, Vocabulary], Leaf]
# The key that tells a kind of condition from the others, its reader, and its other keys.
KINDS: dict[str, tuple[Read, set[str]]] = {
    "trait": (_trait, {"op", "value"}),
    "profile": (_profile, {"op", "value"}),
    "event": (_did, {"did", "times", "days", "ago", "since", "until", "where"}),
    "first": (_days_since("first"), {"op", "value"}),
    "last": (_days_since("last"), {"op", "value"}),
    "sequence": (_sequence, {"then", "did", "hours", "days"}),
    "stage": (_stage, {"in", "days", "op"}),
    "segment": (_segment, set()),
    "entered": (_crossed("entered"), {"days"}),
    "left": (_crossed("left"), {"days"}),
    "tag": (_tag, set()),
    "list": (_list, set()),
    "random": (_random, {"seed"}),
    "consent": (_consent, {"purpose"}),
}


def read(kind: str, raw: Raw, path: Path, known: Vocabulary) -> Leaf:
    """The condition that the JSON says; `kind` is the one of `KINDS` that is in it."""
    reader, keys = KINDS[kind]
    no_other_keys(raw, {kind, *keys}, path)
    return reader(raw, path, known)
