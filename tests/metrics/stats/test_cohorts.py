"""Cohorts against a naive oracle, and against published numbers."""

import datetime as dt
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from metrics.stats import cohorts
from metrics.stats.cohorts import Share

PERIODS = st.lists(st.sets(st.integers(0, 9)), max_size=12)
ONLINE_RETAIL = Path(__file__).parents[4] / "shared" / "data" / "online_retail.parquet"


def naive_first(periods: list[set[int]]) -> dict[int, int]:
    first: dict[int, int] = {}
    for number, members in enumerate(periods):
        for customer in members:
            first.setdefault(customer, number)
    return first


@given(periods=PERIODS)
def test_the_triangle_equals_counting_customer_by_customer(periods: list[set[int]]) -> None:
    first = naive_first(periods)
    table = cohorts.triangle([BitMap(members) for members in periods])
    for start, line in enumerate(table):
        cohort = {customer for customer, number in first.items() if number == start}
        assert line == [Share(len(cohort & members), len(cohort)) for members in periods[start:]]


@given(periods=PERIODS)
def test_everybody_is_new_exactly_once(periods: list[set[int]]) -> None:
    new = cohorts.first_seen([BitMap(members) for members in periods])
    assert sum(map(len, new)) == len(set().union(*periods))
    assert BitMap.union(BitMap(), *new) == BitMap(set().union(*periods))


@given(periods=PERIODS, after=st.integers(1, 14))
def test_only_cohorts_whose_later_period_has_come_are_answered(
    periods: list[set[int]], after: int
) -> None:
    sets = [BitMap(members) for members in periods]
    answered = cohorts.returned(cohorts.first_seen(sets), sets, after)
    assert len(answered) == max(0, len(periods) - after)


@given(periods=PERIODS, quiet=st.integers(1, 5))
def test_woken_is_who_was_there_once_and_not_lately(periods: list[set[int]], quiet: int) -> None:
    found = cohorts.woken([BitMap(members) for members in periods], quiet)
    for number, members in enumerate(periods):
        before = set().union(*periods[:number])
        lately = set().union(*periods[max(0, number - quiet) : number])
        assert set(found[number]) == (members & before) - lately
    assert len(found) == len(periods)


def test_a_share_of_nobody_is_nothing_not_an_error() -> None:
    assert Share(0, 0).value is None
    assert Share(1, 4).value == 0.25


def test_one_customer_who_comes_back_after_a_gap() -> None:
    days = [BitMap([7]), BitMap(), BitMap([7])]
    new = cohorts.first_seen(days)
    assert cohorts.returned(new, days, 1)[0] == Share(0, 1)
    assert cohorts.returned(new, days, 2) == [Share(1, 1)]


@pytest.mark.skipif(not ONLINE_RETAIL.exists(), reason="the Online Retail data is not here")
def test_the_month_cohorts_of_online_retail() -> None:
    """Chen, Sain, Guo (2012), UCI data set 352; clean lines only."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    columns = ["CustomerID", "InvoiceDate"]
    bought = (pc.field("Quantity") > 0) & (pc.field("UnitPrice") > 0)
    clean = pq.read_table(
        ONLINE_RETAIL, columns=columns, filters=bought & pc.field("CustomerID").is_valid()
    )
    assert clean.num_rows == 397_884
    months: dict[dt.date, set[int]] = defaultdict(set)
    for customer, moment in zip(
        clean["CustomerID"].to_pylist(), clean["InvoiceDate"].to_pylist(), strict=True
    ):
        months[moment.date().replace(day=1)].add(int(customer))
    table = cohorts.triangle([BitMap(months[month]) for month in sorted(months)])
    first = [share.numerator for share in table[0]]
    assert first == [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]
    assert sum(line[0].denominator for line in table) == 4_338
