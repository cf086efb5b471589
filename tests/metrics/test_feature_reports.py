"""Features and service: from the lake to their tables, by hand on small worlds."""

import datetime as dt

import pytest
from django.utils import translation

from metrics.reports.parts import Part, chart
from segments import activity, ingest
from tests.metrics.factories import customers, today_is
from tests.metrics.test_reports import tables
from tests.segments.factories import happened, incoming

TODAY = dt.date(2017, 6, 12)
WEEK = dt.date(2017, 5, 8)  # a Monday; the four weeks after it end on June 11
DAY = dt.timedelta(days=1)


def did(customer: int, name: str, day: dt.date, **properties: object) -> ingest.IncomingEvent:
    at = dt.datetime.combine(day, dt.time(9), dt.UTC)
    return incoming(customer, day, time=at, name=name, properties=properties)


@pytest.fixture
def app(db: None) -> list[int]:
    """Six come once in the week; three use the planner, of whom two come again, of the others one.
    A seventh comes daily, uses it and comes again: nobody is like that one."""
    today_is(TODAY)
    ids = [one.pk for one in customers(8)]
    events = [did(one, "page_viewed", WEEK) for one in ids[:6]]
    events += [did(one, "planner_used", WEEK) for one in ids[:3]]
    events += [did(one, "page_viewed", WEEK + DAY * 20) for one in (ids[0], ids[1], ids[3])]
    events += [did(ids[6], "planner_used", WEEK + DAY * n) for n in range(7)]
    events += [did(ids[6], "page_viewed", WEEK + DAY * 9)]
    # Used it in the week before, and so is no other.
    events += [did(ids[7], "planner_used", WEEK - DAY), did(ids[7], "page_viewed", WEEK)]
    happened(*events)
    activity.rebuild()
    return ids


def of_week(**given: object) -> dict[str, Part]:
    return tables("features", weeks=1, back=28, until=WEEK + DAY * 34, **given)


def test_users_are_compared_with_those_alike(app: list[int]) -> None:
    found = of_week(event="planner_used")
    row = found["features"].rows[0]
    assert row[1:5] == [4, pytest.approx(2 / 3), pytest.approx(1 / 3), pytest.approx(1 / 3)]
    assert row[7] == pytest.approx(1 / 3)  # everybody else
    assert row[8] == pytest.approx(3 / 4)  # nobody is like the one who comes daily
    assert row[9] == pytest.approx(1.0)
    assert "no proof" in found["features"].note
    assert float(str(row[5])) < 0 < float(str(row[6]))
    assert "Chance alone could have made the difference of" in found["features"].note
    assert [row[:2] for row in found["feature-weeks"].rows] == [[WEEK, 4]]
    units = [one.unit for one in found["features"].columns]
    assert units[3:7] == ["share", "difference", "difference", "difference"]
    assert chart(found["features"]).rows[0][2:5] == ["66.7%", "33.3%", "+33.3 points"]
    assert chart(found["feature-weeks"]).rows[0][2] == "+33.3 points"
    with translation.override("zh-hans"):
        assert chart(found["features"]).rows[0][4] == "+33.3 个百分点"
    option = found["features"].option
    assert option is not None
    assert option["unit"] == {"kind": "difference", "words": "{} points"}


def test_every_feature_that_customers_used_has_its_row(app: list[int]) -> None:
    rows = of_week()["features"].rows
    assert {"planner_used", "page_viewed"} <= {
        str(row[0]).lower().replace(" ", "_") for row in rows
    }


def test_revisits_by_score_and_by_who_served(db: None) -> None:
    today_is(TODAY)
    good, fine, bad, late = (one.pk for one in customers(4))
    happened(
        did(good, "survey_answered", WEEK, score=10, agent="Li"),
        did(good, "page_viewed", WEEK + DAY * 3),
        did(fine, "survey_answered", WEEK, score=9, agent="Wu"),
        did(bad, "survey_answered", WEEK, score="2", agent="Wu"),
        did(bad, "survey_answered", WEEK + DAY, score=10, agent="Li"),
        did(late, "survey_answered", TODAY - DAY, score=1, agent="Li"),
    )
    activity.rebuild()
    found = tables("service", days=60, back=14)
    scores = {row[0]: row[1:4] for row in found["service-scores"].rows}
    # Answering again the day after is coming again; the last one has still time.
    assert scores == {2.0: [1, 1, 1.0], 9.0: [1, 0, 0.0], 10.0: [1, 1, 1.0]}
    whom = {row[0]: (row[1], row[2], row[6]) for row in found["service-whom"].rows}
    assert whom == {"Wu": (2, 1, 5.5), "Li": (1, 1, 10.0)}
    assert "no proof" in found["service-scores"].note


def test_nobody_rated_and_the_page_says_what_would_count(db: None) -> None:
    today_is(TODAY)
    (one,) = customers(1)
    happened(did(one.pk, "page_viewed", WEEK))
    found = tables("service", days=60, back=14)
    assert not found["service-scores"].rows
    assert "survey_answered" in found["service-scores"].empty
