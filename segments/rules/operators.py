"""The comparisons of the rule language: for each its words, its meaning and its SQL."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from segments.rules.nodes import Operand
from segments.rules.nodes import gettext_noop as _


class Takes(Enum):
    """How many values stand on the right of a comparison."""

    NOTHING = "nothing"
    ONE = "one"
    TWO = "two"
    MANY = "many"


@dataclass(frozen=True)
class Operator:
    """One comparison. A missing value satisfies `not_set` and nothing else."""

    key: str
    takes: Takes
    words: str  # of a condition, with %(name)s and the value's places
    label: str  # in a menu
    sql: str  # with {column}; the value's places are %s
    holds: Callable[[Any, Any], bool]
    ordered: bool = False  # only for values that have an order


_ONE = [
    ("=", _("%(name)s is %(value)s"), _("is"), "=", operator.eq, False),
    ("!=", _("%(name)s is not %(value)s"), _("is not"), "<>", operator.ne, False),
    ("<", _("%(name)s is less than %(value)s"), _("is less than"), "<", operator.lt, True),
    ("<=", _("%(name)s is at most %(value)s"), _("is at most"), "<=", operator.le, True),
    (">", _("%(name)s is more than %(value)s"), _("is more than"), ">", operator.gt, True),
    (">=", _("%(name)s is at least %(value)s"), _("is at least"), ">=", operator.ge, True),
]
_OPERATORS = [
    *(
        Operator(key, Takes.ONE, words, label, f"{{column}} {sql} %s", holds, ordered)
        for key, words, label, sql, holds, ordered in _ONE
    ),
    Operator(
        "between",
        Takes.TWO,
        _("%(name)s is between %(low)s and %(high)s"),
        _("is between"),
        "{column} BETWEEN %s AND %s",
        lambda value, pair: bool(pair[0] <= value <= pair[1]),
        ordered=True,
    ),
    Operator(
        "in",
        Takes.MANY,
        _("%(name)s is one of %(values)s"),
        _("is one of"),
        "{column} = ANY(%s)",
        lambda value, some: value in some,
    ),
    Operator(
        "is_set",
        Takes.NOTHING,
        _("%(name)s is known"),
        _("is known"),
        "{column} IS NOT NULL",
        lambda _value, _nothing: True,
    ),
    Operator(
        "not_set",
        Takes.NOTHING,
        _("%(name)s is not known"),
        _("is not known"),
        "{column} IS NULL",
        lambda _value, _nothing: False,
    ),
]

# Dates are compared in the same way and spoken of differently: words and label.
OF_DATES: dict[str, tuple[str, str]] = {
    "<": (_("%(name)s is before %(value)s"), _("is before")),
    "<=": (_("%(name)s is on or before %(value)s"), _("is on or before")),
    ">": (_("%(name)s is after %(value)s"), _("is after")),
    ">=": (_("%(name)s is on or after %(value)s"), _("is on or after")),
}

# Of days since somebody first or last did something: words and label.
OF_DAYS: dict[str, tuple[str, str]] = {
    "=": (_("exactly %(value)s days ago"), _("exactly")),
    "!=": (_("at another time than %(value)s days ago"), _("at another time than")),
    "<": (_("less than %(value)s days ago"), _("less than")),
    "<=": (_("at most %(value)s days ago"), _("at most")),
    ">": (_("more than %(value)s days ago"), _("more than")),
    ">=": (_("at least %(value)s days ago"), _("at least")),
    "between": (_("between %(low)s and %(high)s days ago"), _("between")),
    "in": (_("%(values)s days ago"), _("one of")),
    "is_set": (_("at some time"), _("at some time")),
    "not_set": (_("never"), _("never")),
}

# The same of a single day.
OF_A_DAY: dict[str, str] = {
    "=": _("exactly a day ago"),
    "!=": _("at another time than a day ago"),
    "<": _("less than a day ago"),
    "<=": _("at most a day ago"),
    ">": _("more than a day ago"),
    ">=": _("at least a day ago"),
}

# In the order of a menu.
TABLE: dict[str, Operator] = {one.key: one for one in _OPERATORS}


def holds(key: str, value: Any, operand: Operand) -> bool:
    """Whether a value, None for a missing one, compares so."""
    if value is None:
        return key == "not_set"
    return TABLE[key].holds(value, operand)


def condition(key: str, column: str, operand: Operand) -> tuple[str, list[Any]]:
    """The comparison as SQL with its parameters. `column` is ours, never a person's words."""
    one = TABLE[key]
    if one.takes is Takes.NOTHING:
        params: list[Any] = []
    elif one.takes is Takes.TWO:
        assert isinstance(operand, tuple)
        params = list(operand)
    else:
        params = [list(operand) if isinstance(operand, tuple) else operand]
    return one.sql.format(column=column), params
