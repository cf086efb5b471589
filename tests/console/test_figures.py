"""Numbers in the words of the page's language."""

from decimal import Decimal

import pytest
from django.utils import translation

from console import figures


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["12,345", "12.3%", "$1,234.50", "$459.6K"]), ("zh-hans", ["12,345", "12.3%"])],
)
def test_numbers_follow_the_language(language: str, words: list[str]) -> None:
    with translation.override(language):
        said = [
            figures.whole(12_345),
            figures.share(Decimal("0.1234")),
            figures.money(123_450, "USD"),
            figures.short_money(45_960_000, "USD"),
        ]
    assert said[: len(words)] == words


def test_a_currency_without_cents_has_none() -> None:
    with translation.override("en"):
        assert figures.money(1_500, "JPY") == "¥1,500"
    assert figures.major(1_500, "USD") == 15


@pytest.mark.parametrize(
    ("value", "words"), [(-21.739130434782602, "-21.74"), (2.0, "2"), (12_345.5, "12,345.5")]
)
def test_a_number_has_no_more_decimals_than_tell_something(value: float, words: str) -> None:
    with translation.override("en"):
        assert figures.number(value) == words


def test_what_is_not_known_is_a_dash() -> None:
    assert {
        figures.whole(None),
        figures.share(None),
        figures.number(None),
        figures.money(None, "USD"),
        figures.short_money(None, "USD"),
        figures.signed_share(None),
    } == {figures.NOTHING}


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [(110, 100, 0.1), (90, 100, -0.1), (5, 0, None), (None, 5, None), (-50, -100, 0.5)],
)
def test_change_is_a_share_of_before(
    now: int | None, before: int | None, change: float | None
) -> None:
    found = figures.change(now, before)
    assert found == (None if change is None else pytest.approx(change))


def test_a_change_says_its_direction() -> None:
    with translation.override("en"):
        said = [figures.signed_share(part) for part in (0.031, -0.2, 0.0, -0.0004)]
    assert said == ["+3.1%", "−20.0%", "±0.0%", "±0.0%"]


def test_a_language_that_nobody_knows_reads_as_english() -> None:
    with translation.override("xx"):
        assert figures.whole(1_000) == "1,000"
