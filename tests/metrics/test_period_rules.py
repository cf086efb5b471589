"""Rules over closed periods: what opens work, once, and what late data does to it."""

import datetime as dt
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from console import work
from console.models import Staff, WorkItem
from console.states import NotAllowed
from metrics import library, period_rules, periods, watch
from metrics.measurements import Figure
from metrics.models import Breach, Metric, PeriodRule, PeriodVerdict
from tests.factories import StaffFactory, TeamFactory
from tests.metrics.factories import measured, today_is

pytestmark = pytest.mark.django_db
MONTHS = [dt.date(2017, number, 1) for number in range(1, 13)] + [dt.date(2018, 1, 1)]
MENDED = {"result": "mended"}


def ltv_cac() -> Metric:
    """The metric, whether or not it ships."""
    library.install()
    found, _ = Metric.objects.get_or_create(
        key="ltv_cac", defaults={"name": "LTV/CAC", "unit": "count"}
    )
    return found


def came_to(*values: str | None, first: int = 0) -> None:
    """A month's value each, measured on its last day."""
    ltv_cac()
    for place, value in enumerate(values, start=first):
        last = MONTHS[place + 1] - dt.timedelta(1)
        if value is not None:
            measured(Figure("ltv_cac", last, Decimal(value)))


def rule(**values: Any) -> PeriodRule:
    said = {
        "name": "Deep dive",
        "metric": ltv_cac(),
        "comparator": "below",
        "threshold": Decimal("1.5"),
        "times": 3,
        "plan": "Look deep",
    } | values
    return period_rules.save(PeriodRule(**said))


def after(month: int) -> None:
    """The night, five days into the month after."""
    today = MONTHS[month + 1] + dt.timedelta(4)
    periods.close(today=today, slices=period_rules.slices_asked_for())
    period_rules.judge_all(today=today)


@pytest.fixture(autouse=True)
def only_ours(db: None) -> None:
    today_is("2018-01-05")


def test_three_months_below_one_and_a_half_open_the_deep_dive_once() -> None:
    """Scenario f: 1.4, 1.3, 1.4."""
    owner = StaffFactory.create()
    rule(owner=owner, days_to_act=14)
    for month, value in enumerate(["1.4", "1.3", "1.4"]):
        came_to(value, first=month)
        assert not WorkItem.objects.exists()
        after(month)
    item = WorkItem.objects.get()
    assert (item.owner, item.plan, item.title) == (owner, "Look deep", "Deep dive")
    assert item.due_on == dt.date(2017, 4, 19)
    assert "2017-01: 1.4; 2017-02: 1.3; 2017-03: 1.4" in item.why
    came_to("1.2", "1.1", first=3)
    after(3)
    work.finish(item, outcome="Two channels cut.", answer=MENDED, by=owner)
    after(4)
    assert WorkItem.objects.count() == 1
    breach = Breach.objects.get()
    assert (breach.began_on, breach.last_on) == (MONTHS[0], MONTHS[4])


def test_the_night_does_it_by_itself_and_again_does_nothing() -> None:
    rule()
    came_to("1.4", "1.3", "1.4")
    for _ in range(2):
        watch.run(today=dt.date(2017, 4, 5))
    titles = sorted(WorkItem.objects.values_list("title", flat=True))
    assert titles == ["Deep dive", "LTV/CAC below 1.5 for three months"]  # ours, and what ships
    assert PeriodVerdict.objects.filter(rule__name="Deep dive").count() == 3


def test_what_ships_names_nobody_so_the_metrics_owner_or_a_manager_gets_the_work() -> None:
    manager = StaffFactory.create(role=Staff.Role.MANAGER)
    StaffFactory.create(role=Staff.Role.OPERATOR)
    rule(owner=None)
    came_to("1.4", "1.3", "1.4")
    after(2)
    assert {one.owner for one in WorkItem.objects.all()} == {manager}
    analyst = StaffFactory.create(role=Staff.Role.ANALYST)
    Metric.objects.update(owner=analyst)
    rule(owner=None, name="Another")
    rule(owner=StaffFactory.create(is_active=False), name="Of Tom")
    after(3)
    assert WorkItem.objects.get(title="Another").owner == analyst
    assert WorkItem.objects.get(title="Of Tom").owner == analyst, "who left does nothing any more"
    own_team = TeamFactory.create()
    rule(owner=None, team=own_team, name="A team's")
    after(4)
    item = WorkItem.objects.get(title="A team's")
    assert (item.owner, item.team) == (None, own_team)


def test_a_new_run_after_a_good_month_opens_another_once_the_first_is_closed() -> None:
    anna = StaffFactory.create()
    rule(owner=anna)
    came_to("1.4", "1.3", "1.4", "1.6", "1.1", "1.1", "1.1")
    after(2)
    after(6)
    assert WorkItem.objects.count() == 1
    assert Breach.objects.count() == 2
    work.finish(WorkItem.objects.get(), outcome="Done.", answer=MENDED, by=anna)
    came_to("1.7", "1.0", "1.0", "1.0", first=7)
    after(10)
    assert WorkItem.objects.count() == 2


@pytest.mark.parametrize("values", [("1.4", "1.5", "1.4"), ("1.4", None, "1.3", "1.4"), ("1.4",)])
def test_what_is_no_run_opens_nothing(values: tuple[str | None, ...]) -> None:
    rule()
    came_to(*values)
    after(len(values) - 1)
    assert not WorkItem.objects.exists()


def test_a_rule_that_is_switched_on_late_looks_at_the_last_run_alone() -> None:
    came_to("1.0", "1.0", "1.0", "2.0", "1.0", "1.0")
    rule()
    after(5)
    assert not WorkItem.objects.exists()
    assert PeriodVerdict.objects.count() == 6


def test_late_data_keeps_both_verdicts_and_the_breach_in_doubt() -> None:
    rule()
    came_to("1.4", "1.3", "1.4")
    after(2)
    came_to("1.9", first=1)
    after(2)
    said = PeriodVerdict.objects.filter(result__begins_on=MONTHS[1]).order_by("pk")
    assert [one.is_breach for one in said] == [True, False]
    breach = Breach.objects.get()
    assert breach.doubted_on is not None
    assert WorkItem.objects.get().is_unfinished
    came_to("1.2", first=1)
    after(2)
    breach.refresh_from_db()
    assert breach.doubted_on is None
    assert WorkItem.objects.count() == 1


def test_late_data_may_make_a_run_of_what_was_none() -> None:
    rule()
    came_to("1.4", "1.9", "1.4", "1.8")
    after(3)
    assert not Breach.objects.exists()
    came_to("1.3", first=1)
    after(3)
    assert Breach.objects.get().began_on == MONTHS[0]
    assert WorkItem.objects.count() == 1


def test_against_another_metric_and_its_own_past() -> None:
    library.install()
    expected = Metric.objects.create(key="expected", name="Expected", unit=ltv_cac().unit)
    against = rule(name="Under expectation", threshold=None, benchmark=expected, times=2)
    fall = rule(name="Fell", comparator="fell", threshold=Decimal("0.3"), times=1)
    came_to("2.0", "1.0")
    measured_on = [MONTHS[1] - dt.timedelta(1), MONTHS[2] - dt.timedelta(1)]
    for day in measured_on:
        measured(Figure("ltv_cac", day, Decimal("2") if day == measured_on[0] else Decimal("1")))
        expected.measurements.create(day=day, value=3, computed_at="2018-01-01T00:00Z")
    after(1)
    assert set(WorkItem.objects.values_list("title", flat=True)) == {"Under expectation", "Fell"}
    first = period_rules.standing(fall)[MONTHS[0]]
    assert first.is_breach is None
    assert period_rules.standing(against)[MONTHS[1]].verdict.threshold == 3


def test_outside_its_watch_a_rule_says_nothing() -> None:
    rule(begins_on=MONTHS[1], ends_on=MONTHS[3], times=1)
    came_to("1", "1", "1", "1", "1")
    after(4)
    judged = PeriodVerdict.objects.values_list("result__begins_on", flat=True)
    assert sorted(judged) == MONTHS[1:4]


def test_another_meaning_is_another_version_and_the_run_is_not_opened_again() -> None:
    kept = rule()
    came_to("1.4", "1.3", "1.4")
    after(2)
    kept.threshold = Decimal("1.45")
    period_rules.save(kept)
    assert kept.version == 2
    after(2)
    assert WorkItem.objects.count() == 1
    assert PeriodVerdict.objects.count() == 6
    kept.name = "Deeper dive"
    assert period_rules.save(kept).version == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "name"),
        ({"threshold": None}, "threshold"),
        ({"times": 0}, "periods in a row"),
        ({"comparator": "fell", "threshold": Decimal(0)}, "share above nothing"),
        ({"begins_on": MONTHS[3], "ends_on": MONTHS[1]}, "ends before"),
    ],
    ids=["name", "threshold", "times", "fall", "watch"],
)
def test_a_rule_that_contradicts_itself_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        rule(**wrong)
    assert not PeriodRule.objects.exists()


@pytest.mark.parametrize(
    ("comparator", "value", "before", "said"),
    [
        ("below", "1.5", None, False),
        ("above", "1.6", None, True),
        ("above", None, None, None),
        ("fell", "0.7", "1", False),
        ("fell", "-1", "1", True),
        ("fell", "1", "0", None),
        ("rose", "3", "1", True),
    ],
)
def test_comparisons(comparator: str, value: Any, before: Any, said: bool | None) -> None:
    def number(text: Any) -> Decimal | None:
        return None if text is None else Decimal(text)

    assert period_rules.is_breach(comparator, number(value), Decimal("1.5"), number(before)) is said


@pytest.mark.django_db(transaction=True)
def test_of_two_nights_at_once_one_opens_it() -> None:
    mine = rule()
    came_to("1.4", "1.3", "1.4")
    periods.close(today=dt.date(2017, 4, 5))
    start, problems = threading.Barrier(2), []

    def night() -> None:
        start.wait()
        try:
            period_rules.judge(mine.pk, today=dt.date(2017, 4, 5))
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    nights = [threading.Thread(target=night) for _ in range(2)]
    for thread in nights:
        thread.start()
    for thread in nights:
        thread.join()
    assert problems == []
    assert WorkItem.objects.count() == 1
    assert PeriodVerdict.objects.count() == 3


def test_the_fields_rules_are_added_where_their_metric_is_and_only_once() -> None:
    ltv_cac()
    assert period_rules.install() >= 2
    assert period_rules.install() == 0
    shipped = PeriodRule.objects.get(shipped_key="ltv-cac-low")
    assert (shipped.times, shipped.threshold, shipped.is_on) == (3, Decimal("1.5"), True)
    assert PeriodRule.objects.filter(shipped_key="silent-many").exists()


def test_for_half_a_year_after_a_breach_one_month_is_enough() -> None:
    anna = StaffFactory.create()
    mine = rule(owner=anna)
    came_to("1.4", "1.3", "1.4", "2", "1.2")
    after(2)
    work.finish(WorkItem.objects.get(), outcome="Two channels cut.", answer=MENDED, by=anna)
    after(4)
    again = mine.breaches.get(began_on=MONTHS[4])
    assert (again.times, again.doubted_on, again.watched_until) == (1, None, dt.date(2017, 12, 5))
    assert [one.pk for one in period_rules.watched(today=dt.date(2017, 12, 5))] == [again.pk]
    assert period_rules.watched(today=dt.date(2017, 12, 6)) == []
    after(4)
    assert WorkItem.objects.count() == 2
    came_to("2", "2", "2", "2", "2", "2", "1.2", first=5)
    after(11)
    assert WorkItem.objects.count() == 2, "the half year is over"
