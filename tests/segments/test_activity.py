"""Day sets: equal to counting by hand, the same when built twice, and never stale."""

import datetime as dt
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pyroaring import BitMap

from segments import activity, ingest
from segments.lake import schema, store
from segments.models import DaySet, DirtyDay, EventType
from tests.segments import factories
from tests.segments.factories import CustomerFactory, incoming

FIRST = dt.date(2017, 1, 1)
D1, D2, D3 = dt.date(2017, 3, 1), dt.date(2017, 3, 2), dt.date(2017, 3, 3)


def sets() -> set[tuple[str, dt.date, int, bytes, int]]:
    return {
        (one.event_type.name, one.day, one.level, bytes(one.members.serialize()), one.size)
        for one in DaySet.objects.select_related("event_type")
    }


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(5))
def test_members_are_those_that_counting_by_hand_finds(seed: int) -> None:
    chance = random.Random(seed)
    done = [
        (chance.randint(1, 12), FIRST + dt.timedelta(days=chance.randint(0, 40)), name)
        for name in ("order_paid", "page_viewed")
        for _time in range(120)
    ]
    rows = [factories.row(customer, day, event=name) for customer, day, name in done]
    store.append(factories.lake_path(), schema.table(rows), app_id="test", version=1)
    assert activity.rebuild() == len({day for _customer, day, _name in done})
    for since, until in [(0, 40), (3, 3), (5, 17), (50, 60)]:
        start, end = FIRST + dt.timedelta(days=since), FIRST + dt.timedelta(days=until)
        counts = Counter(
            customer for customer, day, name in done if name == "order_paid" and start <= day <= end
        )
        for times in (1, 2, 3):
            found = activity.members("order_paid", start, end, times)
            assert found == BitMap(c for c, count in counts.items() if count >= times)


@pytest.mark.django_db
def test_three_times_over_days_and_within_one_day_add_up() -> None:
    factories.happened(
        *(factories.incoming(1, D1) for _time in range(3)),
        *(factories.incoming(2, D1) for _time in range(2)),
        factories.incoming(2, D3),
        *(factories.incoming(3, day) for day in (D1, D2, D3)),
        *(factories.incoming(4, D2) for _time in range(2)),
    )
    assert activity.members("order_paid", D1, D3, 3) == BitMap([1, 2, 3])
    assert activity.members("order_paid", D1, D3, 2) == BitMap([1, 2, 3, 4])
    assert activity.members("order_paid", D2, D3, 3) == BitMap()
    assert activity.members("never_heard_of", D1, D3) == BitMap()


@pytest.mark.django_db
@pytest.mark.parametrize("times", [0, 4])
def test_more_often_than_the_sets_know_is_refused(times: int) -> None:
    with pytest.raises(ValueError, match="1 to 3"):
        activity.members("order_paid", D1, D2, times)


@pytest.mark.django_db
def test_building_twice_changes_nothing() -> None:
    factories.happened(factories.incoming(1, D1), factories.incoming(2, D2))
    before = sets()
    activity.rebuild()
    activity.rebuild([D1])
    assert sets() == before
    assert len(before) == 2


@pytest.mark.django_db
def test_a_late_event_changes_its_day_and_no_other() -> None:
    factories.happened(factories.incoming(1, D1), factories.incoming(2, D2))
    untouched = DaySet.objects.get(day=D2).pk
    factories.happened(factories.incoming(5, D1))
    assert activity.members("order_paid", D1, D1) == BitMap([1, 5])
    assert DaySet.objects.get(day=D2).pk == untouched
    assert not DirtyDay.objects.exists()


@pytest.mark.django_db
def test_sets_of_what_the_lake_no_longer_has_go() -> None:
    factories.happened(factories.incoming(1, D1))
    kind = EventType.objects.get(name="order_paid")
    members = BitMap([9])
    for day, level in [(D1, 3), (D2, 1)]:
        DaySet.objects.create(event_type=kind, day=day, level=level, members=members, size=1)
    activity.rebuild()
    assert [(one.day, one.level) for one in DaySet.objects.all()] == [(D1, 1)]


@pytest.mark.django_db
def test_an_event_that_arrives_during_a_rebuild_leaves_its_day_dirty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.happened(factories.incoming(1, D1))
    ingest.mark_dirty([D1])
    counted = activity._sets

    def meanwhile(days: list[dt.date]) -> object:
        found = list(counted(days))
        ingest.receive([factories.incoming(2, D1)])
        ingest.flush()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(activity, "_sets", meanwhile)
        activity.catch_up()
    assert DirtyDay.objects.filter(day=D1).exists()
    activity.catch_up()
    assert activity.members("order_paid", D1, D1) == BitMap([1, 2])


@pytest.mark.django_db(transaction=True)
def test_two_that_rebuild_the_same_days_at_once_do_not_collide() -> None:
    factories.happened(*(factories.incoming(number, D1) for number in range(1, 50)))
    before = sets()
    together = threading.Barrier(4)

    def rebuild(_number: int) -> int:
        try:
            together.wait()
            return activity.rebuild([D1, D2])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(rebuild, range(4))) == [2] * 4
    assert sets() == before


@pytest.mark.django_db
def test_active_is_who_did_what_counts() -> None:
    factories.happened(
        factories.incoming(1, D1),
        factories.incoming(2, D1, name="item_bought"),
        factories.incoming(3, D3, name="app_opened"),
    )
    assert activity.active(D1, D3) == BitMap([1, 3])
    assert activity.daily_active(D1, D3) == {D1: BitMap([1]), D2: BitMap(), D3: BitMap([3])}
    EventType.objects.filter(name="item_bought").update(counts_as_active=True)
    assert activity.active(D1, D1) == BitMap([1, 2])


@pytest.mark.django_db
def test_the_first_and_the_last_day_are_those_with_active_customers() -> None:
    assert (activity.first_day(), activity.latest_day()) == (None, None)
    assert activity.span() is None
    assert activity.rebuild() == 0
    factories.happened(
        factories.incoming(1, D2),
        factories.incoming(1, D1, name="campaign_received"),
        factories.incoming(1, D3),
        factories.incoming(1, D3 + dt.timedelta(days=1), name="message_sent"),
    )
    assert (activity.first_day(), activity.latest_day()) == (D2, D3)
    assert activity.span() == (D1, D3 + dt.timedelta(days=1))


@pytest.mark.django_db
def test_progress_ends_at_the_number_of_days() -> None:
    ingest.receive([factories.incoming(1, FIRST + dt.timedelta(days=40 * n)) for n in range(3)])
    ingest.flush()
    told: list[tuple[int, int]] = []
    activity.catch_up(progress=lambda done, total, note="": told.append((done, total)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.django_db
def test_the_days_sets_are_kept_on_this_host_until_a_day_changes() -> None:
    ann, ben = CustomerFactory.create_batch(2)
    factories.happened(incoming(ann, "2018-03-01"), incoming(ann, "2018-03-01", name="cart"))
    day = dt.date(2018, 3, 1)
    assert activity.daily_active(day, day) == {day: BitMap([ann.pk])}
    with CaptureQueriesContext(connection) as asked:
        assert activity.daily_active(day, day) == {day: BitMap([ann.pk])}
    assert not [one for one in asked if "members" in one["sql"]]
    factories.happened(incoming(ben, "2018-03-01"))
    assert activity.daily_active(day, day) == {day: BitMap([ann.pk, ben.pk])}
