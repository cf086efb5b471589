"""The metrics screens: definitions, ranges, downloads, and who may start the work."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from console.models import Job, Staff
from metrics import goals, health, measurements, period_rules, tasks
from metrics.admin import export
from metrics.measurements import Figure, count, ratio
from metrics.models import Metric, PeriodRule
from tests.metrics.factories import measured, today_is

TODAY = dt.date(2017, 12, 20)
SignIn = Callable[[Staff | str], Client]


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


@pytest.fixture
def numbers(db: None) -> None:
    today_is(TODAY)
    measured(
        *(count("dau", ago(n), 1000 + n) for n in range(1, 120)),
        count("revenue", ago(1), -123_456),
        ratio("average_order", ago(1), 10, 3),
        ratio("stickiness", ago(1), 0, 0),
        ratio("monthly_retention", dt.date(2017, 11, 1), 7, 7, part="0"),
        ratio("monthly_retention", dt.date(2017, 11, 1), 2, 7, part="1"),
    )


def page_of(key: str) -> str:
    return reverse("admin:metrics_metric_change", args=[Metric.objects.get(key=key).pk])


def download(client: Client, key: str, query: str = "") -> list[dict[str, str]]:
    number = Metric.objects.get(key=key).pk
    response = client.get(reverse("admin:metrics_metric_export", args=[number]) + query)
    assert isinstance(response, StreamingHttpResponse)
    assert f'filename="{key}.csv"' in response["Content-Disposition"]
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("role", list(Staff.Role.values))
def test_everybody_reads_the_definitions_with_their_newest_values(
    numbers: None, signed_in: SignIn, role: str
) -> None:
    page = signed_in(role).get(reverse("admin:metrics_metric_changelist")).content.decode()
    assert "Different customers who did at least one event" in page
    assert "1,001" in page
    assert "-$1,234.56" in page or "−$1,234.56" in page


def test_a_page_shows_the_range_that_was_chosen(numbers: None, signed_in: SignIn) -> None:
    client = signed_in("analyst")
    month = client.get(page_of("dau") + "?range=30").content.decode()
    everything = client.get(page_of("dau") + "?range=all").content.decode()
    assert ago(30).isoformat() in month
    assert ago(31).isoformat() not in month
    assert ago(119).isoformat() in everything


def test_a_sum_counts_everybody_once_however_the_metric_is_sliced(
    numbers: None, signed_in: SignIn
) -> None:
    measured(
        count("orders", ago(1), 7),
        count("orders", ago(1), 4, part="channel=app"),
        count("orders", ago(1), 3, part="channel=web"),
    )
    page = signed_in("analyst").get(page_of("orders")).content.decode()
    assert "data-total>7<" in page
    lines = download(signed_in("analyst"), "orders")
    assert len(lines) == 3
    (figure,) = measurements.read(["orders"])["orders"]
    assert figure.value == 7


def test_a_range_that_does_not_exist_is_the_usual_one(numbers: None, signed_in: SignIn) -> None:
    page = signed_in("analyst").get(page_of("dau") + "?range=1%27").content.decode()
    assert ago(90).isoformat() in page
    assert ago(91).isoformat() not in page


def test_a_metric_that_was_never_measured_says_so(numbers: None, signed_in: SignIn) -> None:
    page = signed_in("analyst").get(page_of("mau")).content.decode()
    assert "Nothing to draw yet" in page


def test_the_retention_page_has_a_row_a_cohort(numbers: None, signed_in: SignIn) -> None:
    page = signed_in("product").get(page_of("monthly_retention")).content.decode()
    assert "2017-11" in page
    assert "28.6%" in page
    assert "2017-12 is not over" in page


def test_a_download_has_what_the_range_shows(numbers: None, signed_in: SignIn) -> None:
    client = signed_in("analyst")
    rows = download(client, "dau", "?range=30")
    assert len(rows) == 30
    assert rows[-1] == {
        "metric": "dau",
        "day": ago(1).isoformat(),
        "slice": "",
        "value": "1001.000000",
        "unit": "customers",
        "numerator": "",
        "denominator": "",
    }
    assert download(client, "revenue")[0]["value"].startswith("-1234.56")
    assert download(client, "revenue")[0]["unit"] == "USD"
    assert download(client, "stickiness")[0]["value"] == ""


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_downloaded_text_is_a_formula(text: str) -> None:
    metric = Metric(key="stage_customers", unit=Metric.Unit.CUSTOMERS)
    row = export.row(metric, Figure(metric.key, TODAY, Decimal(1), slice=text), "USD")
    assert row[2] == f"'{text}"


def test_those_who_may_start_the_work_and_watch_it(
    numbers: None,
    signed_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(tasks.run_measures, "delay", asked.append)
    client = signed_in("analyst")
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        response = client.post(reverse("admin:metrics_metric_compute"))
    job = Job.objects.get(kind="measure")
    assert asked == [job.pk]
    assert job.started_by == client.staff  # type: ignore[attr-defined]
    assert response["Location"] == reverse("admin:console_job_change", args=[job.pk])


@pytest.mark.parametrize(("role", "method"), [("support", "post"), ("analyst", "get")])
def test_nobody_else_starts_it_and_no_link_does(
    numbers: None, signed_in: SignIn, role: str, method: str
) -> None:
    response = getattr(signed_in(role), method)(reverse("admin:metrics_metric_compute"))
    assert response.status_code == 403
    assert not Job.objects.exists()


def test_nobody_is_let_in_without_signing_in(numbers: None) -> None:
    for address in (page_of("dau"), reverse("admin:metrics_metric_export", args=[1])):
        assert Client().get(address).status_code == 302


def test_a_metric_that_does_not_exist_is_not_found(numbers: None, signed_in: SignIn) -> None:
    client = signed_in("analyst")
    for number in ("999999", "x"):
        address = reverse("admin:metrics_metric_change", args=[number])
        assert client.get(address).status_code == 404


def test_money_pages_say_how_many_orders_had_another_currency(
    db: None, signed_in: Callable[[Staff | str], Client]
) -> None:
    day = dt.date(2018, 1, 3)
    today_is(day + dt.timedelta(1))
    measured(count("revenue", day, 500), count("foreign_orders", day, 2), count("orders", day, 3))
    pages = {
        key: signed_in("support")
        .get(reverse("admin:metrics_metric_change", args=[Metric.objects.get(key=key).pk]))
        .content.decode()
        for key in ("revenue", "orders")
    }
    assert "2 orders of these days came in another currency" in pages["revenue"]
    assert "came in another currency" not in pages["orders"]


def test_a_metric_says_what_hangs_on_it_and_how_it_did_before(
    numbers: None,
    signed_in: SignIn,
    staff_of: Callable[..., Staff],
    django_assert_max_num_queries: Any,
) -> None:
    by, dau = staff_of("manager"), Metric.objects.get(key="dau")
    goals.add(by=by, metric=dau, since=ago(30), until=TODAY, target=Decimal(18_000))
    period_rules.save(
        PeriodRule(name="Low", metric=dau, comparator="below", threshold=Decimal(500), times=2)
    )
    health.set_benchmark(metric=dau, value=Decimal(2_000), source="Field", day=TODAY, by=by)
    client = signed_in("analyst")
    client.get(page_of("dau"))
    with django_assert_max_num_queries(32):
        page = client.get(page_of("dau") + "?range=30").content.decode()
    for words in ("at least 18,000", "below 500", "Stickiness (DAU/MAU)", "2,000 by Field"):
        assert words in page, words
    assert "1,046" in page  # the average of the 30 days before: 31 to 60 days ago
    assert "goal/make/?metric=dau" in page
    assert "goal/make/" not in signed_in("support").get(page_of("dau")).content.decode()


def test_forms_offer_the_slices_of_a_metric_in_words(numbers: None, signed_in: SignIn) -> None:
    measured(count("orders", ago(1), 4, part="channel=*"), count("dau", ago(80), 4, part="stage=x"))
    orders = Metric.objects.get(key="orders").pk
    client = signed_in("manager")
    for form in ("metrics_goal_make", "metrics_watch_add", "metrics_periodrule_add"):
        page = client.get(reverse(f"admin:{form}")).content.decode()
        assert f'value="channel=*" data-metrics="{orders}">all others<' in page
        assert "by channel of acquisition" in page
        assert "console/slices" in page
        assert "stage=x" not in page  # measured too long ago
