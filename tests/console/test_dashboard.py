"""The home page: each role sees its own, nobody a link that they may not follow."""

import datetime as dt
import json
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign, CampaignResult
from console import charts, menu
from console.dashboard import cards, home
from console.dashboard.cards import Newest, Pair, Quotient, Total
from console.models import Approval, Job, Staff
from metrics.measurements import Figure, count, ratio
from segments.lake import engine, store
from segments.models import EventType, Stage, StageSet
from tests.campaigns.factories import campaign_at
from tests.metrics.factories import CampaignFactory, SegmentFactory, measured, today_is

ROOT = Path(__file__).parents[2]
TODAY = dt.date(2017, 12, 20)
ROLES = list(Staff.Role.values)
MOST_QUERIES = 25
SignIn = Callable[[Staff | str], Client]


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def a_day(day: dt.date, number: int) -> list[Figure]:
    counted = ("dau", "wau", "mau", "new_customers", "orders", "revenue", "buyers")
    shared = ("stickiness", "arppu", "average_order", "retention_d1", "retention_d7")
    return [
        *(count(key, day, 100 + number) for key in counted),
        *(ratio(key, day, number, 100) for key in (*shared, "retention_d30")),
    ]


@pytest.fixture
def business(db: None) -> None:
    """Ten weeks of numbers, two month cohorts, one set of stages."""
    today_is(TODAY)
    stages = StageSet.objects.create(key="lifecycle", is_default=True, data_as_of=TODAY)
    Stage.objects.create(stage_set=stages, key="growth", position=1, color="#10b981")
    month = dt.date(2017, 11, 1)
    measured(
        *(figure for n in range(70, 0, -1) for figure in a_day(ago(n), n)),
        ratio("monthly_retention", month, 10, 10, part="0"),
        ratio("monthly_retention", month, 4, 10, part="1"),
        count("stage_customers", TODAY, 42, part="growth"),
    )


def open_home(client: Client) -> str:
    response = client.get(reverse("admin:index"))
    assert response.status_code == 200
    return response.content.decode()


def links(page: str) -> set[str]:
    return set(re.findall(r'href="(/[^"#?]*)', page))


# --- every role ------------------------------------------------------------------


def test_every_role_has_a_page_of_its_own() -> None:
    assert set(home.LAYOUTS) == set(Staff.Role)
    for layout in home.LAYOUTS.values():
        assert set(layout.cards) <= set(cards.HOW)
        assert {name for name, _ in layout.parts} <= {*home.LISTS, *home.CHARTS}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_its_cards_lists_and_charts(
    business: None, signed_in: SignIn, role: str
) -> None:
    page = open_home(signed_in(role))
    layout = home.LAYOUTS[role]
    assert re.findall(r'data-card="(\w+)"', page) == list(layout.cards)
    assert re.findall(r'data-part="(\w+)"', page) == [name for name, _ in layout.parts]


@pytest.mark.parametrize("role", ROLES)
def test_every_link_on_a_page_can_be_followed(business: None, signed_in: SignIn, role: str) -> None:
    client = signed_in(role)
    CampaignFactory.create(owner=client.staff, started_at="2017-12-01T00:00Z")  # type: ignore[attr-defined]
    SegmentFactory.create()
    Job.objects.create(kind="night", label="Night", status=Job.Status.FAILED)
    found = links(open_home(client)) - {reverse("admin:logout")}
    assert len(found) > 5
    # Those of the menu are followed for each role in tests/console/test_roles.py.
    found -= {reverse(name) for _, screens in menu.SECTIONS for *_, name, _ in screens}
    assert found
    answers = {link: client.get(link).status_code for link in found if "static" not in link}
    assert {link: code for link, code in answers.items() if code not in {200, 302}} == {}


@pytest.mark.parametrize("role", ROLES)
def test_a_page_asks_the_database_little_however_much_there_is(
    business: None,
    signed_in: SignIn,
    role: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = signed_in(role)
    for number in range(12):
        campaign = CampaignFactory.create(
            owner=client.staff,  # type: ignore[attr-defined]
            started_at=dt.datetime(2017, 12, 1 + number, tzinfo=dt.UTC),
        )
        ask_approval(campaign, by=client.staff)  # type: ignore[attr-defined]
        Job.objects.create(kind="x", label="x", status=Job.Status.FAILED)
    open_home(client)  # caches such as content types
    with django_assert_max_num_queries(MOST_QUERIES):
        open_home(client)


@pytest.mark.parametrize("role", ROLES)
def test_a_page_never_opens_the_lake(
    business: None, signed_in: SignIn, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the web process opened the lake")

    for module, name in ((engine, "connect"), (store, "files"), (store, "days")):
        monkeypatch.setattr(module, name, refuse)
    open_home(signed_in(role))


def test_the_web_process_loads_nothing_heavy() -> None:
    code = (
        "import django, sys; django.setup(); import console.urls, console.dashboard.home;"
        "print(*{'pandas', 'ibis', 'scipy', 'deltalake', 'pyarrow', 'duckdb'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.split() == []


# --- what stands there -----------------------------------------------------------


def test_each_card_says_what_it_is_of_and_what_it_means(business: None, signed_in: SignIn) -> None:
    page = open_home(signed_in("operator"))
    assert "Different customers who did at least one event" in page
    assert "yesterday, against 7 days before" in page
    assert "last 30 days, against the 30 before" in page
    assert "as of 2017-12-19, computed just now" in page


def test_each_chart_has_its_option_and_its_table(business: None, signed_in: SignIn) -> None:
    page = open_home(signed_in("analyst"))
    charts = re.findall(r'data-chart-id="([\w-]+)"', page)
    assert sorted(charts) == ["activity", "monthly-retention", "revenue", "stages"]
    for chart in charts:
        found = re.search(rf'<script id="{chart}" type="application/json">(.*?)</script>', page)
        assert found is not None
        assert json.loads(found[1])["series"][0]["data"]
    assert page.count("<summary>") == len(charts)
    assert "40.0%" in page  # of the cohort, one month later


@pytest.mark.parametrize("role", ROLES)
def test_no_two_things_on_a_page_share_an_id(business: None, signed_in: SignIn, role: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', open_home(signed_in(role)).split('<div class="home">')[1])
    assert sorted(ids) == sorted(set(ids))


def test_names_cannot_break_out_of_the_page(business: None, signed_in: SignIn) -> None:
    Stage.objects.update(name="</script><script>alert(1)</script>")
    CampaignFactory.create(name="<b>bold</b>", started_at="2017-12-01T00:00Z")
    page = open_home(signed_in("operator"))
    assert "<script>alert" not in page
    assert "<b>bold</b>" not in page


def test_results_stand_beside_the_word_that_there_is_no_control_group(
    business: None, signed_in: SignIn
) -> None:
    campaign = CampaignFactory.create(started_at="2017-12-01T00:00Z", status=Campaign.Status.SENT)
    CampaignResult.objects.create(
        campaign=campaign,
        reached=210,
        sent=200,
        opened=50,
        purchased=20,
        revenue_minor=123_456,
        window_days=7,
        computed_at=dt.datetime(2017, 12, 2, tzinfo=dt.UTC),
    )
    page = open_home(signed_in("manager"))
    assert "this is what happened, not what the campaign caused" in page
    assert "$1,234.56" in page
    assert "25%" in page


def ask_approval(campaign: Campaign, *, by: Staff) -> Approval:
    return Approval.objects.create(
        subject_type=ContentType.objects.get_for_model(Campaign),
        subject_id=campaign.pk,
        title=campaign.name,
        digest="0" * 64,
        policy={"steps": [{"who": "role", "roles": ["manager", "admin"]}]},
        requested_by=by,
    )


def test_a_manager_sees_what_others_asked_for_and_not_their_own(
    business: None, signed_in: SignIn
) -> None:
    client = signed_in("manager")
    campaign_at("submitted", name="Asked by Bob")
    own = CampaignFactory.create(name="Asked by myself")
    ask_approval(own, by=client.staff)  # type: ignore[attr-defined]
    page = open_home(client)
    assert "Asked by Bob" in page
    assert "Asked by myself" not in page


# --- nothing yet -----------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_without_events_a_person_is_told_what_they_can_do(
    db: None, signed_in: SignIn, role: str
) -> None:
    page = open_home(signed_in(role))
    assert "No events yet" in page
    assert "data-card" not in page
    assert ("Import a file" in page) == (role in {"operator", "analyst", "admin"})
    assert ("Ask an administrator" in page) != ("Import a file" in page)


@pytest.mark.parametrize(("role", "may"), [("analyst", True), ("support", False)])
def test_events_without_numbers_can_be_measured_by_those_who_may(
    db: None, signed_in: SignIn, role: str, may: bool
) -> None:
    EventType.objects.create(name="order_paid", volume=5)
    page = open_home(signed_in(role))
    assert "There are events, and no numbers yet" in page
    assert ("Compute now" in page) == may


# --- arithmetic of the cards -------------------------------------------------------


def daily(*values: int | None) -> list[Figure]:
    return [
        Figure("x", ago(len(values) - n), None if value is None else Decimal(value))
        for n, value in enumerate(values)
    ]


def test_newest_looks_back_by_days_not_by_rows() -> None:
    found = [*daily(1, 2, 3, 4, 5, 6, 7, 8)]
    assert Newest(7).pair(found) == Pair(Decimal(8), Decimal(1))
    assert Newest(7).pair(found[1:]).before is None


def test_a_total_is_compared_only_with_as_many_days() -> None:
    found = daily(1, 2, 3, None, 5)
    assert Total(2).pair(found) == Pair(Decimal(5), Decimal(5))
    assert Total(3).pair(found).before is None


def test_a_quotient_adds_up_before_it_divides() -> None:
    found = [ratio("x", ago(2), 1, 1), ratio("x", ago(1), 0, 99)]
    assert Quotient(2).pair(found).now == Decimal("0.01")
    assert Quotient(2).pair([ratio("x", ago(1), 0, 0)]).now is None


def test_a_course_is_drawn_from_top_to_bottom() -> None:
    course = [Decimal(value) for value in (0, 10, 5)]
    assert charts.spark(course) == "M0.0,30.0 L50.0,0.0 L100.0,15.0"
    assert charts.spark([Decimal(3), None, Decimal(3)]) == "M0.0,30.0 L100.0,30.0"
    assert charts.spark([Decimal(3)]) == ""


def test_weeks_add_up_and_a_cut_first_week_is_left_out(
    business: None, staff_of: Callable[..., Staff]
) -> None:
    from console.dashboard import charts
    from console.dashboard.page import Page

    chart = charts.revenue(Page(staff_of("analyst"), ["revenue"]))
    mondays = [row[0] for row in reversed(chart.rows)]
    assert mondays[0] == "2017-10-16"  # the numbers begin on Wednesday the 11th
    assert all(dt.date.fromisoformat(day).weekday() == 0 for day in mondays)
    first_week = sum(100 + n for n in range(65, 58, -1))
    assert chart.option["series"][0]["data"][0] == first_week
    assert chart.note == "The last week is not over: it has 2 of 7 days."


@pytest.mark.django_db
def test_a_day_with_a_dau_and_no_mau_is_a_day_all_the_same(
    business: None, signed_in: SignIn
) -> None:
    measured(count("dau", ago(80), 7))
    assert signed_in("manager").get("/admin/").status_code == 200
