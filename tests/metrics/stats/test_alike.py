"""Users against non-users alike: what likeness takes away, and what stays unknown."""

import random

import pytest

from metrics.stats import alike, slopes
from metrics.stats.alike import Cell
from metrics.stats.samples import Proportion


def cell(did: tuple[int, int], others: tuple[int, int]) -> Cell:
    return Cell(Proportion(*did), Proportion(*others))


def test_cells_are_weighed_by_those_who_did_it() -> None:
    """By hand: 3/4 (60 % − 50 %) + 1/4 (20 % − 30 %); the cell with one side alone is left out."""
    cells = [cell((30, 18), (50, 25)), cell((10, 2), (10, 3)), cell((10, 10), (0, 0))]
    found = alike.contrast(cells)
    assert (found.did, found.alike) == (50, 40)
    assert found.came == pytest.approx(20 / 40)
    assert found.others == pytest.approx(0.75 * 0.5 + 0.25 * 0.3)
    assert found.effect == pytest.approx(0.05)
    assert found.plain == pytest.approx(28 / 60)


def test_several_weeks_of_the_same_people_are_no_surer_than_one() -> None:
    week = alike.contrast([cell((300, 180), (500, 250))])
    one, four = alike.together([week]), alike.together([week] * 4)
    assert one.interval == four.interval
    assert (one.effect, one.did, four.did) == (four.effect, 300, 300)
    assert four.kept == pytest.approx(300 * 0.1)


def test_who_is_active_anyway_uses_everything_and_likeness_takes_that_away() -> None:
    """The use depends on how active somebody is, and so does coming again: nothing else."""
    chance, hits, runs = random.Random(3), 0, 200
    for _run in range(runs):
        cells = []
        for active in (0.1, 0.3, 0.6, 0.9):
            users = sum(chance.random() < active for _n in range(300))
            came = [sum(chance.random() < active for _n in range(n)) for n in (users, 300 - users)]
            cells.append(cell((users, came[0]), (300 - users, came[1])))
        found = alike.together([alike.contrast(cells)])
        assert found.came is not None
        assert found.plain is not None
        assert found.came - found.plain > 0.15  # what a plain comparison would praise
        assert found.interval is not None
        hits += 0 in found.interval
    assert hits / runs > 0.9


def test_what_the_unseen_would_have_to_do() -> None:
    assert alike.e_value(2.0) == pytest.approx(2 + 2**0.5)  # VanderWeele and Ding, 2017
    assert alike.e_value(0.9) == 1.0
    sure = alike.together([alike.contrast([cell((1000, 800), (1000, 400))])])
    assert sure.unseen is not None
    assert 3.0 < sure.unseen < alike.e_value(2.0)
    unsure = alike.together([alike.contrast([cell((10, 6), (10, 5))])])
    assert unsure.unseen == 1.0


def test_nobody_is_nobody() -> None:
    assert alike.together([]).effect is None
    lonely = alike.together([alike.contrast([cell((5, 5), (0, 0))])])
    assert (lonely.effect, lonely.alike, lonely.kept, lonely.unseen) == (None, 0.0, None, None)


def test_the_slope_of_a_share_is_that_of_least_squares() -> None:
    """Against the closed form over single yes and no."""
    rows = [(0.0, 40, 8), (5.0, 60, 24), (10.0, 100, 65)]
    each = [(x, int(n < did)) for x, many, did in rows for n in range(many)]
    mx = sum(x for x, _y in each) / len(each)
    my = sum(y for _x, y in each) / len(each)
    sxx = sum((x - mx) ** 2 for x, _y in each)
    value = sum((x - mx) * (y - my) for x, y in each) / sxx
    meat = sum(((x - mx) * (y - my - value * (x - mx))) ** 2 for x, y in each)
    found = slopes.slope(rows)
    assert found is not None
    assert found.value == pytest.approx(value)
    half = 1.97202 * (meat * 200 / 198) ** 0.5 / sxx  # t(0.975, 198)
    assert found.interval.high - found.value == pytest.approx(half, rel=1e-4)
    assert slopes.slope([(3.0, 50, 20)]) is None
