"""What did what: plain differences of groups, and honest where there are too few."""

import random

import pytest

from metrics.stats import contributions
from metrics.stats.contributions import Group
from metrics.stats.samples import Mean, Proportion

NOTHING: frozenset[str] = frozenset()
MAIL, BOTH = frozenset({"mail"}), frozenset({"mail", "coupon"})


def group(given: frozenset[str], n: int, count: int) -> Group:
    return Group(given, Proportion(n, count))


def test_three_groups_tell_natural_demand_promotion_and_coupon_apart() -> None:
    found = contributions.split(
        [group(NOTHING, 1_000, 50), group(MAIL, 2_000, 160), group(BOTH, 2_000, 300)]
    )
    assert found is not None
    amounts = {part.names: part.amount for part in found.parts}
    # Natural 5% of 4,000; the mail 3 points of 4,000; the coupon 7 points of 2,000.
    assert amounts == pytest.approx({("natural",): 200, ("mail",): 120, ("coupon",): 140})
    assert found.total == 460
    assert found.beyond == pytest.approx(0)
    assert sum(filter(None, contributions.shares(found))) == pytest.approx(1)
    assert all(part.low < part.amount < part.high for part in found.parts)


def test_things_that_always_came_together_are_told_as_one() -> None:
    found = contributions.split([group(NOTHING, 100, 5), group(BOTH, 100, 15)])
    assert found is not None
    assert [part.names for part in found.parts] == [("natural",), ("coupon", "mail")]


def test_without_a_control_natural_demand_and_promotion_are_one() -> None:
    found = contributions.split([group(MAIL, 100, 10), group(BOTH, 100, 30)])
    assert found is not None
    assert [part.names for part in found.parts] == [("natural", "mail"), ("coupon",)]
    assert found.parts[1].amount == pytest.approx(20)


@pytest.mark.parametrize(
    "groups",
    [
        [],
        [group(NOTHING, 10, 1)],
        [group(MAIL, 10, 1)],
        [group(NOTHING, 0, 0), group(MAIL, 10, 1)],
        # Coupon and call are each told from the mail only together with the other.
        [group(NOTHING, 9, 1), group(BOTH, 9, 1), group(frozenset({"mail", "call"}), 9, 1)],
    ],
    ids=["nobody", "only a control", "everybody the same", "an empty control", "confounded"],
)
def test_what_cannot_be_told_apart_is_not(groups: list[Group]) -> None:
    assert contributions.split(groups) is None


def test_parts_that_help_each_other_leave_something_beyond_them() -> None:
    alone = frozenset({"coupon"})
    found = contributions.split(
        [group(NOTHING, 100, 10), group(MAIL, 100, 20), group(alone, 100, 20), group(BOTH, 100, 70)]
    )
    assert found is not None
    assert found.total == pytest.approx(sum(part.amount for part in found.parts) + found.beyond)
    assert found.beyond != pytest.approx(0)


def test_a_group_without_any_is_not_taken_for_certain() -> None:
    found = contributions.split([group(NOTHING, 50, 0), group(MAIL, 50, 0)])
    assert found is not None
    assert found.parts[1].low < 0 < found.parts[1].high


def test_money_has_the_bounds_of_its_means() -> None:
    control, mail = Mean(100, 1_000, 20_000), Mean(100, 3_000, 190_000)
    found = contributions.split([Group(NOTHING, control), Group(MAIL, mail)])
    assert found is not None
    natural, part = found.parts
    assert (natural.amount, part.amount) == pytest.approx((1_000, 2_000))
    error = 100 * ((control.variance or 0) / 100 + (mail.variance or 0) / 100) ** 0.5
    assert part.high - part.amount == pytest.approx(1.959964 * error)


def test_the_bounds_hold_the_truth() -> None:
    chance, held = random.Random(7), 0
    for _run in range(300):
        counts = [sum(chance.random() < p for _ in range(300)) for p in (0.05, 0.09, 0.15)]
        found = contributions.split(
            [group(given, 300, n) for given, n in zip((NOTHING, MAIL, BOTH), counts, strict=True)]
        )
        assert found is not None
        (coupon,) = (part for part in found.parts if part.names == ("coupon",))
        held += coupon.low <= 300 * 0.06 <= coupon.high
    assert 0.92 <= held / 300 <= 0.985
