"""Answers the leaves of rules: from traits, profiles, stages, segments, day sets or the lake."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from pyroaring import BitMap

from segments import activity, bitmaps, columns, history, identity, traits
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
        trait = traits.REGISTRY[leaf.key]
        value = _dates(leaf.value) if trait.kind == DATE else leaf.value
        condition, params = operators.condition(leaf.op, f'"{trait.key}"', value)
        return columns.ids(
            f"SELECT customer_id FROM segments_customertraits WHERE {condition}",  # noqa: S608
            params,
        )

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


def _dates(value: Operand) -> Any:
    if isinstance(value, tuple):
        return tuple(dt.date.fromisoformat(str(one)) for one in value)
    return None if value is None else dt.date.fromisoformat(str(value))
