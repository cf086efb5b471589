"""Answers the leaves of rules, each from where it is known: columns, sets, day sets or the lake.

An answer is kept by its condition and the versions of what it was read from, so that a rule that
is changed in one place asks one question. See `segments.answers`.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from pyroaring import BitMap

from segments import bitmaps, chance, deeds, live_sets, masks, sets
from segments.answers import Answer
from segments.conditions import Conditions
from segments.kept import Kept
from segments.models import CustomerList, Segment, SegmentSnapshot, Tag
from segments.rules import compiler, nodes, tree
from segments.rules.nodes import (
    Consented,
    Crossed,
    DaysSince,
    Did,
    InSegment,
    InStage,
    Leaf,
    Listed,
    Profile,
    RandomShare,
    Rule,
    RuleError,
    Tagged,
    Trait,
)
from segments.rules.nodes import gettext_noop as _
from segments.rules.vocabulary import Vocabulary
from segments.told import Told

ROOM = 16 << 20  # bytes of answers whose version nobody can tell
SHARE_STEP = 1 << 20  # a share is worked out for so many customers more than there are


class Sources:
    """The customers as they are on one day.

    A window of N days is the N days of the project's zone that end with `day`.
    """

    def __init__(self, day: dt.date, known: Vocabulary) -> None:
        self.day, self.known = day, known
        self._everyone: BitMap | None = None
        self._answers: dict[Leaf, Answer] = {}
        self._passing = Kept(ROOM)
        columns = Conditions(day)
        self.sheet, self.told = columns.sheet, Told()
        self._ways: dict[type, Callable[[Any], Answer]] = {
            Trait: columns.trait,
            Profile: columns.profile,
            DaysSince: lambda leaf: columns.days_since(leaf) or deeds.days_since(leaf, day),
            InStage: columns.stage,
            Did: lambda leaf: deeds.did(leaf, day, self.told.days.get(leaf)),
            nodes.Sequence: lambda leaf: deeds.in_order(leaf, day),
            InSegment: self._in_segment,
            Crossed: self._crossed,
            Tagged: lambda leaf: self._stored(Tag, leaf.tag),
            Listed: lambda leaf: self._stored(CustomerList, leaf.customer_list),
            RandomShare: self._share,
            Consented: self._agreed,
        }

    def expect(self, rule: Rule) -> None:
        """Ask at once for the versions of all that a rule rests on, if they are not known."""
        self.told.expect(set(compiler.asked(rule)), self.sheet, self.day)

    def everyone(self) -> BitMap:
        if self._everyone is None:
            self._everyone = self.told.live_set(live_sets.EVERYONE).members
        return self._everyone

    def members(self, leaf: Leaf, within: BitMap | None = None) -> BitMap:
        answer = self._answer(leaf)
        kept = self._kept(leaf, answer)
        if kept is not None:
            return kept
        found = answer.find(within)
        if within is None or not answer.is_partial:
            self._keep(leaf, answer, found)
        return found

    def is_column(self, leaf: Leaf) -> bool:
        """Answered by columns, and not kept: then the kept answer is faster."""
        answer = self._answer(leaf)
        return answer.test is not None and self._kept(leaf, answer) is None

    def all_of(self, wanted: Sequence[Leaf], unwanted: Sequence[Leaf]) -> BitMap:
        yes, no = ([self._answer(one).test for one in some] for some in (wanted, unwanted))
        return masks.all_of([one for one in yes if one], [one for one in no if one])

    def renew(self) -> None:
        """Ask anew for segments: one of them was recomputed."""
        self.told.segments.clear()
        for leaf in [one for one in self._answers if isinstance(one, InSegment | Crossed)]:
            del self._answers[leaf]
            self._passing.drop(leaf)

    # --- what is kept -------------------------------------------------------

    def _answer(self, leaf: Leaf) -> Answer:
        if leaf not in self._answers:
            self._answers[leaf] = self._ways[type(leaf)](leaf)
        return self._answers[leaf]

    def _kept(self, leaf: Leaf, answer: Answer) -> BitMap | None:
        if answer.version is None:
            found: BitMap | None = self._passing.get(leaf)
        else:
            found = sets.kept.get((leaf, answer.version))
        return found

    def _keep(self, leaf: Leaf, answer: Answer, found: BitMap) -> None:
        size = bitmaps.nbytes(found)
        if answer.version is None:
            self._passing.put(leaf, found, size)
        elif not answer.is_at_hand:
            sets.kept.put((leaf, answer.version), found, size)

    # --- sets ---------------------------------------------------------------

    def _in_segment(self, leaf: InSegment) -> Answer:
        """The stored members when they are of this day, else what the other's rule says now."""
        other = self.told.segment(leaf.segment)
        if other.is_computed and other.data_as_of == self.day and not other.failure:
            return _of_stored(Segment, leaf.segment, bytes(other.digest))

        def find(within: BitMap | None) -> BitMap:
            try:
                return compiler.evaluate(tree.parse(other.rule, self.known), self, within)
            except RuleError as problem:
                raise RuleError(
                    leaf.path,
                    _("The segment “%(name)s” cannot be computed: %(why)s"),
                    name=str(other),
                    why=problem,
                ) from problem

        return Answer(find, is_partial=True)

    def _crossed(self, leaf: Crossed) -> Answer:
        """By the snapshots of the days in the window and the one before: who is in the later
        and not in the earlier one, or the other way round."""
        since = self.day - dt.timedelta(days=leaf.days - 1)
        every = SegmentSnapshot.objects.filter(segment=leaf.segment, day__lte=self.day)
        before = every.filter(day__lt=since).order_by("-day")[:1]
        rows = [*before.values_list("pk", "digest"), *_in_days(every.filter(day__gte=since))]
        rows = [(pk, bytes(digest)) for pk, digest in rows]

        def find(_within: BitMap | None) -> BitMap:
            days = itertools.pairwise(sets.many(SegmentSnapshot, rows))
            came = leaf.way == "entered"
            return BitMap.union(BitMap(), *(b - a if came else a - b for a, b in days))

        return Answer(find, tuple(digest for _pk, digest in rows))

    def _stored(self, model: Any, pk: int) -> Answer:
        return _of_stored(model, pk, self.told.digests.get((model, pk)))

    def _agreed(self, leaf: Consented) -> Answer:
        now = self.told.live_set(live_sets.consent(leaf.channel, leaf.purpose))
        return Answer(lambda _within: now.members, now.version, is_at_hand=True)

    def _share(self, leaf: RandomShare) -> Answer:
        everyone = self.everyone()
        highest = everyone.max() if everyone else 0
        length = (highest // SHARE_STEP + 1) * SHARE_STEP

        def find(_within: BitMap | None) -> BitMap:
            return bitmaps.from_mask(chance.share(length, leaf.percent, leaf.seed))

        return Answer(find, length)


def _of_stored(model: Any, pk: int, digest: bytes | None) -> Answer:
    members, digest = sets.one(model, pk, digest)
    return Answer(lambda _within: members, digest, is_at_hand=True)


def _in_days(snapshots: Any) -> list[Any]:
    return list(snapshots.order_by("day").values_list("pk", "digest"))
