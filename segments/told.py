"""What is told of the versions of all that a rule rests on, in one answer of the database."""

import datetime as dt
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from django.db import connection

from segments import activity, asking, deeds, live_sets, sets, sheet
from segments.activity import Stored
from segments.asking import Question
from segments.live_sets import Now
from segments.models import CustomerList, Segment, Tag
from segments.rules.nodes import (
    Consented,
    DaysSince,
    Did,
    InSegment,
    InStage,
    Leaf,
    Listed,
    Profile,
    Tagged,
    Trait,
)

Expected = tuple[Question, Callable[[list[tuple[Any, ...]]], None]]  # and who takes the answer
# What tells whether its members can be taken, and which they are.
_NEEDED = {"id", "name", "rule_version", "computed_version", "data_as_of", "failure", "digest"}
_ABOUT = [one.attname for one in Segment._meta.concrete_fields if one.attname in _NEEDED]
_SEGMENTS = f"SELECT {', '.join(_ABOUT)} FROM segments_segment WHERE id = ANY(%s)"  # noqa: S608


class Told:
    """What was asked for so far; whatever else is asked for when it is needed."""

    def __init__(self) -> None:
        self.days: dict[Did, list[Stored]] = {}
        self.digests: dict[tuple[type, int], bytes] = {}
        self.segments: dict[int, Segment] = {}
        self._live: dict[str, Now] = {}

    def expect(self, leaves: Collection[Leaf], columns: sheet.Sheet, day: dt.date) -> None:
        """Ask at once for whatever these conditions need, and was not asked for yet."""
        wanted = [*self._columns(leaves, columns), *self._stored(leaves), *self._live_sets(leaves)]
        for leaf in leaves:
            if not isinstance(leaf, Did) or leaf in self.days:
                continue
            if (question := deeds.question(leaf, day)) is not None:
                wanted.append((question, partial(self._take_days, leaf)))
        answers = asking.ask([question for question, _take in wanted])
        for (_question, take), rows in zip(wanted, answers, strict=True):
            take(rows)

    def segment(self, pk: int) -> Segment:
        if pk not in self.segments:
            self.segments[pk] = Segment.objects.defer("members").get(pk=pk)
        return self.segments[pk]

    def live_set(self, name: str) -> Now:
        if name not in self._live:
            self._live[name] = live_sets.now(name)
        return self._live[name]

    # --- what is wanted -------------------------------------------------------

    def _columns(self, leaves: Collection[Leaf], columns: sheet.Sheet) -> list[Expected]:
        answered = any(isinstance(one, Trait | Profile | DaysSince | InStage) for one in leaves)
        return [(sheet.COLUMNS, columns.take)] if answered and not columns.is_known else []

    def _stored(self, leaves: Collection[Leaf]) -> list[Expected]:
        found: list[Expected] = []
        tags = {one.tag for one in leaves if isinstance(one, Tagged)}
        lists = {one.customer_list for one in leaves if isinstance(one, Listed)}
        for model, pks in ((Tag, tags), (CustomerList, lists)):
            if new := {pk for pk in pks if (model, pk) not in self.digests}:
                found.append((sets.digests(model, new), partial(self._take_digests, model)))
        segments = {one.segment for one in leaves if isinstance(one, InSegment)}
        if new := segments - self.segments.keys():
            found.append((Question(_SEGMENTS, (list(new),)), self._take_segments))
        return found

    def _live_sets(self, leaves: Collection[Leaf]) -> list[Expected]:
        agreed = {
            live_sets.consent(one.channel, one.purpose)
            for one in leaves
            if isinstance(one, Consented)
        }
        if not (new := ({live_sets.EVERYONE} | agreed) - self._live.keys()):
            return []
        held = live_sets.held_of(new)
        return [(live_sets.question(held), partial(self._take_live, held))]

    # --- what was told --------------------------------------------------------

    def _take_days(self, leaf: Did, rows: list[tuple[Any, ...]]) -> None:
        self.days[leaf] = activity.told(rows)

    def _take_digests(self, model: type, rows: list[tuple[Any, ...]]) -> None:
        self.digests |= {(model, pk): bytes(digest) for pk, digest in rows}

    def _take_segments(self, rows: list[tuple[Any, ...]]) -> None:
        for row in rows:
            segment = Segment.from_db(connection.alias, _ABOUT, row)
            self.segments[segment.pk] = segment

    def _take_live(self, held: live_sets.Held, rows: list[tuple[Any, ...]]) -> None:
        self._live |= live_sets.told(held, rows)
