"""What a metric's page says of slices that have no number."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import translation

from metrics import charts, library, pictures
from metrics.measurements import Figure, ratio
from metrics.models import Metric
from tests.metrics.factories import today_is

DAY = dt.date(2026, 3, 2)
NEXT = DAY + dt.timedelta(days=1)
NAMES = {"stage=new": "New", "stage=old": "Old"}


def note(*found: Figure) -> str:
    metric = Metric(key="paid_rate", name="Paid rate", unit=Metric.Unit.SHARE)
    return charts.over_time(metric, found, currency="USD", names=NAMES).note


def test_a_slice_without_a_number_says_why() -> None:
    known = [ratio("paid_rate", day, 1, 2, part="stage=new") for day in (DAY, NEXT)]
    empty = ratio("paid_rate", DAY, 0, 0, part="stage=old")
    assert note(*known) == ""
    assert note(*known, empty, ratio("paid_rate", NEXT, 1, 2, part="stage=old")) == (
        "“–” in the table: there was nobody and nothing to divide by that day (Old)."
    )
    both = note(*known, empty)
    assert "nothing to divide by that day (Old); not measured that day (Old)" in both
    of_parts = Figure("paid_rate", DAY, None, slice="stage=new")
    assert "made of has no value that day, or divides by 0 (New)" in note(of_parts)
    with translation.override("zh-hans"):
        assert note(of_parts).startswith("表中的“–”：")


def test_everybody_is_not_named_as_a_slice() -> None:
    nothing = [
        Figure("paid_rate", DAY, None, 0, 0),
        Figure("paid_rate", NEXT, Decimal("0.5"), 1, 2),
    ]
    assert note(*nothing).endswith("nothing to divide by that day.")


@pytest.mark.django_db
def test_slices_that_a_part_does_not_have_are_said_to_be_none(project_row: None) -> None:
    today_is(NEXT)
    library.install()
    metric = Metric.objects.get(key="average_order")
    metric.slices = ["trait:city"]
    told = pictures.of_metric(metric, "30", "trait:city")
    assert "It is made of Revenue, Orders" in told.empty
    assert pictures.of_metric(metric, "30").empty == ""
