"""Kaplan-Meier: the remission times of Freireich, and curves that end or never begin."""

import numpy as np
import pytest

from metrics.stats.lifetime import survival

# Weeks of remission under 6-MP, Freireich et al. (1963) as in Cox and Oakes (1984), table 1.1.
ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
RUNNING = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def freireich() -> survival.Survival:
    lengths = np.array(ENDED + RUNNING)
    return survival.estimate(lengths, np.arange(len(lengths)) < len(ENDED))


def test_the_published_curve_and_greenwood_s_errors() -> None:
    found = freireich()
    assert found.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.running.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.share == pytest.approx(
        [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], abs=5e-5
    )
    assert found.error == pytest.approx(
        [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], abs=5e-5
    )
    assert found.median == 23
    assert (found.contracts, found.open) == (21, 12)


def test_the_interval_is_that_of_the_log_of_the_log() -> None:
    # R, survfit(conf.type = "log-log") of the same times.
    found = freireich()
    assert found.low == pytest.approx(
        [0.6197, 0.5631, 0.5032, 0.4316, 0.3675, 0.2678, 0.1881], abs=1e-4
    )
    assert found.high == pytest.approx(
        [0.9516, 0.9228, 0.8894, 0.8491, 0.8049, 0.7468, 0.6801], abs=1e-4
    )


def test_between_two_ends_the_curve_is_flat() -> None:
    found = freireich()
    assert found.at(0) == 1
    assert found.at(5.9) == 1
    assert found.at(6) == found.at(6.5) == pytest.approx(6 / 7)
    assert found.at(99) == pytest.approx(0.4482, abs=5e-5)


def test_the_mean_is_the_area_under_the_curve() -> None:
    found = survival.estimate(np.array([2, 4]), np.array([True, True]))
    assert found.mean(2) == 2
    assert found.mean(4) == 3
    assert found.mean(10) == 3


def test_without_open_contracts_it_is_the_plain_share() -> None:
    lengths = np.array([1, 1, 2, 5, 5, 5, 8, 9])
    found = survival.estimate(lengths, np.ones(8, bool))
    assert found.share == pytest.approx([(lengths > t).mean() for t in found.times])
    assert found.share[-1] == found.low[-1] == found.high[-1] == 0


@pytest.mark.parametrize("count", [0, 1, 5])
def test_where_nothing_ended_everybody_stays(count: int) -> None:
    found = survival.estimate(np.full(count, 30), np.zeros(count, bool))
    assert found.at(30) == 1
    assert found.median is None
    assert found.mean(30) == 30
    assert found.open == count


def test_one_that_ends_at_once_is_counted() -> None:
    found = survival.estimate(np.array([0, 10]), np.array([True, False]))
    assert found.at(0) == 0.5
