"""Trials of foretelling: AUC, calibration and weeks against plain counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.stats.lifetime import histories, purchasing, trial
from tests.metrics.stats.lifetime import cdnow

PAIRS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.5001, 1.0]), st.booleans()), min_size=1
)


@given(pairs=PAIRS)
def test_auc_is_the_share_of_pairs_told_apart(pairs: list[tuple[float, bool]]) -> None:
    said, came = np.array([one for one, _ in pairs]), np.array([one for _, one in pairs])
    wins = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for high, yes in pairs
        for low, no in pairs
        if yes and not no
    ]
    plain = float(np.mean(wins)) if wins else None
    assert trial.auc(said, came) == (plain if plain is None else pytest.approx(plain))


@given(pairs=PAIRS)
def test_groups_hold_everybody_once_and_never_part_equals(
    pairs: list[tuple[float, bool]],
) -> None:
    said, came = np.array([one for one, _ in pairs]), np.array([float(one) for _, one in pairs])
    groups = trial.by_rank(said, came)
    assert sum(one.customers for one in groups) == len(pairs)
    assert sum(one.came * one.customers for one in groups) == pytest.approx(came.sum())
    whole = [one.said for one in groups]
    assert whole == sorted(whole)


def test_nobody_has_no_verdict_and_all_alike_no_auc() -> None:
    assert trial.verdict(np.empty(0), np.empty(0, bool)) is None
    found = trial.verdict(np.array([0.2, 0.4]), np.array([True, True]))
    assert found is not None
    assert found.auc is None
    assert found.brier == pytest.approx((0.64 + 0.36) / 2)
    assert found.plain == 0


def test_customers_are_grouped_by_their_orders() -> None:
    x = np.array([0, 0, 1, 9, 30])
    found = trial.by_times(x, np.array([0.1, 0.3, 1, 4, 6]), np.array([0, 1, 1, 5, 5]))
    assert len(found) == 8
    assert (found[0].customers, found[0].came) == (2, 0.5)
    assert found[0].said == pytest.approx(0.2)
    assert (found[7].customers, found[7].said, found[7].came) == (2, 5, 5)
    assert found[3] == trial.Group(0, 0.0, 0.0)


def test_weeks_add_up_what_each_first_day_brings() -> None:
    known = histories.made(np.array([1, 0, 0]), np.array([5, 0, 0]), np.array([20, 13, 20]))
    model = purchasing.Purchasing(0.4, 3.0, 0.8, 2.0)
    came = np.zeros(21)
    came[5] = 1
    said = [
        sum(float(purchasing.since_first(model, np.array([end - born]))[0]) for born in borns)
        for end, borns in [(6, [0, 0]), (13, [0, 0, 7]), (20, [0, 0, 7])]
    ]
    found = trial.weekly(model, known, came)
    assert [one for one, _ in found] == pytest.approx(said)
    assert [one for _, one in found] == [1, 1, 1]


def test_the_paper_s_weeks_are_foretold_as_well_as_it_shows() -> None:
    # Figure 2: at the end of the calibration the model is a few percent from the truth.
    known = cdnow.sample().histories
    model = purchasing.fit(known).found
    came = np.zeros(int(known.T.max()) + 1)
    came[-1] = known.x.sum()
    said, truth = trial.weekly(model, known, came)[-1]
    assert said == pytest.approx(truth or known.x.sum(), rel=0.05)
