"""A batch of what senders told, carried out: who is meant, what they did and what is said of them.

All of it happens in the caller's transaction, in statements whose number does not grow with
the batch.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection
from django.utils import timezone

from segments import (
    acceptance,
    catalogue,
    deliveries,
    entries,
    erasure,
    heard,
    identity,
    kinship,
    merging,
    profiles,
    things,
)
from segments.acceptance import Refused
from segments.deliveries import Dead
from segments.entries import Blocked, Entry, Parcel, Rules
from segments.items import Consent, Event, Group, Id, Item, Link, Profile
from segments.kinship import Kinship, Person, Union
from segments.models import Merge
from segments.operations import Problem


class Fate:
    """What becomes of an item."""

    EVENT, SAID = "events", "said"  # taken; `said` is all that is no event
    KNOWN, BLOCKED, ERASED, DEAD = "known", "blocked", "erased", "dead"


def sort(parcels: Sequence[Parcel], rules: Rules, *, at: dt.datetime) -> Counter[str]:
    """Carry out everything in the parcels, in their order; how many items had which fate.

    Raises:
        identity.Raced: somebody else gave one of the new ids to a customer at this moment.
    """
    return _Batch(rules, at).sort(parcels)


def bury(parcel: Parcel, raw: bytes, rules: Rules, problem: Exception, items: int) -> Counter[str]:
    """Put what broke everything else aside, for a person to look at."""
    if parcel.source_id in rules.sources:
        # Only the kind of the problem: its words may quote what is in the item.
        letter = Dead(deliveries.ITEM, "broken", raw, type(problem).__name__)
        deliveries.accept(parcel.source_id, [], [letter], received_at=parcel.received_at)
    return Counter({Fate.DEAD: items})


@dataclass
class _Batch:
    """One batch on its way."""

    rules: Rules
    at: dt.datetime
    fates: Counter[str] = field(default_factory=Counter)
    blocked: Counter[str] = field(default_factory=Counter)
    dead: dict[tuple[int, dt.datetime], list[Dead]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def sort(self, parcels: Sequence[Parcel]) -> Counter[str]:
        identity.alone()
        taken = self._fresh(list(self._acceptable(parcels)))
        taken = self._without_erased(taken)
        people = self._people(taken)
        self._say(taken, people)
        self._consent(taken, people)
        self._happen(taken, people)
        for (source, received_at), letters in self.dead.items():
            deliveries.accept(source, [], letters, received_at=received_at)
        catalogue.count_blocked(self.blocked)
        return +self.fates  # without those that nothing had

    # --- what can be taken --------------------------------------------------

    def _acceptable(self, parcels: Sequence[Parcel]) -> Iterator[Entry]:
        for parcel in parcels:
            for item in parcel.items:
                try:
                    yield entries.make(parcel, item, self.rules)
                except Blocked as blocked:
                    self.blocked[blocked.name] += 1
                    self.fates[Fate.BLOCKED] += 1
                except Refused as refused:
                    self._bury(parcel, item, refused.reason, refused.detail)

    def _fresh(self, taken: list[Entry]) -> list[Entry]:
        """Those that were not taken before, each once; from here on they are remembered."""
        first = {entry.digest: entry for entry in reversed(taken)}
        with connection.cursor() as cursor:
            cursor.execute(_REMEMBER, [timezone.now().date(), list(first)])
            fresh = {digest for (digest,) in cursor.fetchall()}
        self.fates[Fate.KNOWN] += len(taken) - len(fresh)
        return [one for one in taken if one.digest in fresh and first[one.digest] is one]

    def _without_erased(self, taken: list[Entry]) -> list[Entry]:
        """Without what an erased person did before they were erased."""
        gone = erasure.forgotten({one for entry in taken for one in entry.ids})
        if not gone:
            return taken
        ends = {one: entries.microseconds(moment) for one, moment in gone.items()}
        kept = [
            entry
            for entry in taken
            if not any(entry.at <= ends[one] for one in entry.ids if one in ends)
        ]
        self.fates[Fate.ERASED] += len(taken) - len(kept)
        return kept

    # --- whose it is --------------------------------------------------------

    def _people(self, taken: list[Entry]) -> list[Person | None]:
        """The customer of each entry, found, made or merged; None where nobody is meant."""
        told = _as_kept(taken)
        found = identity.find({one for ids in told for one in ids})
        kin = Kinship(*_in_question(told, found))
        people = [
            kin.meet(
                ids,
                at=acceptance.moment(entry.at),
                said=isinstance(entry.item, Link) and entry.item.said,
                source=self.rules.sources.get(entry.parcel.source_id, ""),
                key=entry.item.key,
            )
            if ids
            else None
            for entry, ids in zip(taken, told, strict=True)
        ]
        identity.settle(kin.new(), kin.grown(), at=self.at)
        now = self.at + self.rules.shift
        merging.merge_many([_pair(one) for one in kin.merged()], at=now)
        merging.hold_many([_pair(one) for one in kin.held()], at=now)
        return [person and kinship.final(person) for person in people]

    # --- what is said -------------------------------------------------------

    def _say(self, taken: list[Entry], people: list[Person | None]) -> None:
        """Profiles, groups and who is in them, in the order in which they were said."""
        groups = [entry for entry in taken if isinstance(entry.item, Group)]
        told = zip(
            groups, things.carry_out([_group(one) for one in groups], at=self.at), strict=True
        )
        for entry, problems in told:
            self._bury_rest(entry, problems)
        spoken = [
            (entry, person.number)
            for entry, person in zip(taken, people, strict=True)
            if isinstance(entry.item, Profile | Group) and person and person.number
        ]
        portraits = profiles.read({number for _entry, number in spoken})
        for entry, number in spoken:
            if isinstance(entry.item, Group):
                profiles.join_group(portraits[number], entry.item.kind, entry.item.id)
            elif isinstance(entry.item, Profile):
                self._bury_rest(entry, profiles.carry_out(portraits[number], entry.item))
        profiles.write(portraits.items())
        self.fates[Fate.SAID] += sum(not isinstance(one.item, Event) for one in taken)

    def _consent(self, taken: list[Entry], people: list[Person | None]) -> None:
        """Consents; of several to the same the later decision stands."""
        latest: dict[tuple[int, str, str], tuple[Any, ...]] = {}
        for entry, person in zip(taken, people, strict=True):
            if isinstance(said := entry.item, Consent) and person and person.number:
                place = (person.number, said.channel, said.purpose)
                source = self.rules.sources.get(entry.parcel.source_id, "")[:120]
                row = (acceptance.moment(entry.at), said.granted, source)
                if place not in latest or _decision(row) >= _decision(latest[place]):
                    latest[place] = row
        if latest:
            rows = [(*place, *row) for place, row in sorted(latest.items())]
            with connection.cursor() as cursor:
                cursor.execute(_CONSENT, [list(column) for column in zip(*rows, strict=True)])

    # --- what happened ------------------------------------------------------

    def _happen(self, taken: list[Entry], people: list[Person | None]) -> None:
        rows = [
            self._row(entry, entry.item, person)
            for entry, person in zip(taken, people, strict=True)
            if isinstance(entry.item, Event) and person
        ]
        with connection.cursor() as cursor, cursor.copy(_INTO_INBOX) as copy:
            for row in rows:
                copy.write_row(row)
        heard.tell(heard.Happened(*row[:-1]) for row in rows)
        self.fates[Fate.EVENT] += len(rows)

    def _row(self, entry: Entry, event: Event, person: Person) -> tuple[Any, ...]:
        properties = event.properties
        if entry.claimed is not None:
            properties = {**properties, acceptance.CLAIMED: acceptance.written(entry.claimed)}
        return (
            entries.key(entry.parcel.source_id, event.key),
            person.number,
            event.name,
            acceptance.moment(entry.at),
            entry.amount,
            orjson.dumps(properties).decode(),
            entry.parcel.received_at,
        )

    # --- what cannot be -----------------------------------------------------

    def _bury(self, parcel: Parcel, item: Item, reason: str, detail: str) -> None:
        self.fates[Fate.DEAD] += 1
        self._letter(parcel, item, reason, detail)

    def _bury_rest(self, entry: Entry, problems: Sequence[Problem]) -> None:
        """The part of what was said that was not done; the item itself counts as taken."""
        if problems and isinstance(entry.item, Profile | Group):
            detail = "; ".join(f"{one.key}: {one.why}" for one in problems)
            rest = entries.only(entry.item, {one.key for one in problems})
            self._letter(entry.parcel, rest, "bad_value", detail)

    def _letter(self, parcel: Parcel, item: Item, reason: str, detail: str) -> None:
        if parcel.source_id in self.rules.sources:
            event = item.name if isinstance(item, Event) else ""
            letter = Dead(deliveries.ITEM, reason, deliveries.encode([item]), detail, event)
            self.dead[parcel.source_id, parcel.received_at].append(letter)


# --- parts ------------------------------------------------------------------


def _as_kept(taken: Sequence[Entry]) -> list[tuple[Id, ...]]:
    """The ids of each entry in the form of their column; only contacts have another one."""
    contacts = {
        one: identity.as_kept(one)
        for entry in taken
        for one in entry.ids
        if one[0] in identity.CONTACTS
    }
    if not contacts:
        return [entry.ids for entry in taken]
    return [tuple(dict.fromkeys(contacts.get(one, one) for one in entry.ids)) for entry in taken]


def _in_question(
    told: Sequence[tuple[Id, ...]], found: Mapping[Id, int]
) -> tuple[dict[Id, tuple[int, int]], set[frozenset[int]]]:
    """What `Kinship` has to know: user ids are counted only of those whom an item may join."""
    open_ones = {
        found[one]
        for ids in told
        if len(ids) > 1 and len({found.get(one) for one in ids}) + (None in map(found.get, ids)) > 1
        for one in ids
        if one in found
    }
    counts = identity.user_ids(open_ones) if open_ones else {}
    people = {one: (number, counts.get(number, 0)) for one, number in found.items()}
    return people, identity.apart() if open_ones else set()


def _pair(union: Union) -> merging.Pair:
    assert union.kept.number is not None
    assert union.absorbed.number is not None
    reason = Merge.Reason.SAID_SO if union.said else Merge.Reason.SEEN_TOGETHER
    return merging.Pair(union.kept.number, union.absorbed.number, reason, union.evidence)


def _group(entry: Entry) -> Group:
    assert isinstance(entry.item, Group)
    return entry.item


def _decision(row: tuple[Any, ...]) -> tuple[Any, bool]:
    """Later stands above earlier; at the same moment a no above a yes."""
    return row[0], not row[1]


_REMEMBER = """
    INSERT INTO segments_receivedkey (digest, received_on)
    SELECT digest, %s FROM unnest(%s::uuid[]) AS digest ORDER BY digest
    ON CONFLICT DO NOTHING
    RETURNING encode(uuid_send(digest), 'hex')
"""
_CONSENT = """
    INSERT INTO segments_consent AS known (customer_id, channel, purpose, at, granted, source)
    SELECT * FROM unnest(
        %s::int[], %s::text[], %s::text[], %s::timestamptz[], %s::boolean[], %s::text[]
    )
    ON CONFLICT (customer_id, channel, purpose) DO UPDATE
        SET granted = excluded.granted, at = excluded.at, source = excluded.source
        WHERE (excluded.at, NOT excluded.granted) > (known.at, NOT known.granted)
"""
_INTO_INBOX = """
    COPY segments_inboxevent (key, customer_id, name, time, amount, properties, received_at)
    FROM STDIN
"""
