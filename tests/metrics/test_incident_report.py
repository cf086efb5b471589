"""After an incident: who was hit and stayed away, by hand on a small world."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap

from console.models import Project, Staff
from metrics import answers, saved_reports
from metrics.models import KeptAnswer
from metrics.reports import asking, every
from metrics.reports.parts import Part
from segments import activity
from segments.ingest import IncomingEvent
from tests.factories import StaffFactory
from tests.metrics.factories import customers, today_is
from tests.segments.factories import happened, incoming

TODAY = dt.date(2017, 7, 1)
HIT = dt.date(2017, 6, 14)  # a Wednesday
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
REPORT = every.BY_KIND["incident"]


def did(customer: int, day: dt.date, hour: int = 20, name: str = "page_viewed") -> IncomingEvent:
    at = dt.datetime.combine(day, dt.time(hour, 30), dt.UTC)
    return incoming(customer, day, time=at, name=name)


def answered(**given: object) -> tuple[list[Part], KeptAnswer]:
    settings = REPORT.read({"day": HIT.isoformat(), "hour": "20", "hours": "2", **given})
    assert REPORT.missing(settings) == ""
    row = asking.answer(answers.about(REPORT.question(settings)))
    return REPORT.parts(settings, row), row


@pytest.fixture
def four(db: None) -> list[int]:
    """All four were there at eight in the evening, of whom two came back; in ordinary weeks two
    others were, and one came back."""
    today_is(TODAY)
    ids, others = [one.pk for one in customers(4)], [one.pk for one in customers(8)]
    events = [did(one, HIT) for one in ids]
    events += [did(ids[0], HIT + DAY * 3), did(ids[1], HIT + DAY * 7)]
    events += [did(ids[2], HIT + DAY * 8), did(ids[3], HIT, 23)]  # too late; the same day
    for week in range(2, 6):
        back, away = others[2 * week - 4 : 2 * week - 2]
        events += [did(back, HIT - WEEK * week), did(away, HIT - WEEK * week)]
        events += [did(back, HIT - WEEK * week + DAY), did(ids[3], HIT - WEEK * week, 12)]
    happened(*events)
    activity.rebuild()
    return ids


def test_who_was_hit_and_stayed_away_stands_beside_ordinary_weeks(four: list[int]) -> None:
    (part,), row = answered(back="7")
    assert part.rows[0][:4] == ["the incident", 4, 2, 0.5]
    weeks = [(HIT - WEEK * week).isoformat() for week in range(2, 6)]
    assert [one[:4] for one in part.rows[1:]] == [[week, 2, 1, 0.5] for week in weeks]
    assert "50.0% did not come back, of ordinary weeks 50.0%: ±0.0 points" in part.note
    assert "Ordinary weeks differ as much." in part.note
    lost, hit = REPORT.finds(REPORT.read(row.question), row)
    assert (lost.count, hit.count) == (2, 4)
    assert row.sets.get(place=lost.place).members == BitMap(four[2:])


def test_it_may_have_hit_only_who_did_something(four: list[int]) -> None:
    happened(did(four[3], HIT, 21, "payment_failed"))
    activity.rebuild()
    (part,), _row = answered(back="7", event="payment_failed")
    assert part.rows[0][:4] == ["the incident", 1, 1, 1.0]
    assert part.rows[1][1] == 2
    assert "who may be other customers" in part.note


def test_hours_are_of_the_projects_clock(four: list[int]) -> None:
    Project.objects.update(time_zone="Asia/Shanghai")  # half past eight in London is 4:30 there
    (part,), _row = answered(back="7", day=(HIT + DAY).isoformat(), hour="4")
    assert part.rows[0][1] == 4


def test_while_days_go_on_ordinary_weeks_are_told_after_as_many(four: list[int]) -> None:
    today_is(HIT + DAY * 4)  # three days are closed
    (part,), _row = answered(back="30")
    assert part.rows[0][:3] == ["the incident", 4, 3]
    assert [one[1:3] for one in part.rows[1:4]] == [[0, 0], [2, 1], [2, 1]]
    assert "Of 30 days 3 are over" in part.note
    settings = REPORT.read({"day": (HIT + DAY * 4).isoformat()})
    assert "It has to be over" in REPORT.missing(settings)
    assert "on which day" in REPORT.missing(REPORT.read({}))


def test_without_a_past_it_says_so_and_of_nobody_too(four: list[int]) -> None:
    first = HIT - WEEK * 5
    (part,), _row = answered(back="7", day=first.isoformat())
    assert "no ordinary weeks" in part.note
    (part,), _row = answered(back="7", hour="3")
    assert not part.rows
    assert "Nobody did it" in part.empty


def test_saved_incidents_stand_beside_each_other(
    four: list[int], signed_in: Callable[..., Client]
) -> None:
    staff = StaffFactory.create(role=Staff.Role.ANALYST)
    for name, day, back in (("Second", HIT, 7), ("First", HIT - WEEK * 2, 7), ("Long", HIT, 14)):
        (_part, *_rest), row = answered(back=str(back), day=day.isoformat())
        settings = REPORT.read(row.question)
        saved_reports.save(name, kind="incident", query=REPORT.address(settings), by=staff)
    (_part, so_far), row = answered(back="7")
    assert sorted((one[:5] for one in so_far.rows), key=str) == [
        ["First", HIT - WEEK * 2, 2, 7, 0.5],
        ["Long", HIT, 4, 14, 0.25],
        ["Second", HIT, 4, 7, 0.5],
    ]
    assert so_far.option is not None
    drawn = so_far.option["xAxis"]["data"]
    assert drawn == ["First (2017-05-31)", "Second (2017-06-14)"], "of as many days"
    page = reverse("admin:metrics_savedreport_show", args=["incident"])
    address = f"{page}?{REPORT.address(REPORT.read(row.question))}"
    shown = signed_in("analyst").get(address).content.decode()
    assert "Incidents so far" in shown
    assert "2017-06-14" in shown


@pytest.mark.parametrize(
    "given",
    [{"hour": "99"}, {"hours": "0"}, {"hours": "999999"}, {"back": "x"}, {"event": "<b>"}],
)
def test_rubbish_is_brought_within_bounds(four: list[int], given: dict[str, str]) -> None:
    parts, _row = answered(**given)
    assert parts
