"""Asking from the page that shows why: the chart is frozen, and drawn by the console alone."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from console import about
from console.models import RequestLink, Staff, TeamRequest
from metrics.measurements import count
from metrics.models import Alert, Measurement, Metric, Watch
from tests.factories import StaffFactory, TeamFactory
from tests.metrics.factories import CampaignFactory, SegmentFactory, measured, today_is

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
TODAY = dt.date(2026, 3, 2)
NEW = "admin:console_teamrequest_new"


@pytest.fixture
def orders() -> Metric:
    today_is(TODAY)
    measured(*(count("orders", TODAY - dt.timedelta(days=n), 100 + n) for n in range(1, 9)))
    return Metric.objects.get(key="orders")


def page_of(metric: Metric) -> str:
    return reverse("admin:metrics_metric_change", args=[metric.pk]) + "?range=30"


def test_a_request_from_a_metric_keeps_the_chart_as_it_was(
    orders: Metric, signed_in: SignIn
) -> None:
    client = signed_in("operator")
    shown = client.get(page_of(orders)).content.decode()
    assert "Ask another team" in shown
    form = client.get(reverse(NEW), {"about": page_of(orders), "kind": "analysis"})
    assert 'value="orders" selected' in form.content.decode()
    tech = TeamFactory.create(name="Tech")
    given = {
        "kind": "analysis",
        "title": "Why do orders fall?",
        "from_team": client.staff.team_id,  # type: ignore[attr-defined]
        "to_team": tech.pk,
        "about": page_of(orders),
        "key": "form:1",
    }
    answer = client.post(reverse(NEW), given)
    assert answer.status_code == 302, answer.content.decode()
    link = RequestLink.objects.get()
    assert (link.subject, link.path) == (orders, page_of(orders))
    assert link.shown is not None
    assert link.shown["rows"][0] == ["2026-03-01", "101"]
    Measurement.objects.all().delete()
    request = client.get(reverse("admin:console_teamrequest_change", args=[link.request_id]))
    assert "2026-03-01" in request.content.decode()
    assert f"as it was on {TODAY.isoformat()}" in request.content.decode()
    assert "computed" not in request.content.decode()
    assert "Why do orders fall?" in client.get(page_of(orders)).content.decode()


def test_the_kept_chart_is_read_in_the_readers_language(orders: Metric, signed_in: SignIn) -> None:
    client = signed_in("operator")
    given = {
        "kind": "analysis",
        "title": "Why?",
        "from_team": client.staff.team_id,  # type: ignore[attr-defined]
        "to_team": TeamFactory.create(name="Tech").pk,
        "about": page_of(orders),
        "key": "form:1",
    }
    assert client.post(reverse(NEW), given).status_code == 302
    link = RequestLink.objects.get()
    page = reverse("admin:console_teamrequest_change", args=[link.request_id])
    read = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            label = orders.label
        answer = client.get(page, headers={"accept-language": language})
        (kept,) = answer.context["links"]
        chart = kept["chart"]
        read[language] = (kept["title"], chart.title, *chart.columns)
        assert (kept["title"], chart.columns[1]) == (label, label)
    assert all(one != other for one, other in zip(*read.values(), strict=True)), read


def test_the_requests_about_a_record_show_to_whom_they_concern_alone(
    orders: Metric, signed_in: SignIn
) -> None:
    asker = StaffFactory.create()
    request = TeamRequest.objects.create(
        kind="fix",
        title="Hush",
        from_team=asker.team,
        to_team=TeamFactory.create(name="Tech"),
        asked_by=asker,
    )
    found = about.of(page_of(orders), by=asker)
    assert found is not None
    about.attach(request, found, by=asker)
    assert "Hush" in signed_in(asker).get(page_of(orders)).content.decode()
    stranger = StaffFactory.create(team=TeamFactory.create(name="Brand"))
    assert "Hush" not in signed_in(stranger).get(page_of(orders)).content.decode()


def test_every_page_that_offers_it_is_understood(orders: Metric) -> None:
    staff = StaffFactory.create_with_role(Staff.Role.OPERATOR)
    watch = Watch.objects.create(metric=orders, kind="anomaly")
    alert = Alert.objects.create(watch=watch, began_on=TODAY, last_on=TODAY, value=1, expected=2)
    pages = {
        reverse("admin:metrics_alert_change", args=[alert.pk]): alert,
        reverse("admin:segments_segment_change", args=[(one := SegmentFactory.create()).pk]): one,
        reverse(
            "admin:campaigns_campaign_change", args=[(two := CampaignFactory.create()).pk]
        ): two,
    }
    for address, record in pages.items():
        found = about.of(address, by=staff)
        assert found is not None, address
        assert found.subject == record
    funnel = reverse("admin:metrics_savedreport_show", args=["retention"])
    told = about.of(funnel, by=staff)
    assert told is not None
    assert (told.title, told.subject) == ("Retention", None)


@pytest.mark.parametrize(
    "address",
    ["https://example.com/x", "//example.com/x", "/nowhere/", "javascript:alert(1)", "/", ""],
)
def test_other_addresses_tell_nothing(address: str) -> None:
    assert about.of(address, by=StaffFactory.create()) is None


def test_alerts_say_what_was_asked_about_them_in_one_query(
    orders: Metric, signed_in: SignIn, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client = signed_in("operator")
    for kind in ("anomaly", "level", "change"):
        watch = Watch.objects.create(metric=orders, kind=kind, threshold=1)
        Alert.objects.create(watch=watch, began_on=TODAY, last_on=TODAY, value=1, expected=2)
    page = reverse("admin:metrics_alert_changelist")
    client.get(page)
    with django_assert_max_num_queries(24):  # type: ignore[attr-defined]
        assert client.get(page).content.decode().count("Ask another team") == 3


def test_an_address_that_is_none_tells_nothing(signed_in: SignIn) -> None:
    assert about.of("//[", by=StaffFactory()) is None
    shown = signed_in("operator").get(reverse(NEW), {"about": "http://[", "kind": "analysis"})
    assert shown.status_code == 200
