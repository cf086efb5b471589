"""Small made-up worlds, and the slow but plain reading of a rule that the fast one must equal."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from segments.rules import operators
from segments.rules.nodes import (
    AllOf,
    AnyOf,
    Consented,
    Did,
    InSegment,
    InStage,
    Leaf,
    Not,
    Profile,
    Rule,
    Trait,
    Where,
)
from segments.rules.vocabulary import DATE, MONEY, StageSetWord, TraitWord, Vocabulary

DAY = dt.date(2018, 1, 1)
EVENTS = ("order_paid", "coupon_redeemed")
STAGES = ("activation", "growth", "decline")
CITIES = ("Köln", "上海", "O'Hare")

KNOWN = Vocabulary(
    traits={
        "orders": TraitWord("orders"),
        "recency_days": TraitWord("days since the last order", unit="days"),
        "monetary_minor": TraitWord("spent in all", MONEY),
        "last_order_on": TraitWord("last order", DATE),
    },
    profile={"city": CITIES, "age": ()},
    events=frozenset(EVENTS),
    stage_sets={"lifecycle": StageSetWord("stage", {one: one.title() for one in STAGES})},
    segments={7: "VIP"},
    channels={"email": "e-mail"},
    currency="USD",
)


@dataclass
class Person:
    """A customer with everything that a rule can ask about."""

    id: int
    traits: dict[str, Any]
    profile: dict[str, Any]
    events: list[tuple[str, dt.date, dict[str, Any]]] = field(default_factory=list)
    stage: str | None = None
    in_segment: bool = False
    consented: bool = False


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


def _fits_leaf(leaf: Leaf, person: Person, day: dt.date) -> bool:
    match leaf:
        case Trait(key, op, value):
            return operators.holds(op, person.traits.get(key), value)
        case Profile(key, op, value):
            return compares(op, person.profile.get(key), value)
        case Did():
            return did(leaf, person, day)
        case InStage(_set, stages):
            return person.stage in stages
        case InSegment():
            return person.in_segment
        case Consented():
            return person.consented


def did(rule: Did, person: Person, day: dt.date) -> bool:
    since = day - dt.timedelta(days=rule.days - 1) if rule.days else dt.date.min
    times = sum(
        name == rule.event
        and since <= on <= day
        and all(fits(where, properties) for where in rule.where)
        for name, on, properties in person.events
    )
    return (times >= rule.times) == rule.did


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


def persons(events: Sequence[str] = EVENTS) -> st.SearchStrategy[list[Person]]:
    return st.lists(
        st.builds(
            Person,
            id=st.just(0),
            traits=st.fixed_dictionaries(
                {
                    "orders": few,
                    "recency_days": st.none() | few,
                    "monetary_minor": few,
                }
            ).map(_dated),
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
                    st.integers(-1, 40).map(lambda ago: DAY - dt.timedelta(days=ago)),
                    st.fixed_dictionaries({}, optional={"store": st.sampled_from("AB"), "n": few}),
                ),
                max_size=8,
            ),
            stage=st.none() | st.sampled_from(STAGES),
            in_segment=st.booleans(),
            consented=st.booleans(),
        ),
        max_size=12,
    ).map(_numbered)


def _dated(traits: dict[str, Any]) -> dict[str, Any]:
    """With the date from which the days are counted."""
    days = traits["recency_days"]
    last = None if days is None else (DAY - dt.timedelta(days=days)).isoformat()
    return {**traits, "last_order_on": last}


def _numbered(people: list[Person]) -> list[Person]:
    for number, person in enumerate(people, start=1):
        person.id = number
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
leaves = st.one_of(
    _with("trait", "orders", _comparison(few, ordered=True)),
    _with("trait", "recency_days", _comparison(few, ordered=True)),
    _with("trait", "last_order_on", _comparison(past_days.map(str), ordered=True)),
    _with("profile", "city", _comparison(st.sampled_from(CITIES), ordered=False)),
    _with("profile", "age", _comparison(few, ordered=True)),
    st.fixed_dictionaries(
        {"event": st.sampled_from(EVENTS)},
        optional={
            "did": st.booleans(),
            "times": st.integers(1, 5),
            "days": st.none() | st.integers(1, 41),
            "where": wheres,
        },
    ),
    st.fixed_dictionaries(
        {
            "stage": st.just("lifecycle"),
            "in": st.lists(st.sampled_from(STAGES), min_size=1, max_size=2),
        }
    ),
    st.just({"segment": 7}),
    st.just({"consent": "email"}),
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
