"""What is said about customers and things: each operation by its rule, within bounds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments import operations, profiles
from segments.items import Profile
from segments.operations import Problem
from segments.profiles import Portrait
from tests.segments.sent import profile, user


def said(**fields: Any) -> Profile:
    return profile(user("anna"), **fields)


def after(kept: dict[str, Any], **fields: Any) -> tuple[dict[str, Any], list[Problem]]:
    problems = operations.carry_out(kept, said(**fields))
    return kept, problems


@pytest.mark.parametrize(
    ("kept", "asked", "expected"),
    [
        ({"a": 1}, {"set": {"a": 2, "b": None}}, {"a": 2, "b": None}),
        ({"a": 1}, {"once": {"a": 2, "b": 3}}, {"a": 1, "b": 3}),
        ({"a": 1}, {"add": {"a": 2, "b": 0.5}}, {"a": 3, "b": 0.5}),
        ({"a": [1]}, {"append": {"a": 1, "b": [2, 3]}}, {"a": [1, 1], "b": [2, 3]}),
        ({"a": "x"}, {"append": {"a": "y"}}, {"a": ["x", "y"]}),
        ({"a": [1]}, {"union": {"a": [2, 1, 2], "b": [5, 5]}}, {"a": [1, 2], "b": [5]}),
        ({"a": [1, 2, 1], "b": 7}, {"remove": {"a": 1, "b": 7, "c": 1}}, {"a": [2]}),
        ({"a": 1, "b": 2}, {"unset": ("a", "c")}, {"b": 2}),
        ({"a": 1}, {"delete": True, "set": {"b": 1}}, {"b": 1}),
        ({}, {"set": {"n": 1}, "add": {"n": 2}, "unset": ("n",)}, {}),
    ],
)  # fmt: skip
def test_each_operation_does_what_its_rule_says(
    kept: dict[str, Any], asked: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert after(kept, **asked) == (expected, [])


@pytest.mark.parametrize("there", ["5", True, None, [1], {"a": 1}])
def test_only_numbers_are_added_to_numbers(there: Any) -> None:
    kept, problems = after({"n": there}, add={"n": 1})
    assert kept == {"n": there}
    assert problems == [Problem("n", "not a number")]


def test_a_sum_beyond_what_can_be_stored_is_not_taken() -> None:
    kept, problems = after({"n": 2**63 - 1}, add={"n": 1})
    assert (kept, len(problems)) == ({"n": 2**63 - 1}, 1)


def test_too_many_attributes_leave_the_earlier_ones() -> None:
    kept = {f"k{number}": number for number in range(operations.MOST - 1)}
    _, problems = after(kept, set={"one": 1, "two": 2, "k0": "new"})
    assert [problem.key for problem in problems] == ["two"]
    assert (len(kept), kept["one"]) == (operations.MOST, 1)
    assert kept["k0"] == "new"  # type: ignore[comparison-overlap]


def test_what_is_too_large_in_all_stays_as_it_was() -> None:
    kept, problems = after({"a": "small"}, set={"a": "x" * 40_000, "b": "y" * 40_000})
    assert {problem.key for problem in problems} <= {"a", "b"}
    assert problems
    assert operations.size(kept) <= operations.LARGEST


def test_a_list_grows_to_its_bound_and_no_further() -> None:
    kept, problems = after({"a": [0] * 1000}, append={"a": 1, "b": 1})
    assert (len(kept["a"]), kept["b"]) == (1000, [1])
    assert problems == [Problem("a", "a list of more than 1000")]


_KEYS = st.sampled_from(["a", "b", "c"])
_VALUES = st.one_of(st.integers(-9, 9), st.text(max_size=3), st.lists(st.integers(0, 3)), st.none())
_SAID = st.dictionaries(_KEYS, _VALUES)


@given(_SAID, _SAID, _SAID, st.dictionaries(_KEYS, st.lists(st.integers(0, 3))))
def test_whatever_is_asked_nothing_else_changes(
    kept: dict[str, Any], set_: dict[str, Any], append: dict[str, Any], union: Any
) -> None:
    before = dict(kept)
    operations.carry_out(kept, said(set=set_, append=append, union=union, unset=("c",)))
    touched = {*set_, *append, *union, "c"}
    assert {k: v for k, v in kept.items() if k not in touched} == {
        k: v for k, v in before.items() if k not in touched
    }
    operations.carry_out(kept, said(union=union))
    twice = dict(kept)
    operations.carry_out(kept, said(union=union))
    assert kept == twice


# --- fields -------------------------------------------------------------------


def portrait(**fields: str) -> Portrait:
    return Portrait({**dict.fromkeys(profiles.LONGEST, ""), **fields}, {})


@pytest.mark.parametrize(
    ("said_as", "value", "field", "expected"),
    [
        ("email", " Anna@Shop.Example ", "email", "anna@shop.example"),
        ("$email", "a@b.example", "email", "a@b.example"),
        ("$name", "安娜", "name", "安娜"),
        ("phone", "+86 138-0013-8000", "phone", "+86 138-0013-8000"),
        ("phone", 13800138000, "phone", "13800138000"),
        ("locale", "zh_CN.UTF-8", "language", "zh-CN"),
        ("$language", "ZH-hans-cn", "language", "zh-Hans-CN"),
        ("language", "en", "language", "en"),
        ("email", None, "email", ""),
    ],
)
def test_reserved_names_fill_the_fields(
    said_as: str, value: Any, field: str, expected: str
) -> None:
    one = portrait(email="old@x.example")
    assert profiles.carry_out(one, said(set={said_as: value})) == []
    assert (one.fields[field], one.attributes) == (expected, {})


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"first_name": "Anna", "last_name": "Bell"}, "Anna Bell"),
        ({"firstName": "Anna"}, "Anna"),
        ({"$first_name": "小明", "$last_name": "王"}, "王小明"),
        ({"name": "Dr. Bell", "first_name": "Anna"}, "Dr. Bell"),
    ],
)
def test_parts_of_a_name_make_the_name_and_are_no_attributes(
    names: dict[str, str], expected: str
) -> None:
    one = portrait()
    profiles.carry_out(one, said(set=names))
    assert (one.fields["name"], one.attributes) == (expected, {})


@pytest.mark.parametrize(
    ("key", "value"),
    [("email", "anna"), ("email", 5), ("phone", "call me"), ("locale", "??"), ("name", "n" * 121)],
)
def test_a_bad_value_leaves_the_field_and_the_rest_is_taken(key: str, value: Any) -> None:
    one = portrait(email="old@x.example", phone="123456", name="Anna", language="en")
    before = dict(one.fields)
    problems = profiles.carry_out(one, said(set={key: value, "plan": "pro"}))
    assert [problem.key for problem in problems] == [key]
    assert (one.fields, one.attributes) == (before, {"plan": "pro"})


def test_fields_are_set_once_unset_deleted_and_never_added_to() -> None:
    one = portrait(name="Anna", email="a@b.example")
    profiles.carry_out(one, said(once={"name": "Ben", "phone": "123456"}, unset=("email",)))
    assert one.fields == {"name": "Anna", "email": "", "phone": "123456", "language": ""}
    assert profiles.carry_out(one, said(append={"email": "x"}))[0].why == "can only be set"
    profiles.carry_out(one, said(delete=True))
    assert set(one.fields.values()) == {""}
