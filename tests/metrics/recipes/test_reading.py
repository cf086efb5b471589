"""Recipes of metrics: what is read is written again, and nonsense is refused in words."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics import library
from metrics.recipes import formulas, nodes, reading
from segments.rules.nodes import RuleError


@pytest.mark.parametrize("one", library.SHIPPED, ids=lambda one: one.key)
def test_every_shipped_recipe_is_read_and_written(one: library.Definition) -> None:
    recipe = reading.read(one.recipe)
    assert reading.read(reading.write(recipe)) == recipe
    assert set(nodes.leans_on(recipe)) <= library.BY_KEY.keys()


BAD: list[tuple[Any, tuple[Any, ...], str]] = [
    ([], (), "JSON object"),
    ({"kind": "magic"}, ("kind",), "Choose a kind"),
    ({"kind": "simple", "take": "count"}, ("events",), "at least one event"),
    ({"kind": "simple", "take": "all", "word": "paid"}, ("take",), "no “all”"),
    ({"kind": "simple", "take": "count", "word": "paid", "value": "x"}, ("value",), "Only a sum"),
    ({"kind": "ratio", "part": "dau", "whole": "dau"}, ("whole",), "always 1"),
    ({"kind": "cumulative", "of": "dau", "days": 1}, ("days",), "from 2 to 366"),
    ({"kind": "cumulative", "of": "dau", "days": 7, "since": "ever"}, ("days",), "not both"),
    ({"kind": "derived", "formula": "1 + 1"}, ("formula",), "at least one metric"),
    ({"kind": "derived", "formula": "a ** 9"}, ("formula",), "Only + −"),
    ({"kind": "derived", "formula": "exec('x')"}, ("formula",), "Only + −"),
    ({"kind": "derived", "formula": "a +"}, ("formula",), "no formula"),
    ({"kind": "derived", "formula": "(" * 199 + "a"}, ("formula",), "no formula"),
    ({"kind": "conversion", "first": "new", "then": {"word": "x"}, "days": 7}, ("then", "word"),
     "no such word"),
    ({"kind": "conversion", "first": "new", "then": {"word": "paid"}, "days": 7,
      "how": "minutes"}, ("first",), "run from an event"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "path", "words"), BAD, ids=[str(n) for n in range(len(BAD))])
def test_nonsense_is_refused_where_it_stands(raw: Any, path: Any, words: str) -> None:
    with pytest.raises(RuleError) as problem:
        reading.read(raw)
    assert problem.value.path == path
    assert words in str(problem.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
KIND = st.sampled_from(["simple", "ratio", "cumulative", "derived", "conversion", "coded"])
NAME = st.sampled_from(["take", "word", "events", "of", "days", "first", "then", "formula", "how"])


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no mistake
@given(kind=KIND, rest=st.dictionaries(NAME, JSON, max_size=4))
def test_whatever_comes_is_read_or_refused_in_words(kind: str, rest: dict[str, Any]) -> None:
    with suppress(RuleError):
        recipe = reading.read({"kind": kind, **rest})
        assert reading.read(reading.write(recipe)) == recipe


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100 * (promoters - detractors) / answers", Decimal(20)),
        ("-answers + 0.5", Decimal("-9.5")),
        ("promoters / nought", None),
        ("promoters / unknown", None),
        ("nought / nought", None),
    ],
    ids=["nps", "signs", "by nought", "unknown", "nought by nought"],
)
def test_a_formula_comes_to_a_number_or_to_nothing(text: str, expected: Decimal | None) -> None:
    of = {name: Decimal(value) for name, value in
          {"promoters": 5, "detractors": 3, "answers": 10, "nought": 0}.items()}  # fmt: skip
    assert formulas.value(formulas.read(text), of) == expected
