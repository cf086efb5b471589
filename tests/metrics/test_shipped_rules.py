"""The period rules that ship: each breaks once on its own metric, and the work is somebody's."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import translation

from console import kept_words
from console.models import Staff, WorkItem
from metrics import health, library, period_rules, period_words, watch
from metrics.measurements import Figure
from metrics.models import Metric, PeriodRule, PeriodVerdict
from metrics.shipped_rules import SHIPPED
from tests.factories import StaffFactory
from tests.metrics.factories import measured, today_is

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
ENDS = [dt.date(2017, 1, 31), dt.date(2017, 2, 28), dt.date(2017, 3, 31)]
NIGHT = dt.date(2017, 4, 5)
# What each rule's metric came to in the months; a rule that is off is switched on first.
BREAKING = {
    "ltv-cac-low": ("1.4", "1.3", "1.4"),
    "roi-low": ("1.2", "0.9", "0.8"),
    "nps-low": ("30", "25", "19"),
    "d1-fell": ("0.40", "0.40", "0.28"),
    "silent-many": ("0.5", "0.6", "0.61"),
    "cac-over-cap": ("2400", "2500", "2501"),
    "share-rate-low": ("0.05", "0.04", "0.03"),
}
HOLDING = {
    "ltv-cac-low": ("1.4", "1.5", "1.4"),
    "roi-low": ("0.9", "1", "0.8"),
    "nps-low": ("19", "25", "20"),
    "d1-fell": ("0.40", "0.40", "0.29"),
    "silent-many": ("0.61", "0.5", "0.6"),
    "cac-over-cap": ("2501", "2400", "2500"),
    "share-rate-low": ("0.03", "0.05", "0.04"),
}


@pytest.fixture
def manager(db: None) -> Staff:
    today_is(NIGHT)
    library.install()
    period_rules.install()
    PeriodRule.objects.update(is_on=True)
    found: Staff = StaffFactory.create(role=Staff.Role.MANAGER)
    enter("0.04", dt.date(2017, 1, 1), found)
    return found


def enter(value: str, day: dt.date, by: Staff) -> None:
    metric = Metric.objects.get(key="share_rate")
    health.set_benchmark(metric=metric, value=Decimal(value), source="Industry", day=day, by=by)


def of(rule: PeriodRule) -> list[WorkItem]:
    """All the work that the rule gave."""
    return list(WorkItem.objects.filter(once__startswith=f"{period_rules.KIND}:{rule.pk}:"))


def came_to(key: str, values: tuple[str, ...]) -> PeriodRule:
    """The rule, whose metric came to so much by month."""
    rule = PeriodRule.objects.select_related("metric").get(shipped_key=key)
    for last, text in zip(ENDS, values, strict=True):
        value = Decimal(text)
        measured(Figure(rule.metric.key, last, value, int(value * 10_000), 10_000))
    return rule


@pytest.mark.parametrize("key", [one.key for one in SHIPPED])
def test_each_rule_that_ships_gives_its_work_once_with_an_owner_and_a_deadline(
    manager: Staff, key: str
) -> None:
    rule = came_to(key, BREAKING[key])
    for night in (NIGHT, NIGHT, NIGHT + DAY):
        watch.run(today=night)
        (item,) = of(rule)
        assert (item.owner, item.due_on) == (manager, NIGHT + rule.days_to_act * DAY)
        assert kept_words.said(item.plan) == rule.plan_words != ""
        assert kept_words.said(item.title) == rule.label
        assert rule.breaches.count() == 1


@pytest.mark.parametrize("key", [one.key for one in SHIPPED])
def test_at_its_limit_a_rule_that_ships_gives_nothing(manager: Staff, key: str) -> None:
    rule = came_to(key, HOLDING[key])
    watch.run(today=NIGHT)
    assert PeriodVerdict.objects.filter(rule=rule).count() == len(ENDS)
    assert not of(rule)


def test_a_rule_against_the_industry_waits_for_its_benchmark_and_follows_the_newest() -> None:
    today_is(NIGHT)
    library.install()
    period_rules.install()
    rule = came_to("share-rate-low", ("0.05", "0.04", "0.03"))
    assert rule.is_on
    watch.run(today=NIGHT)
    assert not rule.verdicts.exists()
    by = StaffFactory.create(role=Staff.Role.MANAGER)
    enter("0.045", dt.date(2017, 2, 28), by)  # January has none of its own, and takes this one
    enter("0.02", dt.date(2017, 3, 31), by)
    watch.run(today=NIGHT)
    judged = period_rules.standing(rule).values()
    assert [(one.verdict.threshold, one.is_breach) for one in judged] == [
        (Decimal("0.045"), False),
        (Decimal("0.045"), True),
        (Decimal("0.02"), False),
    ]
    enter("0.035", dt.date(2017, 3, 31), by)  # put right: both verdicts stay
    watch.run(today=NIGHT + DAY)
    assert [one.is_breach for one in period_rules.standing(rule).values()] == [False, True, True]
    assert rule.verdicts.count() == 4
    (item,) = of(rule)
    assert "Share rate is below the benchmark entered for it" in item.why
    assert "2017-03: 3.0% (benchmark 3.5%)" in item.why
    with translation.override("zh-hans"):
        assert "录入的基准值" in period_words.sentence(rule, "USD")
