"""RFM: equal values share a score, cuts are quantiles or fixed, and the first cell that holds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.rules.nodes import RuleError
from segments.scoring import rfm
from segments.scoring.rfm import FIXED, Cell, Cuts, Rfm

numbers = st.lists(st.integers(0, 50), min_size=1, max_size=200).map(
    lambda found: np.array(found, float)
)
ONLINE_RETAIL = Path(__file__).parents[4] / "shared" / "data" / "online_retail.parquet"


def scored(values: Any, cuts: Cuts | None = None) -> Any:
    """Scores of one measure of which more is better."""
    found = np.asarray(values, float)
    recipe = Rfm(Cuts("recency_days"), cuts or Cuts("orders"), Cuts("monetary_minor"), rfm.EIGHT)
    return rfm.score(recipe, np.zeros(len(found)), found, np.zeros(len(found))).f


def test_ten_different_customers_make_five_pairs() -> None:
    spent = [100, 10, 90, 20, 80, 30, 70, 40, 60, 50]
    assert scored(spent).tolist() == [5, 1, 5, 1, 4, 2, 4, 2, 3, 3]


def test_fewer_days_since_the_last_order_score_higher() -> None:
    days, none = np.array([1.0, 400, 30, 90, 7]), np.zeros(5)
    assert rfm.score(rfm.SHIPPED, days, none, none).r.tolist() == [5, 1, 3, 2, 4]


def test_customers_who_all_ordered_once_all_have_the_lowest_score() -> None:
    assert set(scored(np.ones(1000)).tolist()) == {1}


def test_who_never_ordered_has_no_score_and_no_cell() -> None:
    days = np.array([3.0, np.nan])
    found = rfm.score(rfm.SHIPPED, days, np.array([1.0, 0]), np.array([5.0, 0]))
    assert (found.r.tolist(), found.cell[1]) == ([1, 0], rfm.NOWHERE)
    nobody = rfm.score(rfm.SHIPPED, days[:0], days[:0], days[:0])
    assert nobody.thresholds["f"] == [None] * 4


@given(values=numbers)
def test_cut_points_are_numpys_inverted_cdf_quantiles(values: Any) -> None:
    expected = np.quantile(values, [0.2, 0.4, 0.6, 0.8], method="inverted_cdf")
    assert rfm.cut_points(values).tolist() == expected.tolist()


@given(values=numbers, fixed=st.booleans())
def test_scores_follow_the_values_and_ties_share_theirs(values: Any, fixed: bool) -> None:
    scores = scored(values, Cuts("orders", FIXED, (2, 3, 5, 9)) if fixed else None)
    assert ((scores >= 1) & (scores <= 5)).all()
    order = np.argsort(values, kind="stable")
    assert (np.diff(scores[order]) >= 0).all()
    for value in np.unique(values):
        assert len(np.unique(scores[values == value])) == 1


@pytest.mark.parametrize("customers", [5, 10, 4338])
def test_without_ties_every_score_has_a_fifth(customers: int) -> None:
    found = np.bincount(scored(np.random.default_rng(1).permutation(customers)))[1:]
    assert found.sum() == customers
    assert found.max() - found.min() <= 1


def test_fixed_thresholds_include_their_own_value() -> None:
    recipe = Rfm(
        Cuts("recency_days", FIXED, (7, 30, 90, 180)),
        Cuts("orders", FIXED, (2, 3, 5, 10)),
        Cuts("monetary_minor"),
        rfm.EIGHT,
    )
    days, orders = np.array([7.0, 8, 180, 181]), np.array([1.0, 2, 5, 10])
    found = rfm.score(recipe, days, orders, orders)
    assert (found.r.tolist(), found.f.tolist()) == ([5, 4, 2, 1], [1, 2, 4, 5])
    assert found.thresholds["r"] == [7, 30, 90, 180]


@given(values=numbers)
def test_the_thresholds_told_give_the_same_scores_again(values: Any) -> None:
    found = rfm.score(rfm.SHIPPED, values, values, values)
    for letter, scores in (("r", found.r), ("f", found.f)):
        least = found.thresholds[letter]
        better = [
            (values <= one if letter == "r" else values >= one) for one in least if one is not None
        ]
        assert (1 + sum(better, np.zeros(len(values), int)) == scores).all()


# --- cells --------------------------------------------------------------------


def test_the_eight_cells_part_all_combinations() -> None:
    grid = np.meshgrid(*[np.arange(1, 6, dtype=np.int8)] * 3)
    holds = np.sum([cell.holds((grid[0], grid[1], grid[2])) for cell in rfm.EIGHT], axis=0)
    assert (holds == 1).all()
    r, f, m = (np.array([one], np.int8) for one in (5, 2, 4))
    assert rfm.EIGHT[rfm.place(rfm.EIGHT, r, f, m)[0]].key == "HLH"


def test_the_first_cell_that_holds_is_the_customers() -> None:
    r, f, m = (np.array(one, np.int8) for one in ([1, 5, 3], [5, 1, 1], [5, 1, 2]))
    places = rfm.place(rfm.THREE, r, f, m)
    assert [rfm.THREE[at].key for at in places] == ["high", "promising", "middle"]


def test_sizes_and_the_field_count_everybody_once() -> None:
    random = np.random.default_rng(3)
    days, orders, spent = (random.integers(1, 90, 500).astype(float) for _ in range(3))
    found = rfm.score(rfm.SHIPPED, days, orders, spent)
    for rows in (rfm.sizes(rfm.SHIPPED, found, spent), rfm.field(found, spent)):
        assert sum(row["customers"] for row in rows) == 500
        assert sum(row["spent"] for row in rows) == spent.sum()


# --- recipes ------------------------------------------------------------------


def test_what_ships_can_be_written_down_and_read_again() -> None:
    for cells in rfm.SETS.values():
        recipe = Rfm(Cuts("recency_days"), Cuts("orders"), Cuts("monetary_minor"), cells, 0)
        assert rfm.read(rfm.write(recipe)) == recipe


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"monetary": {"trait": "m", "at": [60, 40, 20, 10]}}, "larger", id="order"),
        pytest.param({"frequency": {"trait": "orders", "at": [1, 2]}}, "Write 4 numbers", id="few"),
        pytest.param({"monetary": {"trait": "m", "at": [20, 40, 60, 100]}}, "99.9", id="share"),
        pytest.param({"recency": {"trait": "No trait"}}, "Name a trait", id="trait"),
        pytest.param({"cells": []}, "Write 1 to 25 of these", id="no cells"),
        pytest.param({"cells": [{"key": "a"}, {"key": "a"}]}, "twice", id="same key"),
        pytest.param({"cells": [{"key": "a"}, {"key": "b"}]}, "Nobody can be in “b”", id="hidden"),
        pytest.param({"cells": [{"key": "a", "r": [5, 1]}]}, "smaller one", id="span"),
        pytest.param({"cells": [{"key": "a", "r": [0, 9]}]}, "from 1 to 5", id="scores"),
        pytest.param({"weekday": 7}, "from 0 to 6", id="weekday"),
        pytest.param({"what": 1}, "does not belong here", id="unknown"),
    ],
)  # fmt: skip
def test_a_recipe_without_sense_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RuleError, match=words):
        rfm.read({**rfm.write(rfm.SHIPPED), **change})


def test_a_cell_may_be_named_by_people() -> None:
    cells = [{"key": "vip", "title": "大客户", "m": [5, 5]}, {"key": "rest"}]
    found = rfm.read({**rfm.write(rfm.SHIPPED), "cells": cells}).cells
    assert found[0] == Cell("vip", "大客户", m=(5, 5))


# --- real data ----------------------------------------------------------------


@pytest.mark.skipif(not ONLINE_RETAIL.exists(), reason="Online Retail is not on this machine")
def test_online_retail_has_its_known_rfm() -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    lines = pq.read_table(ONLINE_RETAIL)
    clean = lines.filter(
        pc.and_(
            pc.is_valid(lines["CustomerID"]),
            pc.and_(pc.greater(lines["Quantity"], 0), pc.greater(lines["UnitPrice"], 0)),
        )
    ).to_pandas()
    clean["spent"] = clean.Quantity * clean.UnitPrice
    clean["days"] = (np.datetime64("2011-12-10") - clean.InvoiceDate.dt.normalize()).dt.days
    found = clean.groupby("CustomerID").agg(
        r=("days", "min"), f=("InvoiceNo", "nunique"), m=("spent", "sum")
    )
    one = found.loc[12346]
    assert (len(found), int(found.f.sum()), round(found.m.sum(), 3)) == (4338, 18532, 8911407.904)
    assert (one.r, one.f, round(one.m, 2)) == (326, 1, 77183.60)
    scores = rfm.score(rfm.SHIPPED, *(found[name].to_numpy(float) for name in "rfm"))
    place = found.index.get_loc(12346)
    assert (scores.r[place], scores.f[place], scores.m[place]) == (1, 1, 5)
    # Nearest-rank quintiles by another program: numpy's inverted CDF.
    for name, mine in (("f", scores.f), ("m", scores.m)):
        cuts = np.quantile(found[name], [0.2, 0.4, 0.6, 0.8], method="inverted_cdf")
        assert (mine == 1 + np.searchsorted(cuts, found[name], side="left")).all()
