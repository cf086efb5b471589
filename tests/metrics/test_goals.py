"""Goals, the scorecard and the review: the field's year on their pages, forecasts, refusals."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign, CampaignResult
from campaigns.outcomes import forecasts
from console.models import AuditEntry, Staff
from console.states import NotAllowed, Stale
from metrics import goals, health, measurements, reviews, spending, tasks
from metrics.measurements import Figure, count, ratio
from metrics.models import Goal, Indicator, Metric, ReviewNote
from tests.metrics.factories import CampaignFactory, measured, today_is

SignIn = Callable[[Staff | str], Client]
StaffOf = Callable[..., Staff]
TODAY = dt.date(2026, 1, 1)
FIRST, LAST = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
DAYS = (dt.date(2025, 3, 1), dt.date(2025, 9, 1))
# metric, target, at most?, what the page says: the implied goals of S1
YEAR: tuple[tuple[str, str, bool, str], ...] = (
    ("new_customers", "50000", False, "124.0%"),
    ("app_share", "60", False, "110.2%"),
    ("cac", "25", True, "10.8% below the target"),
    ("mau", "180000", False, "108.3%"),
    ("dau", "18000", False, "110.0%"),
    ("daily_minutes", "35", False, "109.1%"),
    ("retention_d7", "45", False, "107.1%"),
    ("retention_d30", "35", False, "108.6%"),
    ("new_payers", "8000", False, "115.8%"),
    ("paid_rate", "4.5", False, "113.3%"),
)


@pytest.fixture
def year(db: None) -> None:
    """S1's year on two days, whose sums, averages and shares are those of the year."""
    today_is(TODAY)
    one, other = DAYS
    measured(
        count("new_customers", one, 40_000),
        count("new_customers", other, 22_000),
        ratio("app_share", one, 26_440, 40_000),
        ratio("app_share", other, 14_542, 22_000),
        ratio("cac", one, 40_000 * 2000, 40_000),
        ratio("cac", other, 62_000 * 2230 - 40_000 * 2000, 22_000),
        count("mau", one, 190_000),
        count("mau", other, 200_000),
        count("dau", one, 18_600),
        count("dau", other, 21_000),
        ratio("stickiness", one, 18_600, 190_000),
        ratio("stickiness", other, 21_000, 200_000),
        count("seconds_in_app", one, 45_000_000),
        count("seconds_in_app", other, 2 * 45_381_600 - 45_000_000),
        Figure("daily_minutes", one, Decimal(40)),
        ratio("retention_d7", one, 482, 1_000),
        ratio("retention_d30", one, 38, 100),
        count("new_payers", one, 9_260),
        ratio("paid_rate", one, 51, 1_000),
    )


def test_the_year_of_the_field_to_the_digit_on_its_page(year: None, signed_in: SignIn) -> None:
    client = signed_in("manager")
    for key, target, at_most, _said in YEAR:
        given = {
            "metric": Metric.objects.get(key=key).pk,
            "since": FIRST,
            "until": LAST,
            "target": target,
            "direction": "at_most" if at_most else "at_least",
            "owner": client.staff.pk,  # type: ignore[attr-defined]
        }
        answer = client.post(reverse("admin:metrics_goal_make"), given)
        assert answer.status_code == 302, answer.content.decode()
    page = client.get(reverse("admin:metrics_goal_changelist") + "?show=over").content.decode()
    for _key, _target, _at_most, said in YEAR:
        assert f"data-attained>{said}<" in page
    assert "It came to 66.1% against 60.0%" in page
    assert "It came to $22.30 against $25.00: 10.8% below the target." in page
    assert "38.2" in page
    assert page.count('badge good">reached') == len(YEAR)
    review = client.get(reverse("admin:metrics_reviewnote_changelist") + "?period=2025")
    page = review.content.decode()
    assert "10.2%" in page  # DAU by MAU
    assert "data-attained>124.0%<" in page


def test_many_goals_cost_no_more_queries_than_few(
    year: None, signed_in: SignIn, staff_of: StaffOf, django_assert_max_num_queries: Any
) -> None:
    by, metric = staff_of("admin"), Metric.objects.get(key="dau")
    for number in range(30):
        goals.add(by=by, metric=metric, since=FIRST, until=LAST, target=Decimal(number + 1))
    client = signed_in("support")
    client.get(reverse("admin:index"))
    with django_assert_max_num_queries(16):
        client.get(reverse("admin:metrics_goal_changelist") + "?show=over")


def test_a_running_goal_tells_its_pace_and_what_it_will_come_to(
    db: None, staff_of: StaffOf
) -> None:
    today_is(dt.date(2025, 6, 16))
    start = dt.date(2025, 5, 1)
    measured(*(count("orders", start + dt.timedelta(days=n), 10) for n in range(46)))
    june = {"since": dt.date(2025, 6, 1), "until": dt.date(2025, 6, 30)}
    orders = Metric.objects.get(key="orders")
    goal = goals.add(by=staff_of("operator"), metric=orders, target=Decimal(320), **june)
    (found,) = goals.standings([goal], last=dt.date(2025, 6, 15))
    assert found.attained.actual == 150
    assert found.forecast.actual == 300
    assert found.due == Decimal("0.5")
    assert (found.light, found.pace) == ("warn", Decimal(150) / 160)
    assert "The forecast to the end is 300: 6.2% below" in goals.reason(found, "USD")


@pytest.mark.parametrize(
    ("values", "reason"),
    [([], "Nothing was measured"), ([0], "The forecast to the end is 0")],
    ids=["no day", "only nought"],
)
def test_a_goal_without_anything_says_so(
    db: None, staff_of: StaffOf, values: list[int], reason: str
) -> None:
    today_is(dt.date(2025, 6, 16))
    measured(*(count("orders", dt.date(2025, 6, 15), one) for one in values))
    days = {"since": dt.date(2025, 6, 1), "until": dt.date(2025, 6, 30)}
    goal = goals.add(
        by=staff_of("admin"), metric=Metric.objects.get(key="orders"), target=Decimal(1), **days
    )
    (found,) = goals.standings([goal], last=dt.date(2025, 6, 15))
    assert reason in goals.reason(found, "USD")


def test_goals_belong_to_teams_and_to_versions(year: None, staff_of: StaffOf) -> None:
    by, metric = staff_of("operator"), Metric.objects.get(key="dau")
    days = {"since": FIRST, "until": LAST}
    goal = goals.add(by=by, metric=metric, target=Decimal(5), **days)
    goals.edit(goal, by=by, seen_version=1, target=Decimal(6))
    with pytest.raises(Stale):
        goals.edit(goal, by=by, seen_version=1, target=Decimal(7))
    with pytest.raises(NotAllowed, match="role"):
        goals.add(by=staff_of("support"), metric=metric, target=Decimal(5), **days)
    with pytest.raises(NotAllowed, match="above nought"):
        goals.add(by=by, metric=metric, target=Decimal(0), **days)
    assert Goal.objects.get().target == 6


def test_two_who_archive_a_goal_at_once_both_have_it_archived(
    year: None, signed_in: SignIn
) -> None:
    client = signed_in("admin")
    by: Staff = client.staff  # type: ignore[attr-defined]
    metric = Metric.objects.get(key="dau")
    goal = goals.add(by=by, metric=metric, target=Decimal(5), since=FIRST, until=LAST)
    address = "admin:metrics_goal_do"
    for _again in range(2):
        client.post(reverse(address, args=[goal.pk, "archive"]))
        goal.refresh_from_db()
        assert goal.archived_at is not None
    client.post(reverse(address, args=[goal.pk, "restore"]))
    goal.refresh_from_db()
    assert goal.archived_at is None
    assert client.post(reverse(address, args=[goal.pk, "eat"])).status_code == 404
    assert AuditEntry.objects.filter(action="goal.archived").count() == 1


# --- the scorecard ----------------------------------------------------------------


def test_the_scorecard_weighs_what_is_known(
    year: None, signed_in: SignIn, staff_of: StaffOf, django_assert_max_num_queries: Any
) -> None:
    today_is(dt.date(2025, 9, 20))
    for_stickiness = Metric.objects.get(key="stickiness")
    health.set_benchmark(
        metric=for_stickiness, value=Decimal("0.0850"), source="Industry", day=FIRST,
        by=staff_of("analyst"),
    )  # fmt: skip
    card = health.scorecard(dt.date(2025, 9, 19))
    known = {one.indicator.metric.key: one for one in card.standings if one.score is not None}
    assert len(card.standings) == 12
    assert known["stickiness"].value == Decimal(21_000) / 200_000
    assert card.score is not None
    client = signed_in("support")
    client.get(reverse("admin:index"))
    with django_assert_max_num_queries(18):
        page = client.get(reverse("admin:metrics_indicator_changelist")).content.decode()
    assert "+2.0 points · 8.5% by Industry, 2025-01-01" in page
    assert "Between bad (10.0%) and good (20.0%)" in page
    lost = sum(card.lost(one) or 0 for one in card.standings)
    assert round(lost + card.score, 6) == 100
    assert card.dearest()[0].indicator.metric.label in page.split("comes first:")[1][:200]
    assert "not known" in page


@pytest.mark.django_db
def test_a_share_of_too_few_gets_no_light_and_costs_no_points(signed_in: SignIn) -> None:
    health.install()
    today_is(dt.date(2025, 9, 20))
    day = dt.date(2025, 9, 18)
    measurements.keep([ratio("retention_d1", day, 0, 6), ratio("stickiness", day, 0, 600)])
    card = health.scorecard(dt.date(2025, 9, 19))
    by_key = {one.indicator.metric.key: one for one in card.standings}
    few, many = by_key["retention_d1"], by_key["stickiness"]
    assert few.value == 0
    assert (few.score, few.light, few.is_thin, card.lost(few)) == (None, "", True, None)
    assert (many.light, many.is_thin, card.dearest()) == ("bad", False, [many])
    page = signed_in("analyst").get(reverse("admin:metrics_indicator_changelist")).content.decode()
    assert "0 of 6" in page
    assert "too few to judge" in page
    assert "Of 6 nobody can tell good from bad; about 16 are enough." in page


def test_operators_set_weights_and_thresholds(year: None, signed_in: SignIn) -> None:
    health.install()
    client = signed_in("operator")
    rows = list(Indicator.objects.select_related("metric"))
    given: dict[str, Any] = {"form-TOTAL_FORMS": 12, "form-INITIAL_FORMS": 12}
    for place, one in enumerate(rows):
        given |= {f"form-{place}-metric": one.metric_id, f"form-{place}-weight": place,
                  f"form-{place}-good": "40", f"form-{place}-bad": "20"}  # fmt: skip
    address = reverse("admin:metrics_indicator_set")
    assert client.post(address, given).status_code == 302
    first = Indicator.objects.get(metric__key="stickiness")
    assert (first.weight, first.good, first.bad) == (0, Decimal("0.4"), Decimal("0.2"))
    twice = client.post(address, {**given, "form-1-metric": rows[0].metric_id})
    assert "twelve different" in twice.content.decode()
    assert signed_in("support").post(address, given).status_code == 403
    assert Indicator.objects.count() == 12


# --- the review -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "since", "before", "year_before"),
    [
        ("2025-12", dt.date(2025, 12, 1), "2025-11", "2024-12"),
        ("2025-Q1", dt.date(2025, 1, 1), "2024-Q4", "2024-Q1"),
        ("2025", dt.date(2025, 1, 1), "2024", "2024"),
    ],
)
def test_periods_know_what_they_are_compared_with(
    name: str, since: dt.date, before: str, year_before: str
) -> None:
    period = reviews.named(name)
    assert period is not None
    assert (period.since, period.before().name, period.year_before().name) == (
        since, before, year_before,
    )  # fmt: skip
    assert reviews.named(f"{name}x") is None


def test_people_write_down_what_was_achieved(
    year: None, signed_in: SignIn, staff_of: StaffOf
) -> None:
    client, page = signed_in("manager"), reverse("admin:metrics_reviewnote_changelist")
    write = reverse("admin:metrics_review_write") + "?period=2025"
    client.post(write, {"kind": "reflected", "text": "<b>Discounts</b>\r\nblurred it"})
    shown = client.get(page + "?period=2025").content.decode()
    assert "&lt;b&gt;Discounts&lt;/b&gt;\nblurred it" in shown
    assert "Discounts" not in client.get(page + "?period=2024").content.decode()
    assert signed_in("support").post(write, {"kind": "planned", "text": "x"}).status_code == 403
    with pytest.raises(NotAllowed, match="who wrote it"):
        reviews.remove(ReviewNote.objects.get(), by=staff_of("operator"))
    export = reverse("admin:metrics_review_export") + "?period=2025"
    answer = client.get(export)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "new_customers,customers,62000.000000," in text
    assert "cac,USD,22.300000," in text  # in whole units, as in every file


def test_money_is_in_the_review_by_channel(
    year: None, signed_in: SignIn, staff_of: StaffOf
) -> None:
    by = staff_of("manager")
    channel = spending.save_channel(None, name="Ads", words=[], cap_minor=None, by=by)
    spending.enter(since=FIRST, until=LAST, channel=channel, amount_minor=99_900, by=by)
    page = (
        signed_in("analyst")
        .get(reverse("admin:metrics_reviewnote_changelist") + "?period=2025")
        .content.decode()
    )
    assert "$999.00" in page


def test_calls_are_told_of_all_whom_they_were_meant_for(year: None, signed_in: SignIn) -> None:
    """As the campaign's own page does: nobody counts a call as sent."""
    began = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)
    campaign = CampaignFactory.create(name="Calls", started_at=began, status=Campaign.Status.SENT)
    CampaignResult.objects.create(
        campaign=campaign,
        treated=665,
        treated_purchased=655,
        treated_revenue_minor=4_945_694,
        cost_minor=665_000,
        window_days=7,
        computed_at=began,
    )
    assert forecasts.came(campaign.result)["each"] == 1_000
    client = signed_in("analyst")
    review = reverse("admin:metrics_reviewnote_changelist") + "?period=2025"
    listed = reverse("admin:campaigns_campaign_changelist")
    for address, told in [
        (review, (">665<", ">655<", "98.5%", "$49,456.94")),
        (listed, ("98.5%", "$49,456.94")),
        (reverse("admin:index"), ("665", "98%", "$49.5K")),
    ]:
        page = client.get(address).content.decode()
        assert [one for one in told if one not in page] == [], address


def test_a_goal_and_a_review_say_of_when_their_numbers_are(
    year: None, signed_in: SignIn, staff_of: StaffOf
) -> None:
    metric, by = Metric.objects.get(key="dau"), staff_of("operator")
    goal = goals.add(by=by, metric=metric, since=FIRST, until=LAST, target=Decimal(18_000))
    client = signed_in("analyst")
    page = client.get(reverse("admin:metrics_goal_change", args=[goal.pk])).content.decode()
    assert "as of 2025-09-01" in page
    assert "active v1" in page
    review = reverse("admin:metrics_reviewnote_changelist") + "?period=2025"
    assert "Measured 20" in client.get(review).content.decode()


# --- the API ----------------------------------------------------------------------


def test_other_programs_set_goals_and_post_spend(
    year: None, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.run_due_measures, "delay", lambda pk: None)
    client, json = signed_in("manager"), "application/json"
    given = {"metric": "new_customers", "since": "2025-01-01", "until": "2025-12-31",
             "target": "50000"}  # fmt: skip
    made = client.post("/api/v1/goals/", given, json)
    assert made.status_code == 201, made.json()
    one = f"/api/v1/goals/{made.json()['id']}/"
    standing = client.get(f"{one}standing/").json()
    assert (standing["attained"], standing["light"]) == (1.24, "good")
    assert client.patch(one, {"target": "60000", "version": 9}, json).status_code == 409
    assert client.patch(one, {"slice": "stage=new"}, json).status_code == 400
    assert signed_in("support").post("/api/v1/goals/", given, json).status_code == 403
    spent = client.post("/api/v1/spend/", {"day": "2025-03-01", "amount_minor": 500}, json)
    assert spent.status_code == 201, spent.json()
    costs = client.get("/api/v1/spend/channels/?since=2025-01-01&until=2025-12-31").json()
    assert [(one["kind"], one["spend_minor"]) for one in costs] == [("rest", 500), ("total", 500)]
    assert client.get("/api/v1/spend/channels/?since=x").status_code == 400
    assert client.delete(f"/api/v1/spend/{spent.json()[0]['id']}/").status_code == 204
    later = {"day": "2026-03-01", "amount_minor": 5}
    assert client.post("/api/v1/spend/", later, json).status_code == 403
