"""The ledger against plain counting: refunds, first days, holdouts, cohorts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metrics.stats.lifetime.ledger import After, Cohorts, Ledger

ORDERS = st.dictionaries(
    st.tuples(st.integers(0, 40), st.integers(0, 4)),  # day and customer
    st.integers(-30, 100),
    max_size=40,
)
LENGTH, TODAY = 5, 45


def days(orders: dict[tuple[int, int], int]) -> list[tuple[int, np.ndarray, np.ndarray]]:
    found = []
    for day in sorted({day for day, _who in orders}):
        who = sorted(who for on, who in orders if on == day)
        found.append((day, np.array(who), np.array([orders[day, one] for one in who])))
    return found


@given(orders=ORDERS)
def test_histories_and_sums_are_those_of_a_plain_count(
    orders: dict[tuple[int, int], int],
) -> None:
    ledger = Ledger(LENGTH)
    for day, who, amount in days(orders):
        ledger.add(day, who, amount >= 0, amount)
    buyers = ledger.buyers(np.ones(LENGTH, bool))
    known, again = ledger.histories(buyers, TODAY), ledger.spent_again(buyers)
    bought = {
        who: sorted(day for (day, one), amount in orders.items() if one == who and amount >= 0)
        for who in range(LENGTH)
    }
    assert buyers.tolist() == [who for who in range(LENGTH) if bought[who]]
    for place, who in enumerate(buyers.tolist()):
        theirs = bought[who]
        assert known.x[place] == len(theirs) - 1
        assert known.t_x[place] == theirs[-1] - theirs[0]
        assert known.T[place] == TODAY - theirs[0]
        total = sum(amount for (_day, one), amount in orders.items() if one == who)
        assert again[place] == total - orders[theirs[0], who]


@given(orders=ORDERS, since=st.integers(0, 40))
def test_a_copy_stands_still_and_what_comes_after_is_counted_apart(
    orders: dict[tuple[int, int], int], since: int
) -> None:
    ledger, after, half = Ledger(LENGTH), After(since, 10, LENGTH), Ledger(LENGTH)
    for day, who, amount in days(orders):
        if day <= since:
            half.add(day, who, amount >= 0, amount)
            ledger.add(day, who, amount >= 0, amount)
    kept = ledger.copy()
    for day, who, amount in days(orders):
        after.add(day, who, amount >= 0, amount)
        if day > since:
            ledger.add(day, who, amount >= 0, amount)
    assert (kept.times == half.times).all()
    assert (kept.total == half.total).all()
    everybody = np.arange(LENGTH)
    for length in (3, 10):
        came = {
            who
            for (day, who), amount in orders.items()
            if since < day <= since + length and amount >= 0
        }
        silent = after.silent(everybody, length)
        assert set(np.flatnonzero(~silent).tolist()) == came


def test_cohorts_spend_from_their_first_month_on() -> None:
    found = Cohorts(4, 100, 102)
    yes = np.array([True, True])
    found.add(100, np.array([0, 1]), yes, np.array([10, 20]))
    found.add(100, np.array([0, 2]), np.array([True, False]), np.array([5, -3]))  # 2 never bought
    found.add(102, np.array([0, 2]), yes, np.array([7, 9]))
    assert found.spent.tolist() == [[[35, 0, 7], [0, 0, 0], [9, 0, 0]]]
    assert found.sizes(np.ones(4, bool)).tolist() == [[2, 0, 1]]
    assert found.sizes(np.array([False, True, True, True])).tolist() == [[1, 0, 1]]


def test_parts_of_the_customers_are_counted_apart() -> None:
    found = Cohorts(3, 7, 8, np.array([1, 0, 1]), ("web", "shop"))
    found.add(7, np.array([0, 1]), np.array([True, True]), np.array([10, 20]))
    found.add(8, np.array([0, 2]), np.array([True, True]), np.array([1, 2]))
    assert found.spent.tolist() == [[[20, 0], [0, 0]], [[10, 1], [2, 0]]]
    assert found.sizes(np.ones(3, bool)).tolist() == [[1, 0], [1, 1]]
