"""How alike campaigns are, and what past ones make one expect."""

from dataclasses import replace

import pytest

from campaigns.precedents import likeness, outlook
from campaigns.precedents.likeness import Layers, Offer, Shape
from campaigns.precedents.outlook import Precedent

OFFER = Offer(is_there=True, kinds=frozenset({"percent"}), depth=0.2)
LAYERS = Layers(1, {"new": 0.75, "old": 0.25})
WITHOUT_OCCASION = sum(likeness.WEIGHTS.values()) - likeness.WEIGHTS["occasion"]
NEW = Shape("order_paid", frozenset({"email"}), OFFER, "once", LAYERS)


def test_another_aim_is_no_precedent() -> None:
    assert likeness.between(NEW, Shape("signed_up"), people=1.0) is None


def test_the_same_for_the_same_people_is_wholly_alike() -> None:
    found = likeness.between(NEW, NEW, people=1.0)
    assert found is not None
    assert found.score == pytest.approx(1.0)
    assert found.alike == ("people", "layers", "channels", "offer", "entry")


def test_what_is_not_known_counts_neither_for_nor_against() -> None:
    found = likeness.between(NEW, Shape("order_paid", offer=Offer(is_there=True)), people=0.5)
    assert found is not None
    assert found.score == pytest.approx((0.4 * 0.5 + 0.25) / 0.65)
    assert found.alike == ("people", "offer")


def test_too_little_in_common_is_no_precedent() -> None:
    other = Shape("order_paid", frozenset({"sms"}), Offer(is_there=False), "event")
    assert likeness.between(NEW, other, people=0.5) is None


def score(old: Shape) -> float:
    found = likeness.between(NEW, old, people=1.0)
    assert found is not None
    return found.score


def test_an_offer_of_another_kind_or_depth_is_less_alike() -> None:
    def given(kind: str, depth: float) -> float:
        return score(replace(NEW, offer=Offer(is_there=True, kinds=frozenset({kind}), depth=depth)))

    assert 1 == given("percent", 0.2) > given("percent", 0.5) > given("gift", 0.5)
    whole = WITHOUT_OCCASION
    assert given("percent", 0.6) == pytest.approx((whole - 0.25 * 0.375 * 0.4) / whole)
    assert given("gift", 0.5) > score(replace(NEW, offer=Offer(is_there=False)))


def test_the_same_occasion_is_nearer_and_two_ordinary_days_are_not() -> None:
    ordinary, november = replace(NEW, occasion=""), replace(NEW, occasion="double_11")
    whole = sum(likeness.WEIGHTS.values())
    found = likeness.between(november, november, people=0.0)
    assert found is not None
    assert found.alike[-1] == "occasion"
    assert found.score == pytest.approx((whole - 0.4) / whole)
    other = likeness.between(november, replace(NEW, occasion="mid_year"), people=1.0)
    assert other is not None
    assert other.score == pytest.approx((whole - 0.3) / whole)
    for unknown_or_both_ordinary in (
        likeness.between(november, NEW, people=1.0),
        likeness.between(ordinary, ordinary, people=1.0),
    ):
        assert unknown_or_both_ordinary is not None
        assert unknown_or_both_ordinary.score == pytest.approx(1.0)
        assert "occasion" not in unknown_or_both_ordinary.alike


def test_layers_count_by_the_share_that_lies_in_the_same() -> None:
    other = Layers(1, {"new": 0.25, "gone": 0.75})
    whole = WITHOUT_OCCASION
    assert score(replace(NEW, layers=other)) == pytest.approx((whole - 0.2 * 0.75) / whole)
    assert score(replace(NEW, layers=replace(other, stage_set=2))) == 1, "nobody can tell"


def test_the_past_fades() -> None:
    assert (likeness.faded(0), likeness.faded(365), likeness.faded(-3)) == (1.0, 0.5, 1.0)


def test_the_middle_weighs_and_the_bounds_hold_what_was_seen() -> None:
    found = outlook.of(
        [
            Precedent(100, 1.0, purchased=10, revenue=1_000, redeemed=5),
            Precedent(300, 1.0, purchased=60, revenue=9_000, lift=0.02),
        ]
    )
    assert found.share is not None
    assert (found.share.low, found.share.high) == (0.1, 0.2)
    assert found.share.middle == pytest.approx(0.175)
    assert found.revenue is not None
    assert found.revenue.middle == pytest.approx(25)
    assert found.redeemed is not None
    assert found.redeemed.middle == pytest.approx(0.05)
    assert found.lift is not None
    assert found.lift.low == found.lift.high == 0.02


def test_a_huge_campaign_is_no_better_a_witness_than_a_large_one() -> None:
    large, huge = (Precedent(size, 1.0, purchased=size // 10, revenue=0) for size in (10**4, 10**6))
    other = Precedent(10**4, 1.0, purchased=3_000, revenue=0)
    middles = [
        found.share and found.share.middle
        for found in map(outlook.of, ([large, other], [huge, other]))
    ]
    assert middles[0] == pytest.approx(middles[1])


def test_without_precedents_nothing_is_expected() -> None:
    assert outlook.of([]) == outlook.Outlook()
    assert outlook.of([Precedent(0, 1.0, 0, 0)]) == outlook.Outlook()
