"""Each kind of condition: what it may say, how it is refused, and how it is said back."""

import dataclasses
import datetime as dt
import json
import re
from typing import Any

import pytest
from django.utils import translation
from hypothesis import assume, given
from hypothesis import strategies as st

from segments.rules import leaning, tree, words, written
from segments.rules.nodes import DaysSince, Did, InStage, RuleError, leaves
from segments.rules.vocabulary import CHOICE, NUMBER, StageSetWord, TraitWord, Vocabulary
from tests.segments import worlds

KNOWN = dataclasses.replace(
    worlds.KNOWN,
    traits={
        **worlds.KNOWN.traits,
        "trend": TraitWord("change of activity", NUMBER, "%"),
        "cell": TraitWord("RFM cell", CHOICE, words={"vip": "High value", "new": "New"}),
        "likes": TraitWord("buys most of", CHOICE, words={"toys": "toys"}, is_open=True),
        "age": TraitWord("age", is_static=True),
    },
    titles={"order_paid": "Order paid"},
    stage_sets={
        "lifecycle": StageSetWord(
            "stage", {one: one.title() for one in worlds.STAGES}, {"asleep": "Asleep"}
        )
    },
    tags={3: "Likes tea"},
    lists={5: "Fair in May"},
    channels={"email": "e-mail", "sms": "text message"},
    purposes={"marketing": "marketing", "service": "service"},
    gone={
        "segment": {8: "Old friends"},
        "tag": {4: "Blue"},
        "list": {6: "Fair in April"},
        "trait": {"shoe_size": "shoe size"},
        "stage": {"moods": "Moods"},
    },
)
CART = {"event": "coupon_redeemed", "where": [{"property": "store", "op": "=", "value": "A"}]}
PAID = {"event": "order_paid"}
DAY = dt.date(2024, 3, 10)


def sequence(**changes: Any) -> dict[str, Any]:
    return {"sequence": CART, "then": PAID, "did": False, "hours": 24, "days": 30, **changes}


def event(**changes: Any) -> dict[str, Any]:
    return {"event": "order_paid", **changes}


@pytest.mark.parametrize(
    ("raw", "path", "says"),
    [
        (event(days=-3), ("days",), "from 1 to"),
        (event(days=7, ago=-1), ("ago",), "from 0 to"),
        (event(days=7, since="2024-01-01"), ("days",), "either days or dates"),
        (event(ago=7, until="2024-01-01"), ("ago",), "either days or dates"),
        (event(since="2024-02-01", until="2024-01-01"), ("until",), "after the first"),
        (event(since="soon"), ("since",), "Write a date"),
        (event(since=20240101), ("since",), "Write a date"),
        ({"last": "order_lost", "op": ">", "value": 3}, ("last",), "no event “order_lost”"),
        ({"last": "order_paid", "op": ">", "value": -3}, ("value",), "from 0 to"),
        ({"first": "order_paid", "op": ">"}, ("value",), "whole number"),
        ({"first": "order_paid", "last": "order_paid", "op": "is_set"}, (), "exactly one"),
        ({"sequence": CART}, ("then",), "Name the event"),
        (sequence(then={}), ("then", "event"), "Name the event"),
        (sequence(sequence={"event": "gone"}), ("sequence", "event"), "no event “gone”"),
        (sequence(sequence={"event": "order_paid", "days": 3}), ("sequence", "days"), "nothing"),
        (sequence(hours=0), ("hours",), "from 1 to"),
        (sequence(hours=2.5), ("hours",), "whole number"),
        (sequence(days=-3), ("days",), "from 1 to"),
        (sequence(did="no"), ("did",), "true"),
        (
            sequence(then={"event": "order_paid", "where": [{"property": "n", "op": "like"}]}),
            ("then", "where", 0, "op"),
            "comparison",
        ),
        ({"stage": "lifecycle", "in": ["growth"], "days": -1}, ("days",), "from 0 to"),
        ({"stage": "lifecycle", "in": ["growth"], "op": "<="}, ("days",), "how many days"),
        ({"stage": "lifecycle", "in": ["growth"], "days": 1, "op": "="}, ("op",), ">=, <="),
        ({"stage": "lifecycle", "in": ["growth"], "days": 1, "op": []}, ("op",), ">=, <="),
        ({"stage": "lifecycle", "in": ["asleep"]}, ("in", 0), "“Asleep” is not in use"),
        ({"stage": "moods", "in": ["good"]}, ("stage",), "“Moods” is not in use"),
        ({"segment": 8}, ("segment",), "“Old friends” is not in use"),
        ({"entered": 8}, ("entered",), "“Old friends” is not in use"),
        ({"entered": 99}, ("entered",), "segment that exists"),
        ({"left": 7, "days": -3}, ("days",), "from 1 to"),
        ({"left": "7"}, ("left",), "segment that exists"),
        ({"tag": 99}, ("tag",), "tag that exists"),
        ({"tag": True}, ("tag",), "tag that exists"),
        ({"tag": 4}, ("tag",), "“Blue” is not in use"),
        ({"list": 99}, ("list",), "list that exists"),
        ({"list": 6}, ("list",), "“Fair in April” is not in use"),
        ({"random": 0}, ("random",), "from 1 to 100"),
        ({"random": 101}, ("random",), "from 1 to 100"),
        ({"random": "10"}, ("random",), "whole number"),
        ({"random": 10, "seed": "x" * 65}, ("seed",), "at most 64"),
        ({"random": 10, "seed": 7}, ("seed",), "Write something"),
        ({"consent": "sms", "purpose": "fun"}, ("purpose",), "no purpose “fun”"),
        ({"consent": "sms", "purpose": None}, ("purpose",), "no purpose"),
        ({"trait": "shoe_size", "op": "is_set"}, ("trait",), "“shoe size” is not in use"),
        ({"trait": "trend", "op": "<", "value": "much"}, ("value",), "Write a number"),
        ({"trait": "trend", "op": "<", "value": float("nan")}, ("value",), "ordinary number"),
        ({"trait": "cell", "op": "=", "value": "poor"}, ("value",), "“poor” is not one"),
        ({"trait": "cell", "op": "in", "value": ["vip", "x"]}, ("value",), "“x” is not one"),
        ({"trait": "cell", "op": ">", "value": "vip"}, ("value",), "Only numbers"),
        ({"trait": "likes", "op": "=", "value": ""}, ("value",), "Write something"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_at_its_place(
    raw: Any, path: tuple[Any, ...], says: str
) -> None:
    with pytest.raises(RuleError, match=re.escape(says)) as refused:
        tree.parse({"all": [raw]}, KNOWN)
    assert refused.value.path == ("all", 0, *path)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (
            event(days=7, ago=30),
            "did Order paid at least once in the 7 days that ended 30 days ago",
        ),
        (event(ago=30), "did Order paid at least once up to 30 days ago"),
        (event(ago=1), "did Order paid at least once up to a day ago"),
        (event(days=1, ago=1), "did Order paid at least once yesterday"),
        (event(days=1, ago=3), "did Order paid at least once on the day 3 days ago"),
        (event(days=7, ago=1), "did Order paid at least once in the 7 days up to yesterday"),
        (
            {"last": "order_paid", "op": ">", "value": 1},
            "did Order paid for the last time more than a day ago",
        ),
        (
            {"stage": "lifecycle", "in": ["growth"], "days": 1},
            "stage is Growth for at least a day",
        ),
        (event(since="2024-01-01"), "did Order paid at least once since 2024-01-01"),
        (
            event(since="2024-01-01", until="2024-01-31", did=False),
            "did not do Order paid from 2024-01-01 to 2024-01-31",
        ),
        (
            {"last": "order_paid", "op": ">", "value": 30},
            "did Order paid for the last time more than 30 days ago",
        ),
        (
            {"first": "order_paid", "op": "between", "value": [3, 7]},
            "did Order paid for the first time between 3 and 7 days ago",
        ),
        ({"last": "order_paid", "op": "not_set"}, "never did Order paid"),
        (
            sequence(),
            "did coupon_redeemed where store is A in the last 30 days, "
            "and then not Order paid within 24 hours",
        ),
        (
            {"stage": "lifecycle", "in": ["growth"], "days": 7},
            "stage is Growth for at least 7 days",
        ),
        (
            {"stage": "lifecycle", "in": ["growth"], "days": 7, "op": "<="},
            "stage is Growth for at most 7 days",
        ),
        ({"entered": 7, "days": 3}, "came into the segment “VIP” in the last 3 days"),
        ({"left": 7, "days": 1}, "left the segment “VIP” today"),
        ({"tag": 3}, "has the tag “Likes tea”"),
        ({"list": 5}, "is on the list “Fair in May”"),
        ({"random": 10}, "belongs to a random 10%"),
        ({"random": 10, "seed": "may"}, "belongs to the random 10% called “may”"),
        ({"consent": "sms"}, "agreed to hear from us by text message"),
        (
            {"consent": "sms", "purpose": "service"},
            "agreed to hear from us by text message for service",
        ),
        ({"trait": "trend", "op": "<=", "value": -0.3}, "change of activity is at most -0.3 %"),
        (
            {"trait": "cell", "op": "in", "value": ["vip", "new"]},
            "RFM cell is one of High value, New",
        ),
        ({"trait": "likes", "op": "=", "value": "tea"}, "buys most of is tea"),
    ],
)
def test_each_condition_is_said_back(raw: Any, said: str) -> None:
    assert words.clause(tree.parse(raw, KNOWN), KNOWN) == said


# --- written and read again ------------------------------------------------------

days = st.integers(1, 60)
dates = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))
deeds = st.fixed_dictionaries(
    {"event": st.sampled_from(worlds.EVENTS)}, optional={"where": worlds.wheres}
)
counts = st.one_of(
    st.fixed_dictionaries({"op": st.sampled_from(["=", "<", ">="]), "value": days}),
    st.fixed_dictionaries({"op": st.sampled_from(["is_set", "not_set"])}),
    st.tuples(days, days).map(lambda two: {"op": "between", "value": sorted(two)}),
    st.lists(days, min_size=1, max_size=9).map(lambda some: {"op": "in", "value": some}),
)
more_leaves = st.one_of(
    st.builds(
        lambda two, did: event(since=str(min(two)), until=str(max(two)), did=did),
        st.tuples(dates, dates),
        st.booleans(),
    ),
    st.builds(lambda days, ago: event(days=days, ago=ago), st.none() | days, st.just(0) | days),
    st.builds(
        lambda key, count: {key: "order_paid", **count}, st.sampled_from(["first", "last"]), counts
    ),
    st.fixed_dictionaries(
        {"sequence": deeds, "then": deeds},
        optional={"did": st.booleans(), "hours": days, "days": days},
    ),
    st.builds(
        lambda some, how_long: {"stage": "lifecycle", "in": some, **how_long},
        st.lists(st.sampled_from(worlds.STAGES), min_size=1, max_size=3),
        st.just({})
        | st.fixed_dictionaries({"days": days}, optional={"op": st.sampled_from([">=", "<="])}),
    ),
    st.builds(lambda way, days: {way: 7, "days": days}, st.sampled_from(["entered", "left"]), days),
    st.fixed_dictionaries({"random": st.integers(1, 100)}, optional={"seed": st.just("spring")}),
    st.fixed_dictionaries(
        {"consent": st.sampled_from(["email", "sms"])}, optional={"purpose": st.just("service")}
    ),
    st.sampled_from(
        [
            {"tag": 3},
            {"list": 5},
            {"trait": "trend", "op": ">", "value": 0.25},
            {"trait": "cell", "op": "!=", "value": "vip"},
            {"trait": "likes", "op": "in", "value": ["toys", "tea"]},
        ]
    ),
)
rules = st.recursive(
    worlds.leaves | more_leaves,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts})
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts})
        | inner.map(lambda part: {"not": part})
    ),
    max_leaves=4,  # at most so many groups, too: none is nested too deep
)


def parsed(raw: Any) -> Any:
    try:
        return tree.parse(raw, KNOWN)
    except RuleError as problem:
        assume("nested" not in str(problem))
        raise


@given(raw=rules)
def test_a_rule_that_was_written_is_read_as_the_same_rule(raw: Any) -> None:
    rule = parsed(raw)
    again = tree.parse(written.to_json(rule), KNOWN)
    assert again == rule
    assert [leaf.path for leaf in leaves(again)] == [leaf.path for leaf in leaves(rule)]
    assert written.to_json(again) == written.to_json(rule)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@given(raw=rules)
def test_every_rule_is_a_sentence_without_gaps_in_both_languages(language: str, raw: Any) -> None:
    with translation.override(language):
        said = words.sentence(parsed(raw), KNOWN, translation.gettext)
    assert said.endswith((".", "。"))
    assert "%(" not in said
    assert "None" not in said


def test_the_segments_and_events_of_every_kind_of_condition_are_found() -> None:
    raw = {
        "all": [{"entered": 7}, {"not": {"left": 9}}, {"last": "seen", "op": "is_set"}, sequence()]
    }
    assert tree.segments_in(raw) == {7, 9}
    assert tree.events_in(raw) == {"seen", "coupon_redeemed", "order_paid"}


# --- windows -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "span"),
    [
        (event(), (None, DAY)),
        (event(days=1), (DAY, DAY)),
        (event(days=7, ago=3), (dt.date(2024, 3, 1), dt.date(2024, 3, 7))),
        (event(ago=3), (None, dt.date(2024, 3, 7))),
        (event(since="2024-03-01"), (dt.date(2024, 3, 1), DAY)),
        (event(until="2024-02-29"), (None, dt.date(2024, 2, 29))),
        (event(since="2024-03-01", until="2025-01-01"), (dt.date(2024, 3, 1), DAY)),
    ],
)
def test_a_window_is_whole_days_and_never_in_the_future(raw: Any, span: Any) -> None:
    leaf = tree.parse(raw, KNOWN)
    assert isinstance(leaf, Did)
    assert leaf.span(DAY) == span


def test_conditions_keep_what_was_left_out_as_its_default() -> None:
    assert tree.parse({"stage": "lifecycle", "in": ["growth"]}, KNOWN) == InStage(
        "lifecycle", ("growth",)
    )
    assert tree.parse({"last": "order_paid", "op": "is_set"}, KNOWN) == DaysSince(
        "last", "order_paid", "is_set"
    )


# --- on what a rule leans (R108) -----------------------------------------------------

CITY = {"profile": "city", "op": "=", "value": "上海"}
AGE = {"trait": "age", "op": ">", "value": 30}


@pytest.mark.parametrize(
    ("raw", "static"),
    [
        (CITY, 1),
        ({"all": [CITY, {"not": AGE}]}, 2),
        ({"any": [CITY, {"consent": "email"}, {"random": 5}, {"tag": 3}, {"list": 5}]}, 1),
        ({"all": [CITY, event()]}, 0),
        ({"all": [CITY, {"trait": "orders", "op": ">", "value": 1}]}, 0),
        ({"all": [CITY, {"segment": 7}]}, 2),
        ({"all": [CITY, {"segment": 9}]}, 0),
        ({"consent": "email"}, 0),
        ({"all": []}, 0),
    ],
)
def test_a_rule_that_rests_on_who_people_say_they_are_is_noticed(raw: Any, static: int) -> None:
    known = dataclasses.replace(KNOWN, segments={7: "Grown up", 9: "Buyers"})
    segments = {7: tree.parse(AGE, known), 9: tree.parse(event(), known)}
    assert len(leaning.static_only(tree.parse(raw, known), known, segments)) == static


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"profile": "wechat_phone", "op": "=", "value": "1"}, ("op",)),
        (
            {"event": "order_paid", "where": [{"property": "email", "op": "in", "value": ["a"]}]},
            ("where", 0, "op"),
        ),
    ],
)
def test_no_count_confirms_somebodys_address(rule: dict[str, Any], path: tuple[Any, ...]) -> None:
    known = Vocabulary(
        profile={"wechat_phone": ()},
        events=frozenset({"order_paid"}),
        is_contact=lambda name: "phone" in name or "email" in name,
    )
    with pytest.raises(RuleError, match="tells who somebody is") as refused:
        tree.parse(rule, known)
    assert refused.value.path == path
    asked = json.loads(json.dumps(rule).replace('"="', '"is_set"').replace('"in"', '"not_set"'))
    for part in (asked, *asked.get("where", [])):
        part.pop("value", None)
    tree.parse(asked, known)
