"""Daily numbers: against a naive oracle, over gaps, twice, and after late events."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from metrics import library, measure, measurements
from metrics.history import History
from metrics.measurements import Figure
from metrics.models import MeasuredDay, Measurement, Metric, MetricVersion
from metrics.recipes import reading
from metrics.reckoning import Reckoning
from metrics.sources import Sources
from segments.models import EventType, Stage, StageFlow, StageSet
from segments.recipes.nodes import Events
from tests.metrics.factories import customers, today_is
from tests.segments.factories import happened, incoming

DAY_1 = dt.date(2017, 3, 1)
WORLDS = st.lists(st.sets(st.integers(0, 7)), min_size=1, max_size=45)


def day(number: int) -> dt.date:
    """The first day is number 1."""
    return DAY_1 + dt.timedelta(days=number - 1)


def past(world: list[set[int]]) -> History:
    return History([day(n + 1) for n in range(len(world))], [BitMap(one) for one in world])


def value(key: str, on: dt.date, part: str = "") -> Decimal | None:
    return Measurement.objects.get(metric__key=key, day=on, slice=part).value


# --- arithmetic ---------------------------------------------------------------


class Told(Sources):
    """A history that is told, without lake and database."""

    def __init__(self, world: list[set[int]]) -> None:
        self.past, self._coded = past(world), {}

    def names(self, of: Events) -> tuple[str, ...]:
        return (of.word,)


RECIPES = {
    one.key: reading.read(one.recipe)
    for one in library.SHIPPED
    if one.key in {"dau", "wau", "mau", "stickiness", "new_customers"}
}


def of_activity(world: list[set[int]], since: dt.date = DAY_1) -> set[Figure]:
    return {*Reckoning(RECIPES, Told(world), since, day(len(world))).figures()}


@given(world=WORLDS)
def test_activity_equals_counting_by_hand(world: list[set[int]]) -> None:
    found = {(f.key, f.day): f for f in of_activity(world)}
    for number, active in enumerate(world):
        on = day(number + 1)
        month = set().union(*world[max(0, number - 29) : number + 1])
        week = set().union(*world[max(0, number - 6) : number + 1])
        assert found["dau", on].value == len(active)
        assert found["wau", on].value == len(week)
        assert found["mau", on].value == len(month)
        assert found["new_customers", on].value == len(active - set().union(*world[:number]))
        sticky = found["stickiness", on]
        assert (sticky.numerator, sticky.denominator) == (len(active), len(month))
        assert (sticky.value is None) == (not month)


@given(world=WORLDS)
def test_retention_equals_counting_by_hand_and_waits_for_its_day(world: list[set[int]]) -> None:
    found = {(f.key, f.day): f for f in measure.return_figures(past(world), DAY_1)}
    for key, after in measure.RETURNS.items():
        for number, active in enumerate(world):
            figure = found.pop((key, day(number + 1)), None)
            if number + after >= len(world):
                assert figure is None, "the day has not passed yet"
                continue
            new = active - set().union(*world[:number])
            assert figure is not None
            assert figure.numerator == len(new & world[number + after])
            assert figure.denominator == len(new)
    assert found == {}


@given(world=WORLDS, since=st.integers(1, 45))
def test_measuring_from_a_day_gives_the_same_as_measuring_all(
    world: list[set[int]], since: int
) -> None:
    def everything(start: dt.date) -> set[Figure]:
        found = of_activity(world, start)
        found |= {*measure.return_figures(past(world), start)}
        return found | {*measure.existing_figures(past(world), start)}

    start = day(min(since, len(world)))
    some, whole = everything(start), everything(DAY_1)
    assert some <= whole
    assert {figure for figure in whole if figure.day >= start} <= some


# --- with the lake and the database --------------------------------------------


@pytest.fixture
def small_world(db: None) -> list[int]:
    """Days 1 to 4 of which day 3 is empty; `viewed` does not count as being active."""
    today_is(day(5))
    a, b, c = (customer.pk for customer in customers(3))
    EventType.objects.create(name="viewed", counts_as_active=False)
    happened(
        incoming(a, day(1), amount=1_000),
        incoming(a, day(1), amount=501),
        incoming(b, day(1), amount=250),
        incoming(a, day(2), amount=-200),
        incoming(c, day(2), name="viewed"),
        incoming(b, day(4), amount=99),
        incoming(c, day(4), name="came_by"),
        incoming(c, day(5), amount=7_777),
    )
    return [a, b, c]


def test_each_closed_day_is_measured(small_world: list[int]) -> None:
    measure.run()
    by_day = {
        key: [value(key, day(n)) for n in (1, 2, 3, 4)]
        for key in ("dau", "mau", "new_customers", "orders", "revenue", "buyers")
    }
    assert by_day == {
        "dau": [2, 1, 0, 2],
        "mau": [2, 2, 2, 3],
        "new_customers": [2, 0, 0, 1],
        "orders": [3, 1, 0, 1],
        "revenue": [1_751, -200, 0, 99],
        "buyers": [2, 1, 0, 1],
    }
    assert value("arppu", day(1)) == Decimal("875.5")
    assert value("average_order", day(1)) == Decimal("583.666667")
    assert value("average_order", day(3)) is None
    assert value("stickiness", day(2)) == Decimal("0.5")
    assert value("retention_d1", day(1)) == Decimal("0.5")


def test_today_is_not_measured_because_it_is_not_over(small_world: list[int]) -> None:
    measure.run(until=day(30))
    assert not Measurement.objects.filter(day__gte=day(5)).exists()


def test_the_largest_amounts_are_measured(small_world: list[int]) -> None:
    happened(*(incoming(small_world[0], day(2), amount=10**15, key=one) for one in "xyz"))
    measure.run()
    assert value("revenue", day(2)) == 3 * 10**15 - 200


def test_measuring_twice_changes_nothing(small_world: list[int]) -> None:
    fields = ("metric__key", "day", "slice", "value", "numerator", "denominator")
    measure.run()
    first = list(Measurement.objects.values_list(*fields))
    measure.run()
    assert list(Measurement.objects.values_list(*fields)) == first


def test_a_late_event_changes_the_days_that_it_touches(small_world: list[int]) -> None:
    measure.run()
    c = small_world[2]
    happened(incoming(c, day(3), amount=40))
    measure.run(since=day(3))
    assert [value("dau", day(n)) for n in (2, 3, 4)] == [1, 1, 2]
    assert [value("mau", day(n)) for n in (2, 3, 4)] == [2, 3, 3]
    assert [value("new_customers", day(n)) for n in (2, 3, 4)] == [0, 1, 0]
    assert value("revenue", day(3)) == 40
    assert value("retention_d1", day(3)) == 1


def test_late_events_measured_from_their_day_equal_measuring_everything(
    small_world: list[int],
) -> None:
    fields = ("metric__key", "day", "slice", "value", "numerator", "denominator")
    measure.run()
    happened(incoming(small_world[0], day(2), key="late"), incoming(small_world[2], day(2)))
    measure.run(since=day(2))
    incremental = set(Measurement.objects.values_list(*fields))
    Measurement.objects.all().delete()
    measure.run()
    assert set(Measurement.objects.values_list(*fields)) == incremental


def test_a_business_without_events_has_no_numbers_and_no_error(db: None) -> None:
    assert measure.run() == 0
    assert measurements.freshness(until=dt.date(2030, 1, 1)) is None


def test_only_what_changed_is_measured_again(small_world: list[int]) -> None:
    assert measure.run_due() > 0
    assert measure.run_due() == 0
    before = dict(Measurement.objects.values_list("pk", "computed_at"))
    happened(incoming(small_world[0], day(4), key="late"))
    assert measure.run_due() > 0
    assert value("orders", day(4)) == 2
    untouched = Measurement.objects.filter(metric__key="orders", day__lt=day(4))
    assert all(before[one.pk] == one.computed_at for one in untouched)
    assert MeasuredDay.objects.count() == 4


def test_a_metric_whose_events_never_happened_says_so_and_has_no_zeros(
    small_world: list[int],
) -> None:
    measure.run()
    nps = Metric.objects.get(key="nps")
    assert "survey_answered" in nps.failure
    assert not nps.measurements.exists()
    assert Metric.objects.get(key="dau").failure == ""


def test_progress_reaches_its_end(small_world: list[int]) -> None:
    seen: list[tuple[int, int]] = []
    measure.run(progress=lambda done, total, note="": seen.append((done, total)))
    assert seen[-1] == (4, 4)


def test_the_customers_of_each_stage_are_counted_through_their_moves(db: None) -> None:
    today_is(day(5))
    stages = StageSet.objects.create(key="s", is_default=True, data_as_of=day(5))
    new, gone = (
        Stage.objects.create(stage_set=stages, key=key, position=position)
        for position, key in enumerate(("new", "gone"))
    )
    a, b, c = customers(3)
    for customer, origin, goal, on in (
        (a, None, new, day(1)),
        (b, None, new, day(1)),
        (a, new, gone, day(3)),
        (c, None, new, day(3)),
        (a, gone, new, day(4)),
    ):
        flow, is_new = StageFlow.objects.get_or_create(
            stage_set=stages, from_stage=origin, to_stage=goal, on=on,
            defaults={"members": BitMap([customer.pk]), "size": 1},
        )  # fmt: skip
        if not is_new:
            flow.members, flow.size = flow.members | BitMap([customer.pk]), flow.size + 1
            flow.save()
    measure.run()
    found = measurements.read(["stage_customers"])["stage_customers"]
    assert [(f.day, f.slice, int(f.value or 0)) for f in found] == [
        (day(1), "gone", 0),
        (day(1), "new", 2),
        (day(3), "gone", 1),
        (day(3), "new", 2),
        (day(4), "gone", 0),
        (day(4), "new", 3),
        (day(5), "gone", 0),
        (day(5), "new", 3),
    ]


# --- the library ---------------------------------------------------------------


def test_the_shipped_metrics_are_installed_once_and_renewed_by_version(db: None) -> None:
    assert library.install() == len(library.SHIPPED)
    assert library.install() == 0
    Metric.objects.filter(key="dau").update(shipped_version=0, definition="old")
    assert library.install() == 1
    dau = Metric.objects.get(key="dau")
    assert (dau.definition != "old", dau.version) == (True, 2)
    assert list(dau.versions.values_list("version", flat=True)) == [2, 1]


def test_what_people_changed_keeps_what_it_says(db: None) -> None:
    library.install()
    Metric.objects.filter(key="dau").update(shipped_version=0, definition="ours", is_tailored=True)
    library.install()
    dau = Metric.objects.get(key="dau")
    assert (dau.definition, dau.version) == ("ours", 1)
    assert MetricVersion.objects.filter(metric=dau).count() == 1


def test_every_shipped_metric_says_what_it_is() -> None:
    keys = [definition.key for definition in library.SHIPPED]
    assert len(keys) == len(set(keys))
    assert all(definition.definition.endswith(".") for definition in library.SHIPPED)


def test_who_was_woken_and_whether_they_stay(db: None) -> None:
    today_is(day(60))
    a, b, c = (customer.pk for customer in customers(3))
    happened(
        *(incoming(a, day(n)) for n in (1, 40, 44)),  # away for 38 days, then there again
        *(incoming(b, day(n)) for n in (10, 41)),  # 30 whole days in between
        *(incoming(c, day(n)) for n in (12, 42)),  # 29 of them
    )
    measure.run()
    assert [value("woken", day(n)) for n in (1, 40, 41, 42)] == [0, 1, 1, 0]
    assert [value("woken_stay", day(n)) for n in (39, 40, 41)] == [None, 1, 0]
    assert not Measurement.objects.filter(metric__key="woken_stay", day__gt=day(52)).exists()
    frequency = Measurement.objects.get(metric__key="purchase_frequency", day=day(44))
    assert (frequency.numerator, frequency.denominator) == (4, 3)
