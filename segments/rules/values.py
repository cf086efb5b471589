"""Reads the single values of a rule: numbers, texts, dates, and the right side of a comparison."""

import datetime as dt
import math
from collections.abc import Callable, Container
from typing import Any

from segments.rules import operators
from segments.rules.nodes import Operand, Path, RuleError, Scalar
from segments.rules.nodes import gettext_noop as _
from segments.rules.operators import Takes
from segments.rules.vocabulary import CHOICE, DATE, MONEY, NUMBER, WHOLE

ANY = "any"  # a text or a number: profiles and properties hold both
DAYS = "days"  # a number of them, never before today
# Whole numbers that JSON, JavaScript and PostgreSQL's bigint all keep exactly.
LARGEST = 2**53 - 1
LONGEST = 200
MAX_VALUES = 1_000
MAX_DAYS_AGO = 36_600


def whole(raw: Any, path: Path, least: int = -LARGEST, most: int = LARGEST) -> int:
    """A whole number between two bounds."""
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise RuleError(path, _("Write a whole number."))
    if not least <= raw <= most:
        raise RuleError(
            path, _("Write a number from %(least)s to %(most)s."), least=least, most=most
        )
    return raw


def text(raw: Any, path: Path, longest: int = LONGEST) -> str:
    """A text that is not empty, not endless and holds nothing invisible."""
    if not isinstance(raw, str) or not raw.strip():
        raise RuleError(path, _("Write something here."))
    if len(raw) > longest:
        raise RuleError(path, _("Write at most %(most)s characters."), most=longest)
    if not raw.isprintable():
        raise RuleError(path, _("There is an invisible character in this text."))
    return raw


def day(raw: Any, path: Path) -> dt.date:
    """A date."""
    try:
        return dt.date.fromisoformat(raw)
    except (TypeError, ValueError) as unreadable:
        raise RuleError(path, _("Write a date such as 2018-01-31.")) from unreadable


def date(raw: Any, path: Path) -> str:
    """A date as a value to compare with, kept as ISO text like the others of its kind."""
    return day(raw, path).isoformat()


def days(raw: Any, path: Path) -> int:
    """How many days have passed."""
    return whole(raw, path, 0, MAX_DAYS_AGO)


def either(raw: Any, path: Path) -> Scalar:
    """A text or a number."""
    return text(raw, path) if isinstance(raw, str) else number(raw, path)


def number(raw: Any, path: Path) -> Scalar:
    """A number, with a point or without."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise RuleError(path, _("Write a number."))
    if not math.isfinite(raw) or abs(raw) > LARGEST:
        raise RuleError(path, _("Write an ordinary number."))
    return raw


def choice(raw: Any, known: Container[str], path: Path, words: str) -> str:
    """One of the known names."""
    if not isinstance(raw, str) or raw not in known:
        raise RuleError(path, words, value=str(raw)[:80])
    return raw


_READERS: dict[str, Callable[[Any, Path], Scalar]] = {
    WHOLE: whole,
    NUMBER: number,
    MONEY: whole,
    DATE: date,
    CHOICE: text,
    DAYS: days,
    ANY: either,
}


def comparison(raw: dict[str, Any], path: Path, kind: str) -> tuple[str, Operand]:
    """The operator and the value that it takes."""
    key = raw.get("op")
    if not isinstance(key, str) or key not in operators.TABLE:
        raise RuleError(
            (*path, "op"),
            _("Choose a comparison: %(known)s."),
            known=", ".join(operators.TABLE),
        )
    value = _operand(raw.get("value"), (*path, "value"), operators.TABLE[key].takes, kind)
    if operators.TABLE[key].ordered and isinstance(_first(value), str) and kind != DATE:
        raise RuleError((*path, "value"), _("Only numbers can be compared this way."))
    return key, value


def _operand(raw: Any, path: Path, takes: Takes, kind: str) -> Operand:
    read = _READERS[kind]
    if takes is Takes.NOTHING:
        if raw is not None:
            raise RuleError(path, _("This comparison takes no value."))
        return None
    if takes is Takes.ONE:
        return read(raw, path)
    if not isinstance(raw, list):
        raise RuleError(path, _("A list of values belongs here."))
    if takes is Takes.TWO:
        return _pair(raw, path, read)
    return _some(raw, path, read)


def _pair(raw: list[Any], path: Path, read: Callable[[Any, Path], Scalar]) -> Operand:
    if len(raw) != 2:
        raise RuleError(path, _("Write two values: from and to."))
    low, high = (read(one, (*path, at)) for at, one in enumerate(raw))
    _alike((low, high), path)
    if low > high:  # type: ignore[operator]  # alike
        raise RuleError(path, _("The first value has to be the smaller one."))
    return (low, high)


def _some(raw: list[Any], path: Path, read: Callable[[Any, Path], Scalar]) -> Operand:
    if not 0 < len(raw) <= MAX_VALUES:
        raise RuleError(path, _("Write between one and %(most)s values."), most=MAX_VALUES)
    some = tuple(read(one, (*path, at)) for at, one in enumerate(raw))
    _alike(some, path)
    return some


def _alike(some: tuple[Scalar, ...], path: Path) -> None:
    if len({isinstance(one, str) for one in some}) > 1:
        raise RuleError(path, _("Write either numbers or texts, not both."))


def _first(value: Operand) -> Any:
    return value[0] if isinstance(value, tuple) else value
