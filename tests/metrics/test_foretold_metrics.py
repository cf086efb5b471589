"""What is foretold of customers, as metrics beside what they have brought."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from metrics import lifetime_value, measure
from metrics.models import LifetimeModel, LifetimeRecipe, Measurement, Metric
from metrics.stats.lifetime import report
from metrics.stats.lifetime.ledger import Cohorts
from tests.metrics.factories import customers, today_is
from tests.segments.factories import happened, incoming

TODAY = dt.date(2017, 5, 1)
LAST = TODAY - dt.timedelta(days=1)


def values(key: str) -> dict[tuple[dt.date, str], Decimal | None]:
    found = Measurement.objects.filter(metric__key=key, value__isnull=False)
    return {(one.day, one.slice): one.value for one in found}


def fitted(day: dt.date, **ahead: int) -> LifetimeModel:
    recipe, _is_new = LifetimeRecipe.objects.get_or_create(version=1)
    return LifetimeModel.objects.create(
        recipe=recipe,
        day=day,
        currency="CNY",
        paid_version=1,
        report={"ahead": {name.replace("_", "="): amount for name, amount in ahead.items()}},
    )


@pytest.mark.django_db
def test_lifetime_value_with_what_is_foretold_stands_beside_what_was_realised() -> None:
    today_is(TODAY)
    a, b = (one.pk for one in customers(2))
    happened(
        incoming(a, LAST - dt.timedelta(3), amount=1_000, properties={"utm_source": "ads"}),
        incoming(b, LAST - dt.timedelta(2), amount=300),
    )
    measure.run()
    missing = Metric.objects.get(key="ltv_predicted")
    assert missing.failure
    assert values("ltv_predicted") == {}
    fitted(LAST, **{"": 500, "channel_ads": 400})
    fitted(LAST, **{"": 700, "channel_ads": 600})  # the last run of a day counts
    measure.run(since=LAST, only=[lifetime_value.AHEAD])
    assert Metric.objects.get(key="ltv_predicted").failure == ""
    assert values("ltv")[LAST, ""] == 650
    assert values("ltv_predicted")[LAST, ""] == (1_300 + 700) / 2
    assert values("ltv_predicted")[LAST, "channel=ads"] == 1_000 + 600
    # Days on which nothing was foretold are not made up.
    assert {day for day, _part in values("ltv_predicted")} == {LAST}


@pytest.mark.django_db
def test_a_refused_run_foretells_nothing() -> None:
    today_is(TODAY)
    happened(incoming(customers(1)[0].pk, LAST, amount=1_000))
    LifetimeModel.objects.filter(pk=fitted(LAST).pk).update(refusal="few", report={})
    measure.run()
    assert values("value_ahead") == {}


def test_what_is_foretold_is_told_by_part_and_month_of_first_order() -> None:
    cohorts = Cohorts(5, 100, 102, np.array([0, 1, 0, 1, 0]), ("ads", ""))
    whole = np.array([0, 1, 3])
    cohorts.add(100, whole[:2], np.ones(2, bool), np.array([10, 20]))
    cohorts.add(102, whole[2:], np.ones(1, bool), np.array([30]))
    amounts = np.array([5.0, 7.0, np.nan, 11.4, np.nan])
    assert report.ahead_of(cohorts, amounts, 3) == [[5, 0, 0], [7, 0, 11]]
    assert report.ahead_of(cohorts, amounts, 1) == [[0], [11]]
