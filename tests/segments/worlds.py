"""Small made-up worlds, and the slow but plain reading of a rule that the fast one must equal."""

import datetime as dt
from collections.abc import Sequence as Some
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from segments.rules import operators
from segments.rules.nodes import (
    AllOf,
    AnyOf,
    Consented,
    Crossed,
    DaysSince,
    Did,
    InSegment,
    InStage,
    Leaf,
    Listed,
    Not,
    Profile,
    RandomShare,
    Rule,
    Sequence,
    Tagged,
    Trait,
    Where,
)
from segments.rules.vocabulary import (
    CHOICE,
    DATE,
    MONEY,
    NUMBER,
    StageSetWord,
    TraitWord,
    Vocabulary,
)

# The clocks changed the day before in Auckland, three weeks before in St. John's.
DAY = dt.date(2018, 4, 2)
EVENTS = ("order_paid", "coupon_redeemed")
STAGES = ("activation", "growth", "decline")
CITIES = ("Köln", "上海", "O'Hare")
LIKED = ("shoes", "鞋", "hats")
ZONES = ("UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Auckland")
UTC = ZoneInfo("UTC")
SNAPSHOTS = 4  # days, the last of them today, on which somebody was in the segment or not

KNOWN = Vocabulary(
    traits={
        "orders": TraitWord("orders"),
        "recency_days": TraitWord("days since the last order", unit="days"),
        "monetary_minor": TraitWord("spent in all", MONEY),
        "last_order_on": TraitWord("last order", DATE),
        "promotion_response": TraitWord("response to promotions", NUMBER),
        "favourite_category": TraitWord("favourite category", CHOICE, is_open=True),
    },
    profile={"city": CITIES, "age": ()},
    events=frozenset(EVENTS),
    stage_sets={"lifecycle": StageSetWord("stage", {one: one.title() for one in STAGES})},
    segments={7: "VIP"},
    tags={3: "patient"},
    lists={5: "fair"},
    channels={"email": "e-mail"},
    purposes={"service": "service"},
    currency="USD",
)


@dataclass
class Person:
    """A customer with everything that a rule can ask about."""

    id: int
    traits: dict[str, Any]
    profile: dict[str, Any]
    # In UTC; of which day a moment is, is a question of the project's zone.
    events: list[tuple[str, dt.datetime, dict[str, Any]]] = field(default_factory=list)
    stage: str | None = None
    days_in_stage: int = 0
    in_segment: tuple[bool, ...] = (False,) * SNAPSHOTS
    consents: tuple[str, ...] = ()  # purposes
    is_tagged: bool = False
    is_listed: bool = False
    zone: ZoneInfo = UTC

    def day(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.zone).date()


def holds(rule: Rule, person: Person, day: dt.date = DAY) -> bool:
    """The rule, read word by word about one person."""
    match rule:
        case AllOf(parts):
            return all(holds(part, person, day) for part in parts)
        case AnyOf(parts):
            return any(holds(part, person, day) for part in parts)
        case Not(part):
            return not holds(part, person, day)
    return _fits_leaf(rule, person, day)


def _fits_leaf(leaf: Leaf, person: Person, day: dt.date) -> bool:  # noqa: C901  (a line a kind)
    match leaf:
        case Trait(key, op, value):
            return operators.holds(op, person.traits.get(key), value)
        case Profile(key, op, value):
            return compares(op, person.profile.get(key), value)
        case Did():
            return did(leaf, person, day)
        case DaysSince():
            return operators.holds(leaf.op, days_since(leaf, person, day), leaf.value)
        case Sequence():
            return in_order(leaf, person, day)
        case InStage(_set, stages, days, op):
            waited = days is None or operators.holds(op, person.days_in_stage, days)
            return person.stage in stages and waited
        case InSegment():
            return person.in_segment[-1]
        case Crossed(way, _segment, days):
            steps = list(pairwise(person.in_segment))[-days:]
            return ((False, True) if way == "entered" else (True, False)) in steps
        case Tagged():
            return person.is_tagged
        case Listed():
            return person.is_listed
        case RandomShare(percent, seed):
            return hashed(person.id, seed) % 100 < percent
        case Consented(_channel, purpose):
            return purpose in person.consents
    raise AssertionError(leaf)


def did(rule: Did, person: Person, day: dt.date) -> bool:
    until = day - dt.timedelta(days=rule.ago)
    since = until - dt.timedelta(days=rule.days - 1) if rule.days else dt.date.min
    if rule.since or rule.until:
        since, until = rule.since or dt.date.min, min(rule.until or day, day)
    times = sum(
        name == rule.event
        and since <= person.day(at) <= until
        and all(fits(where, properties) for where in rule.where)
        for name, at, properties in person.events
    )
    return (times >= rule.times) == rule.did


def days_since(rule: DaysSince, person: Person, day: dt.date) -> int | None:
    days = [person.day(at) for name, at, _properties in person.events if name == rule.event]
    past = [one for one in days if one <= day]
    if not past:
        return None
    return (day - (min(past) if rule.which == "first" else max(past))).days


def in_order(rule: Sequence, person: Person, day: dt.date) -> bool:
    """Long after the day, so that its end is when waiting is over."""
    since = day - dt.timedelta(days=rule.days - 1)
    over = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), person.zone)
    firsts, thens = (
        [
            at
            for name, at, properties in person.events
            if name == step.event
            and since <= person.day(at) <= day
            and all(fits(where, properties) for where in step.where)
        ]
        for step in (rule.first, rule.then)
    )
    same = rule.first.event == rule.then.event
    for first in firsts:
        end = first + dt.timedelta(hours=rule.hours)
        followed = any((first < then if same else first <= then) and then <= end for then in thens)
        if followed if rule.did else not followed and end <= over:
            return True
    return False


def hashed(number: int, seed: str) -> int:
    """SplitMix64, in numbers of any length."""
    most = 2**64 - 1
    start = int.from_bytes(blake2b(seed.encode(), digest_size=8).digest(), "little")
    mixed = (number + start + 0x9E3779B97F4A7C15) & most
    mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & most
    mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & most
    return mixed ^ mixed >> 31


def fits(where: Where, properties: dict[str, Any]) -> bool:
    return compares(where.op, properties.get(where.key), where.value)


def compares(op: str, value: Any, operand: Any) -> bool:
    """Profiles and properties: compared with a number they are read as one, else as text."""
    first = operand[0] if isinstance(operand, tuple) else operand
    if value is not None and first is not None:
        value = str(value) if isinstance(first, str) else _number(value)
    return operators.holds(op, value, operand)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


# --- random worlds and random rules ------------------------------------------

days_ago = st.integers(0, 40)
past_days = days_ago.map(lambda ago: DAY - dt.timedelta(days=ago))
few = st.integers(0, 6)
NOON = dt.datetime.combine(DAY, dt.time(12), dt.UTC)
# Around midnight in each of the zones, today and before; whole days apart often enough.
moments = st.builds(
    lambda ago, hours, minutes: NOON - dt.timedelta(days=ago, hours=hours, minutes=minutes),
    st.integers(-1, 40),
    st.integers(-12, 12),
    st.sampled_from([0, 0, 1, 30]),
)


def persons(events: Some[str] = EVENTS) -> st.SearchStrategy[list[Person]]:
    people = st.lists(
        st.builds(
            Person,
            id=st.just(0),
            traits=st.fixed_dictionaries(
                {
                    "orders": few,
                    "recency_days": st.none() | few,
                    "monetary_minor": few,
                    "promotion_response": st.none() | st.sampled_from([0.0, 2.5, -1.0, 3.0]),
                    "favourite_category": st.none() | st.sampled_from(LIKED),
                }
            ),
            profile=st.fixed_dictionaries(
                {},
                optional={
                    "city": st.sampled_from(CITIES),
                    "age": few | st.sampled_from(["old", "3"]),
                },
            ),
            events=st.lists(
                st.tuples(
                    st.sampled_from(events),
                    moments,
                    st.fixed_dictionaries({}, optional={"store": st.sampled_from("AB"), "n": few}),
                ),
                max_size=8,
            ),
            stage=st.none() | st.sampled_from(STAGES),
            days_in_stage=few,
            in_segment=st.tuples(*[st.booleans()] * SNAPSHOTS),
            consents=st.lists(st.sampled_from(["marketing", "service"]), unique=True).map(tuple),
            is_tagged=st.booleans(),
            is_listed=st.booleans(),
        ),
        max_size=12,
    )
    return st.builds(_together, people, st.sampled_from(ZONES))


def _together(people: list[Person], zone: str) -> list[Person]:
    for number, person in enumerate(people, start=1):
        person.id, person.zone = number, ZoneInfo(zone)
        recency = person.traits["recency_days"]
        last = None if recency is None else DAY - dt.timedelta(days=recency)
        person.traits["last_order_on"] = last and last.isoformat()
    return people


def _comparison(values: st.SearchStrategy[Any], *, ordered: bool) -> st.SearchStrategy[Any]:
    one = ["=", "!="] + (["<", "<=", ">", ">="] if ordered else [])
    forms = [
        st.fixed_dictionaries({"op": st.sampled_from(one), "value": values}),
        st.fixed_dictionaries({"op": st.sampled_from(["is_set", "not_set"])}),
        st.fixed_dictionaries(
            {"op": st.just("in"), "value": st.lists(values, min_size=1, max_size=3)}
        ),
    ]
    if ordered:
        pair = st.tuples(values, values).map(lambda two: sorted(two))
        forms.append(st.fixed_dictionaries({"op": st.just("between"), "value": pair}))
    return st.one_of(forms)


def _with(key: str, name: str, comparison: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return comparison.map(lambda found: {key: name, **found})


wheres = st.lists(
    _with("property", "store", _comparison(st.sampled_from("AB"), ordered=False))
    | _with("property", "n", _comparison(few, ordered=True)),
    max_size=2,
)
deeds = st.fixed_dictionaries({"event": st.sampled_from(EVENTS)}, optional={"where": wheres})
how_often = {"did": st.booleans(), "times": st.integers(1, 5), "where": wheres}
dates = st.lists(past_days, min_size=2, max_size=2).map(sorted)
leaves = st.one_of(
    _with("trait", "orders", _comparison(few, ordered=True)),
    _with("trait", "recency_days", _comparison(few, ordered=True)),
    _with("trait", "last_order_on", _comparison(past_days.map(str), ordered=True)),
    _with("trait", "promotion_response", _comparison(st.sampled_from([0, 2.5, 3]), ordered=True)),
    _with("trait", "favourite_category", _comparison(st.sampled_from(LIKED), ordered=False)),
    _with("profile", "city", _comparison(st.sampled_from(CITIES), ordered=False)),
    _with("profile", "age", _comparison(few, ordered=True)),
    st.fixed_dictionaries(
        {"event": st.sampled_from(EVENTS)},
        optional={**how_often, "days": st.none() | st.integers(1, 41), "ago": few},
    ),
    st.builds(
        lambda found, span: {**found, "since": str(span[0]), "until": str(span[1])},
        st.fixed_dictionaries({"event": st.sampled_from(EVENTS)}, optional=how_often),
        dates,
    ),
    _with("first", "order_paid", _comparison(days_ago, ordered=True)),
    _with("last", "coupon_redeemed", _comparison(days_ago, ordered=True)),
    st.fixed_dictionaries(
        {"sequence": deeds, "then": deeds},
        optional={
            "did": st.booleans(),
            "hours": st.sampled_from([1, 12, 24, 48, 480]),
            "days": st.integers(1, 41),
        },
    ),
    st.builds(
        lambda some, days: {"stage": "lifecycle", "in": some, **days},
        st.lists(st.sampled_from(STAGES), min_size=1, max_size=2),
        st.just({})
        | st.builds(lambda n, op: {"days": n, "op": op}, few, st.sampled_from([">=", "<="])),
    ),
    st.just({"segment": 7}),
    st.builds(
        lambda way, days: {way: 7, "days": days},
        st.sampled_from(["entered", "left"]),
        st.integers(1, 5),
    ),
    st.just({"tag": 3}),
    st.just({"list": 5}),
    st.builds(
        lambda percent, seed: {"random": percent, "seed": seed},
        st.sampled_from([1, 50, 100]),
        st.sampled_from(["", "双11"]),
    ),
    st.sampled_from([{"consent": "email"}, {"consent": "email", "purpose": "service"}]),
)
rules = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: {"all": parts})
        | st.lists(inner, min_size=1, max_size=4).map(lambda parts: {"any": parts})
        | inner.map(lambda part: {"not": part})
    ),
    max_leaves=12,
)
