"""The conditions that columns answer: traits, profiles, stages, days since an event."""

import datetime as dt
import re
from typing import Any

from pyroaring import BitMap

from segments import answers, columns, masks, traits
from segments.answers import Answer
from segments.masks import Test
from segments.models import Stage
from segments.rules import operators
from segments.rules.nodes import DaysSince, InStage, Operand, Profile, Trait
from segments.rules.vocabulary import CHOICE, DATE
from segments.sheet import Known, Sheet

EPOCH = dt.date(1970, 1, 1)


class Conditions:
    """Columns as they stand at one moment, asked about one day."""

    def __init__(self, day: dt.date) -> None:
        self.today = _number(day)
        self.sheet = Sheet()

    def trait(self, leaf: Trait) -> Answer:
        trait = traits.some([leaf.key])[leaf.key]
        column = self.sheet.read(trait.column)
        if column is None:
            return _never_computed()
        if trait.is_derived:
            test = masks.days_since(column.stored, leaf.op, leaf.value, self.today)
            return answers.of_test(test, column.version, self.today)
        if trait.kind == CHOICE:
            test = _chosen(column, leaf.op, leaf.value)
        else:
            value = _in_days(leaf.value) if trait.kind == DATE else leaf.value
            test = masks.compared(column.stored, leaf.op, value)
        return answers.of_test(test, column.version)

    def days_since(self, leaf: DaysSince) -> Answer | None:
        """None for an event so rare that it has no column."""
        column = self.sheet.read(f"{leaf.which}:{leaf.event}")
        if column is None:
            return None
        test = masks.days_since(column.stored, leaf.op, leaf.value, self.today)
        return answers.of_test(test, column.version, self.today)

    def profile(self, leaf: Profile) -> Answer:
        """From the field's column if it has one, else from the rows."""
        column = self.sheet.read(f"profile:{leaf.key}")
        is_number = column is not None and column.stored.dtype.kind == "f"
        if column is None or (is_number and _is_text(leaf.value)):
            return Answer(lambda _within: _in_rows(leaf))
        if is_number:
            test = masks.compared(column.stored, leaf.op, leaf.value)
        else:
            test = _chosen(column, leaf.op, leaf.value)
        return answers.of_test(test, column.version)

    def stage(self, leaf: InStage) -> Answer:
        rows = list(
            Stage.objects.filter(stage_set__key=leaf.stage_set, key__in=leaf.stages).values_list(
                "stage_set", "pk"
            )
        )
        column = self.sheet.read(f"stage:{rows[0][0]}") if rows else None
        if column is None:
            return _never_computed()
        test = masks.one_of(column.stored, [pk for _set, pk in rows])
        if leaf.days is None:
            return answers.of_test(test, column.version, tuple(rows))
        since = self.sheet.read(f"since:{rows[0][0]}")
        if since is None:
            return _never_computed()
        long = masks.days_since(since.stored, leaf.op, leaf.days, self.today)
        versions = (column.version, since.version, self.today, tuple(rows))
        return answers.of_test(masks.both(test, long), *versions)


def _chosen(column: Known, op: str, value: Operand) -> Test:
    """The comparison of a column of words, or of words that are numbers with numbers."""
    if value is None:
        return masks.compared(column.stored, op, None)
    if not _is_text(value):
        places = [at for at, word in enumerate(column.words) if compares(op, word, value)]
        return masks.one_of(column.stored, places)
    some = set(value if isinstance(value, tuple) else (value,))
    places = [at for at, word in enumerate(column.words) if word in some]
    if op != "!=":
        return masks.one_of(column.stored, places)
    if not places:  # nobody's word is that one
        return masks.compared(column.stored, "is_set", None)
    return masks.compared(column.stored, "!=", places[0])


def _never_computed() -> Answer:
    return answers.of_test(masks.nobody(), "nobody")


def _number(day: dt.date) -> int:
    return (day - EPOCH).days


def _in_days(value: Operand) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_in_days, value))
    return None if value is None else _number(dt.date.fromisoformat(str(value)))


# --- profiles ---------------------------------------------------------------

# Read as a number also where a source wrote the number as text, as the lake does.
_NUMBER = r"\s*-?\d{1,15}(\.\d{1,15})?\s*"
_NUMBER_IN_PROFILE = rf"""
    CASE WHEN attributes ->> %s ~ '^{_NUMBER}$' THEN (attributes ->> %s)::numeric END
"""


def compares(op: str, word: str, operand: Operand) -> bool:
    """How a word of a profile compares: with a number as a number, else as text."""
    value: str | float | None = word
    if operand is not None and not _is_text(operand):
        value = float(word) if re.fullmatch(_NUMBER, word, re.ASCII) else None
    return operators.holds(op, value, operand)


def _in_rows(leaf: Profile) -> BitMap:
    column, names = "attributes ->> %s", [leaf.key]
    if leaf.value is not None and not _is_text(leaf.value):
        column, names = _NUMBER_IN_PROFILE, [leaf.key] * 2
    condition, params = operators.condition(leaf.op, f"({column})", leaf.value)
    query = f"SELECT id FROM segments_customer WHERE {condition}"  # noqa: S608
    return columns.ids(query, [*names, *params])


def _is_text(value: Operand) -> bool:
    return isinstance(value[0] if isinstance(value, tuple) else value, str)
