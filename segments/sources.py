"""Answers the leaves of rules: from traits, profiles, stages, segments, day sets or the lake."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
from pyroaring import BitMap

from segments import activity, arrays, bitmaps, columns, history, identity, traits
from segments.lake.properties import Condition
from segments.models import Segment
from segments.rules import compiler, operators, tree
from segments.rules.nodes import (
    Consented,
    Did,
    InSegment,
    InStage,
    Leaf,
    Operand,
    Profile,
    RuleError,
    Trait,
)
from segments.rules.nodes import gettext_noop as _
from segments.rules.vocabulary import DATE, Vocabulary
from segments.sheet import Known


class Sources:
    """The customers as they are on one day. Each leaf is answered once and kept.

    A window of N days is the N days of the project's zone that end with `day`.
    """

    def __init__(self, day: dt.date, known: Vocabulary) -> None:
        self.day, self.known = day, known
        self._everyone: BitMap | None = None
        self._kept: dict[Leaf, BitMap] = {}
        self._answers: dict[type, Callable[[Any], BitMap]] = {
            Trait: self._trait,
            Profile: self._profile,
            Did: self._did,
            InStage: self._in_stage,
            InSegment: self._in_segment,
            Consented: self._consented,
        }

    def everyone(self) -> BitMap:
        if self._everyone is None:
            self._everyone = columns.ids(
                f"SELECT id FROM segments_customer WHERE {identity.LIVING_SQL}"  # noqa: S608
            )
        return self._everyone

    def members(self, leaf: Leaf) -> BitMap:
        if leaf not in self._kept:
            self._kept[leaf] = self._answers[type(leaf)](leaf)
        return self._kept[leaf]

    def _trait(self, leaf: Trait) -> BitMap:
        column = traits.read(leaf.key, day=self.day).get(leaf.key)
        if column is None:
            return self.everyone() if leaf.op == "not_set" else BitMap()
        known = arrays.known(column.values)
        if leaf.op == "not_set":
            return self.everyone() - arrays.members(known)
        found = known & _compare(column, leaf.op, _numbers(column, leaf, self.known))
        # Who was merged or erased since keeps a value until the next computation.
        return arrays.members(found) & self.everyone()

    def _profile(self, leaf: Profile) -> BitMap:
        column, names = "attributes ->> %s", [leaf.key]
        if isinstance(_first(leaf.value), int | float):
            column, names = _NUMBER_IN_PROFILE, [leaf.key] * 2
        condition, params = operators.condition(leaf.op, f"({column})", leaf.value)
        return columns.ids(
            f"SELECT id FROM segments_customer WHERE {condition}",  # noqa: S608
            [*names, *params],
        )

    def _did(self, leaf: Did) -> BitMap:
        since, until = leaf.span(self.day)
        if compiler.needs_lake(leaf):
            return self._from_lake(leaf, since, until)
        return activity.members(leaf.event, since or dt.date.min, until, leaf.times)

    def _from_lake(self, leaf: Did, since: dt.date | None, until: dt.date) -> BitMap:
        from segments.lake import questions  # heavy: not in the web process

        with history.opened() as lake:
            found = questions.who_did(
                lake,
                event=leaf.event,
                since=since,
                until=until,
                times=leaf.times,
                where=[Condition(one.key, one.op, one.value) for one in leaf.where],
            )
        return bitmaps.from_array(found["customer"].to_numpy())

    def _in_stage(self, leaf: InStage) -> BitMap:
        return columns.ids(
            "SELECT customer_id FROM segments_customerstage WHERE stage_id = ANY(ARRAY("
            "SELECT s.id FROM segments_stage s JOIN segments_stageset t ON t.id = s.stage_set_id "
            "WHERE t.key = %s AND s.key = ANY(%s)))",
            [leaf.stage_set, list(leaf.stages)],
        )

    def _consented(self, leaf: Consented) -> BitMap:
        return columns.ids(
            "SELECT customer_id FROM segments_consent "
            "WHERE channel = %s AND purpose = %s AND granted",
            [leaf.channel, leaf.purpose],
        )

    def _in_segment(self, leaf: InSegment) -> BitMap:
        """The stored members when they are of this day, else what the other's rule says now."""
        other = Segment.objects.get(pk=leaf.segment)
        if other.is_computed and other.data_as_of == self.day and not other.failure:
            return other.members
        try:
            return compiler.evaluate(tree.parse(other.rule, self.known), self)
        except RuleError as problem:
            raise RuleError(
                leaf.path,
                _("The segment “%(name)s” cannot be computed: %(why)s"),
                name=other.name,
                why=problem,
            ) from problem


# Read as a number also where a source wrote the number as text, as the lake does.
_NUMBER_IN_PROFILE = r"""
    CASE WHEN attributes ->> %s ~ '^\s*-?\d{1,15}(\.\d{1,15})?\s*$'
    THEN (attributes ->> %s)::numeric END
"""


def _first(value: Operand) -> Any:
    return value[0] if isinstance(value, tuple) else value


def _numbers(column: Known, leaf: Trait, known: Vocabulary) -> list[Any]:
    """The right side as a column has it: dates as days, words as their places."""
    some = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    some = tuple(one for one in some if one is not None)
    if known.traits[leaf.key].kind == DATE:
        return [(dt.date.fromisoformat(str(one)) - traits.EPOCH).days for one in some]
    if column.words:
        places = {word: place for place, word in enumerate(column.words)}
        return [places.get(str(one), -1) for one in some]
    return list(some)


def _compare(column: Known, op: str, right: list[Any]) -> arrays.Array:
    left = column.values
    answers: dict[str, Callable[[], arrays.Array]] = {
        "is_set": lambda: np.ones(len(left), np.bool_),
        "=": lambda: left == right[0],
        "!=": lambda: left != right[0],
        "<": lambda: left < right[0],
        "<=": lambda: left <= right[0],
        ">": lambda: left > right[0],
        ">=": lambda: left >= right[0],
        "between": lambda: (left >= right[0]) & (left <= right[1]),
        "in": lambda: np.isin(left, right),
    }
    return answers[op]()
