"""Which ids are one person's: worked out in memory from what was known and what is said.

The rules stand in `docs/glossary.md` under “merge”. Nothing here reads or writes; a batch
of intake asks all that it needs before, and carries out what is found after.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segments.items import STRONG, Id

# A customer with more user ids is more likely a mistake of a sender, which says that all
# are one, than a person; a human looks at what would go further.
MOST_USER_IDS = 20


@dataclass(eq=False)
class Person:
    """A customer: with a number when PostgreSQL has the row, without one when it is new."""

    number: int | None
    user_ids: int  # how many ids that name a person
    since: dt.datetime | None = None
    gained: list[Id] = field(default_factory=list)  # ids that PostgreSQL does not have yet
    joined: "Person | None" = None  # who it became

    @property
    def is_known(self) -> bool:
        return self.user_ids > 0


@dataclass(frozen=True)
class Union:
    """Two customers with rows who are one, or who might be when it is held."""

    kept: Person
    absorbed: Person
    said: bool
    evidence: dict[str, Any]


class Kinship:
    """The people of one batch, in the order in which it speaks of them.

    `found` has the customer and the number of user ids of every id that is known;
    `apart` the pairs of customers of whom a person said, or is asked, whether they are one.
    """

    def __init__(
        self, found: Mapping[Id, tuple[int, int]], apart: Collection[frozenset[int]] = ()
    ) -> None:
        self._apart = set(apart)
        by_number = {number: Person(number, user_ids) for number, user_ids in found.values()}
        self._people = {known_as: by_number[number] for known_as, (number, _) in found.items()}
        self._new: list[Person] = []
        self._merged: list[Union] = []
        self._held: list[Union] = []

    def meet(
        self, ids: Sequence[Id], *, at: dt.datetime, said: bool = False, **evidence: Any
    ) -> Person:
        """The customer of the first id, after joining what the ids, seen together, say is one."""
        ids = self._meant(ids) if len(ids) > 1 else ids
        first = self._of(ids[0], at)
        for other in ids[1:]:
            self._join(first, self._of(other, at), said, {"ids": [ids[0], other], **evidence})
        return final(first)

    def new(self) -> list[Person]:
        """The people who need a row."""
        return [one for one in self._new if one.joined is None]

    def grown(self) -> list[Person]:
        """The people with a row who gained ids."""
        found = {id(one): one for one in map(final, self._people.values())}
        return [one for one in found.values() if one.number is not None and one.gained]

    def merged(self) -> list[Union]:
        """The merges to carry out, each into who is kept in the end."""
        return [
            Union(final(one.kept), one.absorbed, one.said, one.evidence) for one in self._merged
        ]

    def held(self) -> list[Union]:
        """The merges to show to a person, if both still are two by now."""
        found = [
            Union(final(one.kept), final(one.absorbed), one.said, one.evidence)
            for one in self._held
        ]
        return [one for one in found if one.kept is not one.absorbed]

    # --- inside -------------------------------------------------------------

    def _meant(self, ids: Sequence[Id]) -> Sequence[Id]:
        """Where the same value stands as several kinds of id, because its sender does not
        say of which it is: the kinds that somebody has, or all when nobody has any."""
        known = {value for kind, value in ids if (kind, value) in self._people}
        return [one for one in ids if one in self._people or one[1] not in known]

    def _of(self, known_as: Id, at: dt.datetime) -> Person:
        person = self._people.get(known_as)
        if person is None:
            person = Person(None, int(known_as[0] in STRONG), at, [known_as])
            self._people[known_as] = person
            self._new.append(person)
        person = final(person)
        if person.since is not None and at < person.since:
            person.since = at
        return person

    def _join(self, one: Person, other: Person, said: bool, evidence: dict[str, Any]) -> None:
        one, other = final(one), final(other)
        if one is other:
            return
        if one.is_known and other.is_known:
            if not said:
                return
            if one.user_ids + other.user_ids > MOST_USER_IDS:
                self._hold(one, other, evidence)
                return
        if self._are_apart(one, other):
            return
        kept, absorbed = (one, other) if _rank(one) <= _rank(other) else (other, one)
        if absorbed.number is not None:
            self._merged.append(Union(kept, absorbed, said, evidence))
        self._unite(kept, absorbed)

    def _unite(self, kept: Person, absorbed: Person) -> None:
        absorbed.joined = kept
        if self._apart and absorbed.number and kept.number:  # who is not the one is not the other
            also = [pair - {absorbed.number} for pair in self._apart if absorbed.number in pair]
            self._apart |= {pair | {kept.number} for pair in also}
        kept.user_ids += absorbed.user_ids
        kept.gained += absorbed.gained
        if kept.since is not None and absorbed.since is not None:
            kept.since = min(kept.since, absorbed.since)

    def _hold(self, one: Person, other: Person, evidence: dict[str, Any]) -> None:
        if not self._are_apart(one, other):
            kept, absorbed = (one, other) if _rank(one) <= _rank(other) else (other, one)
            self._held.append(Union(kept, absorbed, True, evidence))
            if one.number and other.number:
                self._apart.add(frozenset((one.number, other.number)))

    def _are_apart(self, one: Person, other: Person) -> bool:
        return bool(self._apart) and frozenset((one.number or 0, other.number or 0)) in self._apart


def final(person: Person) -> Person:
    """Who this is by now."""
    while person.joined is not None:
        if person.joined.joined is not None:  # the next one who asks has a shorter way
            person.joined = person.joined.joined
        person = person.joined
    return person


def _rank(person: Person) -> tuple[bool, bool, int]:
    """Who is kept of two: one with a row, then the known one, then the older."""
    return person.number is None, not person.is_known, person.number or 0
