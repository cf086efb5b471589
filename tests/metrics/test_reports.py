"""The reports on the order of events, from the lake to the tables that they show."""

import datetime as dt
import json
from typing import Any

import pytest
from pyroaring import BitMap

from metrics import activity_tables, answers
from metrics.models import KeptAnswer
from metrics.reports import asking, every, parts
from metrics.reports.report import Found, Report
from segments import ingest, trails
from segments.models import Segment
from tests.metrics.factories import SegmentFactory, customers, today_is
from tests.segments.factories import happened, incoming, traits

DAY = dt.date(2017, 5, 1)  # a Monday
TODAY = "2017-05-20"


def at(hours: float) -> dt.datetime:
    return dt.datetime(2017, 5, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hours)


def event(customer: int, name: str, hours: float, **values: Any) -> ingest.IncomingEvent:
    return incoming(customer, DAY, time=at(hours), name=name, **values)


@pytest.fixture
def shop(db: None) -> list[int]:
    """Three look at something, two put it into the cart, one pays the next day, another late."""
    today_is(TODAY)
    a, b, c = (one.pk for one in customers(3))
    happened(
        event(a, "page_viewed", 9, properties={"page": "tea", "price": 12}),
        event(a, "cart", 9.1),
        event(a, "order_paid", 30),
        event(b, "page_viewed", 10, properties={"page": "pot", "price": 90}),
        event(b, "cart", 10.2),
        event(b, "order_paid", 24 * 9),
        event(c, "page_viewed", 11, properties={"page": "tea"}),
    )
    return [a, b, c]


def answered(kind: str, **given: Any) -> tuple[Report, dict[str, Any], KeptAnswer]:
    report = every.BY_KIND[kind]
    settings = report.read({name: str(value) for name, value in given.items()})
    assert not report.missing(settings)
    row = asking.answer(answers.about(report.question(settings)))
    assert asking.look(report.question(settings)).is_current
    return report, settings, row


def tables(kind: str, **given: Any) -> dict[str, Any]:
    report, settings, row = answered(kind, **given)
    found = report.parts(settings, row)
    for one in found:  # what a screen, a file and another program get
        parts.chart(one)
        assert len(list(parts.lines(one))) == len(one.rows) + 1
        json.dumps(parts.as_json(one), allow_nan=False)
    return {one.key: one for one in found}


def finds(kind: str, **given: Any) -> dict[str, Found]:
    report, settings, row = answered(kind, **given)
    return {one.place: one for one in report.finds(settings, row)}


STEPS = {"s1": "page_viewed", "s2": "cart", "s3": "order_paid"}


# --- funnels ------------------------------------------------------------------


def test_a_funnel_counts_who_came_to_each_step(shop: list[int]) -> None:
    found = tables("funnel", **STEPS, within=7)["funnel"]
    assert [row[2] for row in found.rows] == [3, 2, 1]
    assert [row[5] for row in found.rows] == [1, 1, None]
    longer = tables("funnel", **STEPS, within=10)["funnel"]
    assert [row[2] for row in longer.rows] == [3, 2, 2]


def test_who_stopped_is_known_by_name(shop: list[int]) -> None:
    report, settings, row = answered("funnel", **STEPS, within=7)
    sets = {one.place: list(one.members) for one in row.sets.all()}
    assert sets == {"0-1": [shop[2]], "0-2": [shop[1]], "0-3": [shop[0]]}
    assert [one.count for one in report.finds(settings, row)] == [1, 1, 1]


def test_a_step_may_have_a_condition(shop: list[int]) -> None:
    tea = tables("funnel", **STEPS, k1="page", o1="=", v1="tea", within=7)["funnel"]
    assert [row[2] for row in tea.rows] == [2, 1, 1]
    dear = tables("funnel", **STEPS, k1="price", o1=">", v1="50", within=10)["funnel"]
    assert [row[2] for row in dear.rows] == [1, 1, 1]
    none = tables("funnel", **STEPS, k1="price", o1="not_set", within=10)["funnel"]
    assert [row[2] for row in none.rows] == [1, 0, 0]


def test_a_funnel_is_compared_by_a_choice(shop: list[int]) -> None:
    for customer, tier in zip(shop, ["gold", "new", "new"], strict=True):
        traits(customer, day=DAY, value_tier=tier)
    found = finds("funnel", **STEPS, by="trait:value_tier")
    assert {place: one.count for place, one in found.items() if one.count} == {
        "0-1": 1,
        "0-2": 1,
        "1-3": 1,
    }


def test_who_began_lately_still_has_time(shop: list[int]) -> None:
    assert "still has time" in tables("funnel", **STEPS, until="2017-05-18")["funnel"].note
    assert not tables("funnel", **STEPS, until="2017-05-02")["funnel"].note


def test_nobody_is_an_answer_too(shop: list[int]) -> None:
    found = tables("funnel", **STEPS, until="2017-04-20", days=3)["funnel"]
    assert not found.rows


@pytest.mark.parametrize(
    "given", [{}, {"s1": "cart"}, {**STEPS, "k1": "price", "o1": "<", "v1": "many"}]
)
def test_what_is_missing_is_said(shop: list[int], given: dict[str, str]) -> None:
    report = every.BY_KIND["funnel"]
    settings = report.read(given)
    assert report.missing(settings)
    assert report.fields(settings)


def test_the_address_says_all_settings(shop: list[int]) -> None:
    from django.http import QueryDict

    report = every.BY_KIND["funnel"]
    settings = report.read({**STEPS, "k2": "a&b", "o2": "=", "v2": "茶", "within": "3"})
    assert report.read(QueryDict(report.address(settings))) == settings


# --- left undone --------------------------------------------------------------


def test_a_cart_is_left_where_nobody_pays_in_time(shop: list[int]) -> None:
    found = tables("undone", first="cart", then="order_paid", within=24, unit="hours")
    assert found["undone"].rows[0][1:] == [2, 1, 1, 0.5, 1]
    report, settings, row = answered("undone", first="cart", then="order_paid")
    assert list(row.sets.get().members) == [shop[1]]
    assert report.finds(settings, row)[0].count == 1


# --- paths --------------------------------------------------------------------


def test_paths_say_what_follows_and_what_precedes(shop: list[int]) -> None:
    after = tables("paths", event="page_viewed", depth=2)
    rows = {(row[1], row[2]): row[3] for row in after["paths"].rows}
    assert rows[("page_viewed", "cart")] == 2
    assert rows[("page_viewed", "end of the session")] == 1
    before = tables("paths", event="cart", way="before", depth=1)
    assert before["paths"].rows == [[1, "page_viewed", "cart", 2, 1.0]]
    assert before["paths-list"].rows[0][0] == "page_viewed → cart"


def test_paths_of_a_segment_are_its_members(shop: list[int]) -> None:
    segment: Segment = SegmentFactory.create()
    Segment.objects.filter(pk=segment.pk).update(members=BitMap([shop[2]]), size=1)
    found = tables("paths", event="page_viewed", by=f"segment:{segment.pk}")
    assert found["paths-list"].rows == [["page_viewed", 1, 1.0]]


def test_paths_of_several_groups_stand_side_by_side(shop: list[int]) -> None:
    for customer, tier in zip(shop, ["gold", "new", "new"], strict=True):
        traits(customer, day=DAY, value_tier=tier)
    found = tables("paths", event="page_viewed", depth=1, by="trait:value_tier")
    assert set(found) == {"paths-list", "paths-0", "paths-1"}
    assert found["paths-list"].rows == [
        ["page_viewed → cart", 2, 0.5, 1.0],
        ["page_viewed", 1, 0.5, 0.0],
    ]
    hours = tables("rhythm", what="cart", counted="events", days=19, by="trait:value_tier")
    assert set(hours) == {"week-0", "week-1", "weekdays", "month-days", "month-thirds"}
    assert hours["week-0"].rows[0][10:12] == [0, 1]
    assert hours["week-1"].rows[0][10:12] == [1, 0]
    assert len(hours["weekdays"].columns) == 6


# --- how often and when -------------------------------------------------------


def test_stickiness_counts_days(shop: list[int]) -> None:
    activity_tables.update()
    found = tables("stickiness", days=30)
    assert [row[1] for row in found["stickiness"].rows[:3]] == [1, 2, 0]
    assert found["stickiness-means"].rows == [["all customers", 3, 5 / 3]]


def test_the_week_has_its_hours(shop: list[int]) -> None:
    found = tables("rhythm", what="cart", counted="events", until="2017-05-07", days=7)
    assert found["week"].rows[0][10:12] == [1, 1]  # Monday, nine and ten o'clock
    assert found["weekdays"].rows[0][1:] == [2, 7, 1]
    paid = tables("rhythm", what="paid", who="again")
    assert not paid["month-days"].rows


def test_who_comes_again_is_counted_apart(shop: list[int]) -> None:
    happened(event(shop[0], "order_paid", 24 * 17))
    found = tables("rhythm", what="paid", who="again", days=19)["month-thirds"]
    assert [row[1] for row in found.rows] == [0, 1 / 9, None]


# --- trails -------------------------------------------------------------------


def test_trails_are_made_once_and_anew_where_a_day_changed(shop: list[int]) -> None:
    tables("funnel", **STEPS)
    before = {path.name for path in trails.folder().iterdir()}
    tables("funnel", **STEPS, within=8)
    assert {path.name for path in trails.folder().iterdir()} == before
    happened(event(shop[2], "cart", 11.1))
    assert [row[2] for row in tables("funnel", **STEPS)["funnel"].rows] == [3, 3, 1]
    after = {path.name for path in trails.folder().iterdir()}
    assert len(after) == len(before)
    assert len(after & before) == len(before) - 1


def test_a_changed_day_makes_an_answer_old(shop: list[int]) -> None:
    report, settings, _row = answered("funnel", **STEPS)
    happened(event(shop[2], "cart", 11.1))
    assert not asking.look(report.question(settings)).is_current


def test_nothing_of_an_erased_person_stays_in_trails(shop: list[int]) -> None:
    tables("funnel", **STEPS)
    assert len(trails.having([shop[0]])) == 2
    trails.forget([shop[0]])
    assert not trails.having([shop[0]])
    assert len(trails.having([shop[1]])) == 1  # of the other days
