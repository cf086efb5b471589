"""What a chart draws is what the table under it says."""

import datetime as dt

import pytest

from console import charts

DAYS = [dt.date(2026, 1, day) for day in range(1, 6)]
SHARE = charts.unit("share")


@pytest.mark.parametrize(
    ("values", "is_seen"),
    [
        ([None, 0.5, None, None, None], True),  # a line needs two days, so this one is a dot
        ([None, 0.5, 0.6, None, 1.0], True),
        ([0.1, None, 0.2, 0.3, 0.4], True),
        ([0.1, 0.2, None, 0.3, 0.4], False),
        ([None] * 5, False),
    ],
)
def test_a_day_between_gaps_is_drawn_too(values: list[float | None], is_seen: bool) -> None:
    days = charts.lines(DAYS, {"D1": values}, unit=SHARE)
    assert days["series"][0]["showSymbol"] is is_seen
    ages = charts.curves([str(n) for n in range(50)], {"": [*values, *[None] * 45]}, unit=SHARE)
    assert ages["series"][0]["showSymbol"] is is_seen


def test_the_axis_of_shares_ends_at_all_and_goes_up_in_even_steps() -> None:
    axis = charts.lines(DAYS, {"a": [None] * 5, "b": [0, 0.5, 1, None, 0]}, unit=SHARE)["yAxis"]
    assert axis == {"type": "value", "max": 1, "interval": 0.25}
    few = charts.lines(DAYS, {"a": [0, 0.05, 0.1, None, 0]}, unit=SHARE)["yAxis"]
    assert "max" not in few
    more = charts.lines(DAYS, {"a": [0, 2.5, 0.1, None, 0]}, unit=SHARE)["yAxis"]
    assert "max" not in more  # such as a return on what was spent
    assert charts.grouped(["1"], {"": [1]}, unit=SHARE, most=1)["yAxis"]["interval"] == 0.25


def test_the_label_of_a_bar_that_hangs_is_below_it() -> None:
    hanging = {"value": -2, "label": {"position": "bottom"}}
    values = {"Brought": [3, -2, None]}
    assert charts.grouped(["a"] * 3, values, unit=SHARE)["series"][0]["data"] == [3, hanging, None]
    lying = charts.grouped(["a"] * 3, values, unit=SHARE, lying=True)
    assert lying["series"][0]["data"] == [3, -2, None]
