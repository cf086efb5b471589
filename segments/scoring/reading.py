"""Reads the parts that the recipes of scorings share, and says in words what makes no sense."""

import re
from typing import Any

import numpy as np

from segments.rules import values
from segments.rules.nodes import Path, RuleError
from segments.rules.nodes import gettext_noop as _

Numbers = np.ndarray[Any, Any]
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
TRAIT = re.compile(r"[a-z][a-z0-9_]{0,59}")
LONGEST_TITLE = 40
SUNDAY = 6


def record(raw: Any, path: Path, own: set[str]) -> dict[str, Any]:
    """A JSON object with no other keys than its own."""
    if not isinstance(raw, dict):
        raise RuleError(path, _("A JSON object belongs here."))
    for name in sorted(raw.keys() - own):
        raise RuleError((*path, name), _("“%(key)s” does not belong here."), key=str(name)[:80])
    return raw


def records(raw: Any, path: Path, least: int, most: int) -> list[Any]:
    """A list of a sensible length."""
    if not isinstance(raw, list) or not least <= len(raw) <= most:
        raise RuleError(path, _("Write %(least)s to %(most)s of these."), least=least, most=most)
    return raw


def key(raw: Any, path: Path) -> str:
    """A short name for programs."""
    if not isinstance(raw, str) or not KEY.fullmatch(raw):
        raise RuleError(path, _("Write a key of letters, digits, - and _."))
    return raw


def trait(raw: Any, path: Path) -> str:
    """The key of a trait."""
    if not isinstance(raw, str) or not TRAIT.fullmatch(raw):
        raise RuleError(path, _("Name a trait."))
    return raw


def title(raw: Any, path: Path) -> str:
    """A name for people; empty for what ships, whose words follow the reader's language."""
    return "" if raw in (None, "") else values.text(raw, path, LONGEST_TITLE)


def number(raw: Any, path: Path, least: float, most: float) -> float:
    """A number between two bounds."""
    found = values.number(raw, path)
    if not least <= float(found) <= most:
        raise RuleError(
            path, _("Write a number from %(least)s to %(most)s."), least=least, most=most
        )
    return float(found)


def rising(raw: Any, path: Path, count: int, least: float, most: float) -> tuple[float, ...]:
    """So many numbers, each larger than the one before."""
    if not isinstance(raw, list) or len(raw) != count:
        raise RuleError(path, _("Write %(count)s numbers."), count=count)
    found = tuple(number(one, (*path, at), least, most) for at, one in enumerate(raw))
    for at in range(1, count):
        if found[at] <= found[at - 1]:
            raise RuleError((*path, at), _("Each number has to be larger than the one before."))
    return found


def weekday(raw: Any, path: Path) -> int | None:
    """The day of a weekly run, 0 for Monday; nothing for every night."""
    return None if raw is None else values.whole(raw, path, 0, SUNDAY)


def flag(raw: Any, path: Path) -> bool:
    """True or false."""
    if not isinstance(raw, bool):
        raise RuleError(path, _("Say true or false."))
    return raw


def all_different(keys: list[str], path: Path) -> None:
    """Two of the same name cannot be told apart."""
    for at, one in enumerate(keys):
        if one in keys[:at]:
            raise RuleError((*path, at), _("“%(key)s” is there twice."), key=one)


def plain(value: float) -> int | float:
    """A number as one would write it: 20 and not 20.0."""
    return int(value) if float(value).is_integer() else float(value)
