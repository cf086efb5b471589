"""Two people, or two nights, at the same moment: one of them does it, the other is told."""

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.cache import caches
from django.db import connection

from console import work
from console.models import Staff, WorkItem
from console.states import NotAllowed, Stale
from metrics import health, library, own, periods
from metrics.measurements import count
from metrics.models import Indicator, Metric, PeriodResult, SpendImport
from segments.rules.nodes import RuleError
from tests.factories import StaffFactory
from tests.metrics.factories import measured, today_is

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.date(2017, 12, 1)


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """Do them at the same moment, each on a connection of its own; how each ended."""
    ready, ended = threading.Barrier(len(deeds)), dict.fromkeys(range(len(deeds)), "")

    def do(place: int) -> None:
        try:
            ready.wait(timeout=60)
            deeds[place]()
            ended[place] = "done"
        except (NotAllowed, Stale, RuleError) as refused:
            ended[place] = type(refused).__name__
        except Exception as problem:
            ended[place] = repr(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[place]) for place in ended]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=30)
    return sorted(ended.values())


@pytest.fixture
def people() -> tuple[Staff, Staff]:
    today_is("2018-01-01")
    return StaffFactory.create_with_role("admin"), StaffFactory.create_with_role("manager")


def test_two_who_lean_on_each_others_metric_make_no_circle(people: tuple[Staff, Staff]) -> None:
    one, _other = people
    library.install()
    derived = [{"kind": "derived", "formula": f"dau + {n}"} for n in (1, 2)]
    a = own.add(name="a", recipe=derived[0], by=one, group="value")
    b = own.add(name="b", recipe=derived[1], by=one, group="value")

    def lean(row: Metric, on: Metric, by: Staff) -> Callable[[], object]:
        recipe = {"kind": "derived", "formula": f"{on.key} * 2"}
        return lambda: own.edit(row, by=by, seen_version=1, note="x", recipe=recipe)

    assert at_once(lean(a, b, one), lean(b, a, one)) == ["RuleError", "done"]


def test_the_library_is_installed_once(people: tuple[Staff, Staff]) -> None:
    Metric.objects.all().delete()
    assert at_once(library.install, library.install, library.install) == ["done"] * 3
    assert Metric.objects.count() == len(library.SHIPPED)


def test_two_scorecards_at_once_leave_twelve(people: tuple[Staff, Staff]) -> None:
    library.install()
    assert at_once(health.install, health.install) == ["done", "done"]
    metrics = list(Metric.objects.order_by("pk"))
    sets = [
        [{"metric": one, "weight": 1, "good": Decimal(1), "bad": Decimal(0)} for one in some]
        for some in (metrics[:12], metrics[6:18])
    ]
    ended = at_once(*(lambda rows=rows: health.change(rows, by=people[0]) for rows in sets))
    assert ended == ["done", "done"]
    assert Indicator.objects.count() == 12


def test_two_closings_of_a_month_add_each_row_once(people: tuple[Staff, Staff]) -> None:
    measured(*(count("orders", DAY + dt.timedelta(n), 5) for n in range(31)))
    today = dt.date(2018, 1, 6)
    assert at_once(*[lambda: periods.close(today=today)] * 2) == ["done", "done"]
    found = PeriodResult.objects.filter(grain="month", metric__key="orders")
    assert [(one.revision, one.value) for one in found] == [(1, Decimal(155))]


def test_what_is_handed_over_is_not_begun_by_who_read_it_before(
    people: tuple[Staff, Staff],
) -> None:
    one, other = people
    item = work.give("x", "Look", on=DAY)
    assert item
    late = WorkItem.objects.get(pk=item.pk)
    work.hand_over(item, to=other, by=one)
    with pytest.raises(Stale):
        work.start(late, by=one)
    assert WorkItem.objects.get(pk=item.pk).owner == other


def test_two_accept_a_work_item_and_one_has_it(people: tuple[Staff, Staff]) -> None:
    given = work.give("x", "Look", on=DAY)
    assert given
    items = [WorkItem.objects.get(pk=given.pk) for _ in people]
    pairs = list(zip(items, people, strict=True))
    deeds = [lambda item=item, who=who: work.start(item, by=who) for item, who in pairs]
    assert at_once(*deeds) == ["Stale", "done"]


def test_a_file_is_booked_once_by_two_clicks(
    people: tuple[Staff, Staff], signed_in: Callable[..., object]
) -> None:
    clients = [signed_in(people[0]) for _ in range(2)]
    raw = b"day,amount\n2017-12-01,5\n"
    caches["shared"].set(f"spend-file:{people[0].pk}:t", (raw, "a.csv"), 60)
    address = "/admin/metrics/spend/book/"
    ended = at_once(*(lambda c=c: c.post(address, {"token": "t"}) for c in clients))
    assert ended == ["done", "done"]
    assert SpendImport.objects.count() == 1
