"""Rules are read exactly, refused in words with the place, and said back as a sentence."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.rules import tree, words
from segments.rules.nodes import AllOf, Did, Node, RuleError, Trait, Where, leaves
from segments.rules.vocabulary import Vocabulary
from tests.segments import worlds
from tests.segments.worlds import KNOWN


def trait(**changes: Any) -> dict[str, Any]:
    return {"trait": "orders", "op": ">=", "value": 3, **changes}


def nested(groups: int) -> Any:
    rule: Any = trait()
    for _ in range(groups):
        rule = {"not": rule}
    return rule


def test_a_rule_is_read_into_records_that_know_their_place() -> None:
    rule = tree.parse({"all": [trait(), {"event": "order_paid", "days": 30}]}, KNOWN)
    assert rule == AllOf((Trait("orders", ">=", 3), Did("order_paid", days=30)))
    assert [leaf.path for leaf in leaves(rule)] == [("all", 0), ("all", 1)]


def test_equal_conditions_in_different_places_are_equal() -> None:
    first, second = leaves(tree.parse({"all": [trait(), trait()]}, KNOWN))
    assert first == second
    assert first.path != second.path


@pytest.mark.parametrize(
    ("raw", "path", "says"),
    [
        ({"event": "order_paid", "days": -3}, ("days",), "from 1 to"),
        ({"event": "order_paid", "times": 0}, ("times",), "from 1 to"),
        ({"event": "order_paid", "times": True}, ("times",), "whole number"),
        ({"event": "order_paid", "did": "no"}, ("did",), "true"),
        ({"event": "order_lost"}, ("event",), "no event “order_lost”"),
        ({"event": ["order_paid"]}, ("event",), "no event"),
        ({"event": "order_paid", "where": {}}, ("where",), "list"),
        ({"event": "order_paid", "where": [{"op": "="}]}, ("where", 0), "property"),
        (
            {"event": "order_paid", "where": [{"property": "store", "op": "<", "value": "A"}]},
            ("where", 0, "value"),
            "Only numbers",
        ),
        (
            {"event": "order_paid", "where": [{"property": 'a"b', "op": "is_set"}]},
            ("where", 0, "property"),
            "no quotes",
        ),
        (trait(trait="shoe_size"), ("trait",), "no trait “shoe_size”"),
        (trait(op="like"), ("op",), "comparison"),
        (trait(value="three"), ("value",), "whole number"),
        (trait(value=2.5), ("value",), "whole number"),
        (trait(value=10**400), ("value",), "Write a number from"),
        (trait(value=float("nan")), ("value",), "whole number"),
        (trait(value=None), ("value",), "whole number"),
        (trait(op="is_set"), ("value",), "takes no value"),
        (trait(op="between", value=[5, 1]), ("value",), "smaller"),
        (trait(op="between", value=[5]), ("value",), "two values"),
        (trait(op="in", value=[]), ("value",), "between one and"),
        (trait(valeu=1), ("valeu",), "means nothing"),
        ({"trait": "last_order_on", "op": "<", "value": "yesterday"}, ("value",), "date"),
        ({"trait": "last_order_on", "op": "<", "value": 20180101}, ("value",), "date"),
        ({"profile": "age", "op": "<", "value": float("inf")}, ("value",), "ordinary number"),
        ({"profile": "city", "op": "in", "value": ["Köln", 3]}, ("value",), "not both"),
        ({"profile": "city", "op": "=", "value": "a\x00b"}, ("value",), "invisible"),
        ({"profile": "city", "op": "=", "value": "x" * 201}, ("value",), "at most 200"),
        ({"profile": "planet", "op": "is_set"}, ("profile",), "planet"),
        ({"stage": "lifecycle", "in": []}, ("in",), "at least one stage"),
        ({"stage": "lifecycle", "in": ["gone"]}, ("in", 0), "no stage “gone”"),
        ({"stage": "moods", "in": ["good"]}, ("stage",), "no stage set"),
        ({"segment": 99}, ("segment",), "exists"),
        ({"segment": True}, ("segment",), "exists"),
        ({"consent": "pigeon"}, ("consent",), "no channel"),
        ({"any": []}, (), "at least one condition"),
        ({"all": {}}, ("all",), "list"),
        ({"all": [], "any": []}, (), "exactly one"),
        ({"not": []}, ("not",), "condition belongs"),
        ({}, (), "exactly one"),
        (None, (), "condition belongs"),
        (nested(9), ("not",) * 8, "nested 8 deep"),
        ({"all": [trait()] * 101}, ("all", 100), "at most 100 conditions"),
        ({"all": [{"all": []}] * 100}, ("all", 99), "at most 100 groups"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_at_its_place(
    raw: Any, path: tuple[Any, ...], says: str
) -> None:
    with pytest.raises(RuleError, match=says) as refused:
        tree.parse(raw, KNOWN)
    assert refused.value.path == path


def test_the_place_of_a_mistake_is_found_inside_groups() -> None:
    raw = {"all": [trait(), {"any": [{"not": trait(value="x")}]}]}
    with pytest.raises(RuleError) as refused:
        tree.parse(raw, KNOWN)
    assert refused.value.path == ("all", 1, "any", 0, "not", "value")


def test_eight_groups_deep_and_a_hundred_conditions_are_still_read() -> None:
    deep, wide = tree.parse(nested(8), KNOWN), tree.parse({"all": [trait()] * 100}, KNOWN)
    assert isinstance(deep, Node)
    assert isinstance(wide, AllOf)
    assert len(wide.parts) == 100


def test_a_kind_that_is_forbidden_here_is_refused() -> None:
    with pytest.raises(RuleError, match="cannot be used"):
        tree.parse({"consent": "email"}, Vocabulary(forbidden=frozenset({"consent"})))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "trait", "event", "op", "value", "in"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
)


@given(raw=anything)
def test_any_json_at_all_is_either_read_or_refused(raw: Any) -> None:
    assert isinstance(tree.segments_in(raw), set)
    with contextlib.suppress(RuleError):
        tree.parse(raw, KNOWN)


def test_the_segments_that_a_rule_speaks_of_are_found_at_any_depth() -> None:
    raw = {"all": [{"not": {"any": [{"segment": 7}]}}, {"segment": 9}]}
    assert tree.segments_in(raw) == {7, 9}


def test_an_error_is_said_in_the_readers_language() -> None:
    refused = RuleError((), "There is no trait “%(value)s”.", value="x")
    chinese = {"There is no trait “%(value)s”.": "没有特征“%(value)s”。"}
    assert refused.said(lambda said: chinese[said]) == "没有特征“x”。"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"all": []}, "Every customer."),
        (trait(), "Customers for whom this holds: orders is at least 3."),
        (
            {
                "all": [
                    {"trait": "recency_days", "op": ">", "value": 30},
                    {"any": [{"consent": "email"}, {"segment": 7}]},
                    {"not": {"stage": "lifecycle", "in": ["growth", "decline"]}},
                ]
            },
            "Customers for whom this holds: days since the last order is more than 30 days and "
            "(agreed to hear from us by e-mail or is in the segment “VIP”) and "
            "not (stage is one of Growth, Decline).",
        ),
        (
            {
                "event": "order_paid",
                "times": 3,
                "days": 30,
                "where": [{"property": "store", "op": "=", "value": "367"}],
            },
            "Customers for whom this holds: did order_paid at least 3 times in the last 30 days "
            "where store is 367.",
        ),
        (
            {"event": "order_paid", "did": False, "days": 1},
            "Customers for whom this holds: did not do order_paid today.",
        ),
        (
            {"trait": "monetary_minor", "op": "between", "value": [100000, 123456789]},
            "Customers for whom this holds: spent in all is between 1,000.00 USD and "
            "1,234,567.89 USD.",
        ),
        (
            {"trait": "last_order_on", "op": ">=", "value": "2018-01-01"},
            "Customers for whom this holds: last order is on or after 2018-01-01.",
        ),
        (
            {"profile": "city", "op": "in", "value": list("abcdefgh")},
            "Customers for whom this holds: city is one of a, b, c, d, e, f and 2 more.",
        ),
        (
            {"profile": "city", "op": "not_set"},
            "Customers for whom this holds: city is not known.",
        ),
    ],
)
def test_a_rule_is_said_back_as_a_sentence(raw: Any, said: str) -> None:
    assert words.sentence(tree.parse(raw, KNOWN), KNOWN) == said


@given(raw=worlds.rules)
def test_every_rule_can_be_said_and_stays_json(raw: Any) -> None:
    rule = tree.parse({"all": [raw]}, KNOWN) if _shallow(raw) else tree.parse(trait(), KNOWN)
    assert words.sentence(rule, KNOWN).endswith(".")
    json.dumps(raw)


def _shallow(raw: Any, left: int = tree.MAX_DEPTH - 1) -> bool:
    inside = [raw["not"]] if "not" in raw else raw.get("all", []) + raw.get("any", [])
    return left > 0 and all(_shallow(part, left - 1) for part in inside)


def test_where_keeps_its_comparison() -> None:
    raw = {"event": "order_paid", "where": [{"property": "n", "op": "in", "value": [1, 2]}]}
    rule = tree.parse(raw, KNOWN)
    assert isinstance(rule, Did)
    assert rule.where == (Where("n", "in", (1, 2)),)
