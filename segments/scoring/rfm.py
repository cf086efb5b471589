"""Recency, frequency and monetary scores from 1 to 5, and the named cells that they make.

Thresholds are either those of the recipe, or quantiles of the customers who ordered: the values
at the ranks n/5, 2n/5, 3n/5 and 4n/5 (nearest rank, rounded up). A score is one more than the
number of cut points that the value exceeds, so equal values always get equal scores, whatever
their order. With many ties the fifths are not equally large: where most customers ordered once,
they all have the score 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from segments.rules import values
from segments.rules.nodes import Path, RuleError
from segments.rules.nodes import gettext_noop as _
from segments.scoring import reading
from segments.scoring.reading import Numbers

SCORES = 5
SHARES, FIXED = "shares", "fixed"
FIFTHS = (20.0, 40.0, 60.0, 80.0)
MOST_CELLS = 25
LETTERS = "rfm"
HIGH = 4  # from this score on the classical eight cells count a letter as high
LARGEST = 2.0**53
NOWHERE = -1  # of who is in no cell


@dataclass(frozen=True)
class Cuts:
    """Where the scores of one measure part: at these percents of customers, or these values.

    Values of recency are days, and the smaller is the better; of the others each value is the
    least that has the next score.
    """

    trait: str
    by: str = SHARES
    at: tuple[float, ...] = FIFTHS


@dataclass(frozen=True)
class Cell:
    """A name for some combinations of scores: the least and the most of each letter."""

    key: str
    title: str = ""
    r: tuple[int, int] = (1, SCORES)
    f: tuple[int, int] = (1, SCORES)
    m: tuple[int, int] = (1, SCORES)

    def holds(self, scores: tuple[Any, Any, Any]) -> Any:
        """Whether three scores (or arrays of them) belong here."""
        found: Any = True
        for (least, most), score in zip((self.r, self.f, self.m), scores, strict=True):
            found = found & (score >= least) & (score <= most)
        return found


@dataclass(frozen=True)
class Rfm:
    """How customers are scored; the first cell that holds is theirs."""

    recency: Cuts
    frequency: Cuts
    monetary: Cuts
    cells: tuple[Cell, ...]
    weekday: int | None = None  # of the weekly run; nothing for every night

    @property
    def traits(self) -> tuple[str, ...]:
        return (self.recency.trait, self.frequency.trait, self.monetary.trait)


@dataclass(frozen=True)
class Scored:
    """The scores by the customer's number, 0 without an order, and the place of the cell."""

    r: Numbers
    f: Numbers
    m: Numbers
    cell: Numbers
    # By letter, for the scores 2 to 5: the least value that has it, or the most days of recency;
    # nothing where nobody has that score or a better one.
    thresholds: dict[str, list[float | None]]


def _eight() -> tuple[Cell, ...]:
    spans = {"H": (HIGH, SCORES), "L": (1, HIGH - 1)}
    return tuple(
        Cell(r + f + m, r=spans[r], f=spans[f], m=spans[m])
        for m in "HL"
        for r, f in (("H", "H"), ("L", "H"), ("H", "L"), ("L", "L"))
    )


# The classical eight cells; and high, potential and middle value (high may have gone quiet).
EIGHT = _eight()
THREE = (
    Cell("high", f=(HIGH, SCORES), m=(HIGH, SCORES)),
    Cell("promising", r=(HIGH, SCORES), m=(1, HIGH - 1)),
    Cell("middle"),
)
SETS = {"eight": EIGHT, "three": THREE}
SHIPPED = Rfm(Cuts("recency_days"), Cuts("orders"), Cuts("monetary_minor"), EIGHT)


# --- reading and writing ----------------------------------------------------

_FIELDS = {"recency", "frequency", "monetary", "cells", "weekday"}


def read(raw: Any) -> Rfm:
    """The recipe that this JSON says.

    Raises:
        RuleError: it makes no sense; the path leads to what is wrong.
    """
    given = reading.record(raw, (), _FIELDS)
    cuts = {name: _cuts(given.get(name), (name,)) for name in ("recency", "frequency", "monetary")}
    cells = tuple(
        _cell(one, ("cells", at))
        for at, one in enumerate(reading.records(given.get("cells"), ("cells",), 1, MOST_CELLS))
    )
    reading.all_different([one.key for one in cells], ("cells",))
    _refuse_hidden(cells)
    return Rfm(**cuts, cells=cells, weekday=reading.weekday(given.get("weekday"), ("weekday",)))


def _cuts(raw: Any, path: Path) -> Cuts:
    given = reading.record(raw, path, {"trait", "by", "at"})
    trait = reading.trait(given.get("trait"), (*path, "trait"))
    by = values.choice(
        given.get("by", SHARES), (SHARES, FIXED), (*path, "by"), _("There is no “%(value)s” here.")
    )
    bounds = (0.1, 99.9) if by == SHARES else (0.0, LARGEST)
    at = reading.rising(given.get("at", [*FIFTHS]), (*path, "at"), SCORES - 1, *bounds)
    return Cuts(trait, by, at)


def _cell(raw: Any, path: Path) -> Cell:
    given = reading.record(raw, path, {"key", "title", *LETTERS})
    spans = {letter: _span(given.get(letter), (*path, letter)) for letter in LETTERS}
    return Cell(
        key=reading.key(given.get("key"), (*path, "key")),
        title=reading.title(given.get("title"), (*path, "title")),
        **spans,
    )


def _span(raw: Any, path: Path) -> tuple[int, int]:
    if raw is None:
        return (1, SCORES)
    if not isinstance(raw, list) or len(raw) != 2:
        raise RuleError(path, _("Write two scores: from and to."))
    least, most = (values.whole(one, (*path, at), 1, SCORES) for at, one in enumerate(raw))
    if least > most:
        raise RuleError(path, _("The first value has to be the smaller one."))
    return (least, most)


def _refuse_hidden(cells: tuple[Cell, ...]) -> None:
    """A cell behind others that take everybody it could have is a mistake of the order."""
    left = np.ones((SCORES, SCORES, SCORES), bool)
    grid = np.meshgrid(*[np.arange(1, SCORES + 1)] * 3, indexing="ij")
    for at, cell in enumerate(cells):
        found = cell.holds((grid[0], grid[1], grid[2])) & left
        if not found.any():
            raise RuleError(
                ("cells", at),
                _("Nobody can be in “%(name)s”: the cells before it take all of its scores."),
                name=cell.title or cell.key,
            )
        left &= ~found


def write(recipe: Rfm) -> dict[str, Any]:
    """The recipe as JSON; `read` gives the same record again."""
    return {
        **{
            name: _write_cuts(getattr(recipe, name))
            for name in ("recency", "frequency", "monetary")
        },
        "cells": [write_cell(cell) for cell in recipe.cells],
        "weekday": recipe.weekday,
    }


def _write_cuts(cuts: Cuts) -> dict[str, Any]:
    return {"trait": cuts.trait, "by": cuts.by, "at": [reading.plain(one) for one in cuts.at]}


def write_cell(cell: Cell) -> dict[str, Any]:
    spans = {letter: getattr(cell, letter) for letter in LETTERS}
    said = {letter: list(span) for letter, span in spans.items() if span != (1, SCORES)}
    return {"key": cell.key, "title": cell.title, **said}


# --- scoring ----------------------------------------------------------------


def score(recipe: Rfm, recency: Numbers, frequency: Numbers, monetary: Numbers) -> Scored:
    """Score everybody of whom all three are known against one another."""
    known = ~(np.isnan(recency) | np.isnan(frequency) | np.isnan(monetary))
    scores, thresholds = {}, {}
    measured = zip(
        LETTERS,
        (recipe.recency, recipe.frequency, recipe.monetary),
        (-recency[known], frequency[known], monetary[known]),
        strict=True,
    )
    for letter, cuts, found in measured:
        edges = _edges(cuts, found, falls=letter == "r")
        # The better end of a measure is the larger one here: days count backwards.
        scores[letter] = np.zeros(len(known), np.int8)
        scores[letter][known] = 1 + np.searchsorted(edges, found, side="left")
        thresholds[letter] = _bounds(cuts, found, scores[letter][known])
    return Scored(**scores, cell=place(recipe.cells, **scores), thresholds=thresholds)


def _edges(cuts: Cuts, found: Numbers, *, falls: bool) -> Numbers:
    """The values that one has to exceed for the next score."""
    if cuts.by == SHARES:
        return cut_points(found, cuts.at)
    fixed = np.asarray(cuts.at)
    # "At most 30 days" and "at least 3 orders" both include the value itself.
    return np.nextafter(-fixed[::-1] if falls else fixed, -np.inf)


def _bounds(cuts: Cuts, found: Numbers, scores: Numbers) -> list[float | None]:
    if cuts.by == FIXED:
        return list(cuts.at)
    bounds = []
    for score in range(2, SCORES + 1):
        having = found[scores >= score]
        bounds.append(abs(float(having.min())) if len(having) else None)
    return bounds


def cut_points(found: Numbers, percents: tuple[float, ...] = FIFTHS) -> Numbers:
    """The values at these percents of all, by nearest rank; after each the next score begins."""
    if not len(found):
        return found[:0]
    # Rounded, since 0.6 × 5 is 3.0000000000000004 to a computer.
    exact = np.round(np.asarray(percents) * len(found) / 100, 9)
    ranks = np.maximum(np.ceil(exact).astype(int) - 1, 0)
    return np.partition(found, ranks)[ranks]


def place(cells: tuple[Cell, ...], r: Numbers, f: Numbers, m: Numbers) -> Numbers:
    """The place of each customer's cell; `NOWHERE` without scores, or where no cell holds."""
    # There are 125 combinations: each is looked up once, however many customers there are.
    steps = np.arange(SCORES + 1)
    grid = np.meshgrid(steps, steps, steps, indexing="ij")
    found = np.full(grid[0].shape, NOWHERE, np.int8)
    for at in reversed(range(len(cells))):
        found[cells[at].holds((grid[0], grid[1], grid[2]))] = at
    return found[r, f, m]


def field(scored: Scored, spent: Numbers) -> list[dict[str, Any]]:
    """Recency by frequency: customers and what they spent, for each pair of scores."""
    known = scored.r > 0
    spots = (scored.r[known].astype(int) - 1) * SCORES + scored.f[known] - 1
    sizes = np.bincount(spots, minlength=SCORES**2)
    money = np.bincount(spots, np.nan_to_num(spent[known]), SCORES**2)
    return [
        {
            "r": at // SCORES + 1,
            "f": at % SCORES + 1,
            "customers": int(n),
            "spent": round(money[at]),
        }
        for at, n in enumerate(sizes)
    ]


def sizes(recipe: Rfm, scored: Scored, spent: Numbers) -> list[dict[str, Any]]:
    """Each cell with its customers and what they spent."""
    found = []
    for at, cell in enumerate(recipe.cells):
        inside = scored.cell == at
        found.append(
            {
                "key": cell.key,
                "customers": int(inside.sum()),
                "spent": round(float(np.nansum(spent[inside]))),
            }
        )
    return found
