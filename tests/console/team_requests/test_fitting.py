"""Chains and weeks by numbers alone, and what a team can take on by them."""

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.models import AuditEntry, RequestDependency, RequestNews, TeamRequest
from console.states import NotAllowed, Stale
from console.team_requests import (
    agreeing,
    capacity,
    dates,
    depending,
    fitting,
    moving,
    paths,
    urgent,
)
from console.team_requests.fitting import Item
from tests.console.spine import at_once
from tests.console.team_requests.world import MONDAY, World, days, later, moment

ONE = Decimal(1)


def week(usual: str = "5") -> dict[dt.date, Decimal]:
    return fitting.capacity(MONDAY, weeks=4, usual=Decimal(usual), other={})


# --- numbers alone ------------------------------------------------------------


def test_work_goes_by_rank_and_one_person_does_one_thing() -> None:
    items = [Item(1, Decimal(3), (1,)), Item(2, Decimal("1.5"), (0,))]
    placed = fitting.place(items, week("5"))  # one day a day
    assert (placed[2].ends_on, placed[1].ends_on) == (MONDAY + dt.timedelta(1), later(4).date())
    both = fitting.place(items, week("10"))  # two, and so side by side
    assert both[1].ends_on == later(2).date()


def test_what_comes_in_pushes_out_what_no_longer_fits() -> None:
    friday = MONDAY + dt.timedelta(4)
    loose = friday + dt.timedelta(14)
    others = [Item(1, Decimal(4), (2,), friday), Item(2, Decimal(2), (3,), loose)]
    found = fitting.pushed_out(others, Item(3, Decimal(2), (0,)), week())
    assert found == {1: MONDAY + dt.timedelta(7)}
    assert fitting.pushed_out(others, Item(3, Decimal(2), (9,)), week()) == {}


def test_a_week_with_holidays_has_fewer_days_with_more_on_each() -> None:
    spring = dt.date(2025, 1, 27)  # of which one day is worked
    found = fitting.capacity(spring, weeks=2, usual=Decimal(10), other={spring: Decimal(1)})
    assert next(iter(found.items())) == (spring, ONE)
    assert sum(found.values()) == 11
    assert min(fitting.capacity(MONDAY + dt.timedelta(3), weeks=1, usual=ONE, other={})) == (
        MONDAY + dt.timedelta(3)
    )


NEEDS = st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 6), max_size=3), max_size=7)


@given(NEEDS)
def test_lines_that_close_no_circle_leave_none_and_the_chain_is_the_longest(
    wanted: dict[int, set[int]],
) -> None:
    needs: dict[int, set[int]] = {}
    for waits, others in wanted.items():
        for on in others - {waits}:
            way = paths.circle(needs, waits=waits, on=on)
            if way:
                assert (way[0], way[1], way[-1]) == (waits, on, waits)
                assert all(b in needs.get(a, set()) for a, b in itertools.pairwise(way[1:]))
            else:
                needs.setdefault(waits, set()).add(on)
    cost = {n: Decimal(n % 3) for n in range(7)}

    def longest(here: int) -> Decimal:  # ends, because there is no circle
        return cost[here] + max((longest(one) for one in needs.get(here, ())), default=Decimal(0))

    for to in range(7):
        chain = paths.critical(needs, cost, to)
        assert chain[-1] == to
        assert sum(cost[one] for one in chain) == longest(to)
        assert all(a in needs[b] for a, b in itertools.pairwise(chain))


# --- what waits ---------------------------------------------------------------


def test_a_circle_is_refused_with_its_way_and_no_name_that_is_not_theirs(world: World) -> None:
    one, two, three = (world.asked(title=name) for name in ("One", "Two", "Three"))
    depending.add(one, needs=two, by=world.tim, at=moment())
    depending.add(two, needs=three, by=world.tim, at=moment())
    with pytest.raises(NotAllowed, match=r"Three → #\d+ One → #\d+ Two → #\d+ Three"):
        depending.add(three, needs=one, by=world.tim, at=moment())
    for waits, needs, words in ((one, one, "itself"), (one, two, "already")):
        with pytest.raises(NotAllowed, match=words):
            depending.add(waits, needs=needs, by=world.tim, at=moment())
    own = world.draft(by=world.sam, from_team=world.support)
    with pytest.raises(NotAllowed, match="no such request"):
        depending.add(own, needs=one, by=world.sam, at=moment())
    assert depending.named([one], seen_by=world.sam) == ["another team's request"]
    steps = depending.critical_path(one, seen_by=world.olga)
    assert [step.request for step in steps] == [three, two, one]


def test_it_begins_once_what_it_needs_is_delivered_or_somebody_decides(world: World) -> None:
    waits, needs = world.accepted(), world.accepted()
    TeamRequest.objects.update(impact=1, effort_days=2, priority=1)
    line = depending.add(waits, needs=needs, by=world.olga, at=moment())
    with pytest.raises(NotAllowed, match="It waits for"):
        moving.start(waits, by=world.tim, at=moment())
    depending.wait(line, by=world.tim, at=moment())
    assert waits.turns.get(until=None).holding == "dependency"
    for who, because in ((world.tim, "x"), (world.chief, " ")):
        with pytest.raises(NotAllowed):
            depending.waive(line, because=because, by=who, at=moment())
    moving.start(needs, by=world.tim, at=moment())
    later_on: dict[str, Any] = {"to": later(15).date(), "cause": "estimate", "because": "Harder"}
    dates.promise(needs, **later_on, by=world.tim, at=moment())
    assert RequestNews.objects.filter(to=world.olga, what="team_request.need_slipped").exists()
    moving.deliver(needs, by=world.tim, at=later(2))
    assert waits.turns.get(until=None).holding == "work"
    freed = RequestNews.objects.filter(to=world.olga, what="team_request.freed")
    assert [one.words for one in freed] == [""]  # names are for who may see them
    moving.start(waits, by=world.tim, at=later(2))

    campaign = world.support  # any record with a number will do
    third = world.asked()
    line = depending.add(campaign, needs=third, by=world.olga, at=moment())
    assert depending.waiting_for(campaign) == [third]
    RequestDependency.objects.update(added_at=later(-9))
    line.refresh_from_db()
    with pytest.raises(NotAllowed):
        depending.remove(line, by=world.olga)
    depending.waive(line, because="The old page will do", by=world.chief, at=moment())
    assert depending.waiting_for(campaign) == []


# --- a team's weeks -----------------------------------------------------------


def taken(world: World, effort: str, priority: int = 1, **values: Any) -> TeamRequest:
    request = world.accepted(**values)
    said = agreeing.propose(
        request, impact=3, effort_days=days(effort), priority=priority, by=world.tim, at=moment()
    )
    agreeing.confirm(said, by=world.olga, at=moment())
    request.refresh_from_db()
    return request


def test_what_moves_out_is_shown_and_moves_only_as_it_was_shown(
    world: World, django_assert_max_num_queries: Any
) -> None:
    capacity.set_usual(world.tech, days_a_week=days("5"), urgent_a_month=2, by=world.chief)
    first = taken(world, "4", days=4)
    last = taken(world, "3", priority=2, days=11)
    new = taken(world, "2", priority=3, days=30)
    on = MONDAY
    with django_assert_max_num_queries(8):
        load = capacity.load(world.tech, on=on)
    assert [week.taken for week in load.weeks[:3]] == [5, 4, 0]
    assert load.weeks[0].requests == {first.pk: 4, last.pk: 1}
    assert capacity.moved_out(new, on=on, seen_by=world.tim).moved == []
    outlook = capacity.moved_out(new, on=on, seen_by=world.tim, lane="urgent")
    assert outlook.ends_on == MONDAY + dt.timedelta(1)
    shown = {row.request.pk: row.to for row in outlook.moved if row.request}
    assert shown == {first.pk: MONDAY + dt.timedelta(7)}
    hidden = capacity.moved_out(new, on=on, seen_by=world.sam, lane="urgent")
    assert [row.request for row in hidden.moved] == [None]
    urgent.lift(new, cause="churn", because="They leave", by=world.olga, at=moment())
    with pytest.raises(Stale):
        capacity.make_room(new, seen={}, because="Churn", by=world.tim, at=moment())
    with pytest.raises(NotAllowed):
        capacity.make_room(new, seen=shown, because="Churn", by=world.olga, at=moment())
    capacity.make_room(new, seen=shown, because="Churn", by=world.tim, at=moment())
    slip = first.slips.get()
    assert (slip.days, slip.cause, slip.displaced_by) == (1, "capacity", new)
    use = urgent.review(on, seen_by=world.tim).uses[0]
    assert (use.used, use.moved_others, use.moved_days, use.by_cause) == (
        1,
        1,
        1,
        {"churn": 1},
    )
    with pytest.raises(NotAllowed):
        capacity.set_week(world.tech, on, days=days("1"), by=world.tim)
    capacity.set_week(world.tech, on, days=days("1"), because="On leave", by=world.chief)
    assert capacity.load(world.tech, on=on).weeks[0].days == 1


# --- the urgent lane ----------------------------------------------------------


def test_the_lane_has_a_quota_and_beyond_it_a_manager_decides_in_writing(world: World) -> None:
    for _ in range(2):
        urgent.lift(world.asked(), cause="churn", because="x", by=world.olga, at=moment())
    third = world.asked()
    refused: list[tuple[Any, dict[str, Any]]] = [
        (world.olga, {}),
        (world.tim, {}),
        (world.chief, {"because": " "}),
        (world.chief, {"cause": "wish"}),
    ]
    for who, kw in refused:
        with pytest.raises(NotAllowed):
            urgent.lift(third, by=who, at=moment(), **{"cause": "churn", "because": "x", **kw})
    urgent.lift(third, cause="incident", because="It is down", by=world.chief, at=moment())
    urgent.lower(third, because="It is up", by=world.tim, at=moment())
    review = urgent.review(MONDAY, seen_by=world.tim)
    assert [(use.used, use.beyond, use.by_cause) for use in review.uses] == [
        (3, 1, {"churn": 2, "": 1})
    ]
    assert (third, "It is down") in review.lifted
    assert urgent.review(MONDAY, seen_by=world.sam) == urgent.Review([], [])
    assert urgent.quota(world.operations, MONDAY) == urgent.Quota(3, 2)
    april = later(30)
    urgent.lift(world.asked(), cause="churn", because="x", by=world.olga, at=april)
    assert urgent.quota(world.operations, april.date()).used == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_lift_the_last_one_at_once_lift_one() -> None:
    world = World()
    world.operations.urgent_a_month = 1
    world.operations.save()
    requests = [world.asked(), world.asked()]

    def lift(one: TeamRequest) -> Any:
        return lambda: urgent.lift(one, cause="churn", because="x", by=world.olga, at=moment())

    found = at_once([lift(one) for one in requests])
    assert sorted(type(one).__name__ for one in found) == ["NoneType", "NotAllowed"]
    assert AuditEntry.objects.filter(action="team_request.lifted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_lines_at_once_close_no_circle() -> None:
    world = World()
    one, two = world.asked(), world.asked()

    def draw(waits: TeamRequest, needs: TeamRequest) -> Any:
        return lambda: depending.add(waits, needs=needs, by=world.tim, at=moment())

    found = at_once([draw(one, two), draw(two, one)])
    assert [isinstance(one, NotAllowed) for one in found].count(True) == 1
