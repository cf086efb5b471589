"""Customers of high potential: signs in three dimensions, and one rule that stands for itself.

The three are frequent interaction, valuable content and social influence; a customer shows a
sign from a fixed value on, or when among the best so many percent of those who have any. With
enough signs the potential is high. Who comes for days in a row and has not paid yet is of high
potential without them: of these customers 38% order within 30 days (see the requirements, R153).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from segments.rules import values
from segments.rules.nodes import Path, RuleError
from segments.rules.nodes import gettext_noop as _
from segments.scoring import reading
from segments.scoring.reading import Numbers

TOP, LEAST = "top", "least"
MOST_SIGNS = 6
MOST_DAYS = 365
STREAK = "streak"  # the sign of the rule, beside those of the dimensions
HIGH, SOME = "high", "some"
WORDS = (HIGH, SOME)
NOBODY = -1


@dataclass(frozen=True)
class Sign:
    """One dimension: a trait, and from where on it counts."""

    key: str
    trait: str
    by: str = TOP
    at: float = 20.0  # percent of those who have any, or the least value
    title: str = ""


@dataclass(frozen=True)
class Streak:
    """So many days in a row, and nothing bought."""

    days: int = 7
    trait: str = "active_streak_days"
    orders: str = "orders"


@dataclass(frozen=True)
class Potential:
    """The signs, how many of them are enough, and the rule (or none)."""

    signs: tuple[Sign, ...]
    needs: int = 2
    streak: Streak | None = Streak()
    weekday: int | None = None

    @property
    def traits(self) -> tuple[str, ...]:
        of_streak = (self.streak.trait, self.streak.orders) if self.streak else ()
        return (*(one.trait for one in self.signs), *of_streak)


@dataclass(frozen=True)
class Found:
    """Each customer's level as a place in `WORDS`, -1 without any sign, and their signs as bits.

    Bit n is the n-th sign of the recipe, and the one after the last is the rule.
    """

    level: Numbers
    signs: Numbers
    least: dict[str, float | None]  # the value from which each sign counts
    needs: int  # how many were asked for: fewer where a dimension is not known at all


SHIPPED = Potential(
    signs=(
        Sign("interaction", "interactions_30d"),
        Sign("content", "content_made"),
        Sign("influence", "invites"),
    )
)


# --- reading and writing ----------------------------------------------------


def read(raw: Any) -> Potential:
    """The recipe that this JSON says.

    Raises:
        RuleError: it makes no sense; the path leads to what is wrong.
    """
    given = reading.record(raw, (), {"signs", "needs", "streak", "weekday"})
    signs = tuple(
        _sign(one, ("signs", at))
        for at, one in enumerate(reading.records(given.get("signs"), ("signs",), 1, MOST_SIGNS))
    )
    reading.all_different([one.key for one in signs], ("signs",))
    return Potential(
        signs=signs,
        needs=values.whole(given.get("needs"), ("needs",), 1, len(signs)),
        streak=_streak(given.get("streak")),
        weekday=reading.weekday(given.get("weekday"), ("weekday",)),
    )


def _sign(raw: Any, path: Path) -> Sign:
    given = reading.record(raw, path, {"key", "trait", "by", "at", "title"})
    key = reading.key(given.get("key"), (*path, "key"))
    if key == STREAK:
        raise RuleError((*path, "key"), _("“%(key)s” is there twice."), key=key)
    by = values.choice(
        given.get("by", TOP), (TOP, LEAST), (*path, "by"), _("There is no “%(value)s” here.")
    )
    bounds = (0.1, 100.0) if by == TOP else (0.0, values.LARGEST)
    return Sign(
        key=key,
        trait=reading.trait(given.get("trait"), (*path, "trait")),
        by=by,
        at=reading.number(given.get("at"), (*path, "at"), *bounds),
        title=reading.title(given.get("title"), (*path, "title")),
    )


def _streak(raw: Any) -> Streak | None:
    if raw is None:
        return None
    given = reading.record(raw, ("streak",), {"days", "trait", "orders"})
    return Streak(
        days=values.whole(given.get("days"), ("streak", "days"), 2, MOST_DAYS),
        trait=reading.trait(given.get("trait", Streak.trait), ("streak", "trait")),
        orders=reading.trait(given.get("orders", Streak.orders), ("streak", "orders")),
    )


def write(recipe: Potential) -> dict[str, Any]:
    """The recipe as JSON; `read` gives the same record again."""
    rule = recipe.streak
    return {
        "signs": [
            {
                "key": one.key,
                "title": one.title,
                "trait": one.trait,
                "by": one.by,
                "at": reading.plain(one.at),
            }
            for one in recipe.signs
        ],
        "needs": recipe.needs,
        "streak": rule and {"days": rule.days, "trait": rule.trait, "orders": rule.orders},
        "weekday": recipe.weekday,
    }


# --- finding ----------------------------------------------------------------


def find(recipe: Potential, columns: Mapping[str, Numbers], length: int) -> Found:
    """Who shows which signs, and whose potential is high."""
    bits = np.zeros(length, np.int32)
    count = np.zeros(length, np.int8)
    least: dict[str, float | None] = {}
    for at, sign in enumerate(recipe.signs):
        column = columns.get(sign.trait)
        least[sign.key] = None if column is None else begins(sign, column)
        if column is not None and least[sign.key] is not None:
            shows = column >= least[sign.key]
            bits |= shows.astype(np.int32) << at
            count += shows
    available = sum(one is not None for one in least.values())
    needs = min(recipe.needs, max(available, 1))
    high = count >= needs
    if recipe.streak is not None:
        faithful = _in_a_row(recipe.streak, columns, length)
        bits |= faithful.astype(np.int32) << len(recipe.signs)
        high |= faithful
    level = np.where(bits > 0, WORDS.index(SOME), NOBODY).astype(np.int8)
    level[high & (bits > 0)] = WORDS.index(HIGH)
    return Found(level, bits, least, needs)


def begins(sign: Sign, column: Numbers) -> float | None:
    """The value from which the sign counts; nothing where nobody has any."""
    if sign.by == LEAST:
        return sign.at if (~np.isnan(column)).any() else None
    theirs = column[column > 0]
    if not len(theirs):
        return None
    rank = max(int(np.ceil(round(sign.at * len(theirs) / 100, 9))), 1)
    return float(np.partition(theirs, len(theirs) - rank)[len(theirs) - rank])


def _in_a_row(rule: Streak, columns: Mapping[str, Numbers], length: int) -> Numbers:
    days, orders = columns.get(rule.trait), columns.get(rule.orders)
    if days is None or orders is None:
        return np.zeros(length, bool)
    return (days >= rule.days) & ~(orders > 0)


def sizes(recipe: Potential, found: Found) -> list[dict[str, Any]]:
    """Each sign with its customers, how many of them have no other, and from where it counts."""
    keys = [one.key for one in recipe.signs] + ([STREAK] if recipe.streak else [])
    return [
        {
            "key": key,
            "customers": int((found.signs >> at & 1).sum()),
            "alone": int((found.signs == 1 << at).sum()),
            "from": found.least.get(key),
        }
        for at, key in enumerate(keys)
    ]


def combinations(recipe: Potential) -> list[str]:
    """What each set of bits is called by programs, such as `interaction+content`."""
    keys = [one.key for one in recipe.signs] + [STREAK]
    return [
        "+".join(key for at, key in enumerate(keys) if bits >> at & 1)
        for bits in range(1 << len(keys))
    ]
