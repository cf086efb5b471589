"""The page of alerts, what is watched, and the notices on the home page."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console import seen, work
from console.models import Staff, WorkLift
from console.states import NotAllowed, Stale
from metrics import alerts, library
from metrics.measurements import Figure
from metrics.models import Alert, Metric, Watch
from tests.factories import TeamFactory
from tests.metrics.factories import measured, today_is

pytestmark = pytest.mark.django_db
SignIn = Callable[[Staff | str], Client]
LIST = "admin:metrics_alert_changelist"
TODAY = dt.date(2018, 1, 1)


def alert(key: str = "orders", **values: Any) -> Alert:
    library.install()
    today_is(TODAY)
    watch = Watch.objects.create(metric=Metric.objects.get(key=key))
    said = {
        "began_on": TODAY - dt.timedelta(2),
        "last_on": TODAY - dt.timedelta(1),
        "value": Decimal(400),
        "expected": Decimal(1_000),
    }
    return Alert.objects.create(watch=watch, **(said | values))


def test_one_line_a_cause_with_its_effects(
    signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    orders = alert()
    alert("revenue", cause=orders, value=Decimal(5_000), expected=Decimal(10_000))
    alert("dau", status="resolved", resolved_on=TODAY)
    client = signed_in("product")
    with django_assert_max_num_queries(14):
        page = client.get(reverse(LIST)).content.decode()
    for words in ("Orders", "−60.0%", "Revenue", "−50.0%", "Over on"):
        assert words in page
    assert page.count("data-alert=") == 1
    assert "I look after it" not in page
    home = client.get(reverse("admin:index")).content.decode()
    assert "1 other with it" in home


def test_nothing_stands_out_is_said(signed_in: SignIn) -> None:
    client = signed_in("support")
    assert "Nothing stands out" in client.get(reverse(LIST)).content.decode()
    assert "Nothing waits for you" in client.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize("role", list(Staff.Role.values))
def test_who_may_answer_an_alert(signed_in: SignIn, role: str) -> None:
    one, client = alert(), signed_in(role)
    may = role in {"operator", "manager", "analyst", "admin"}
    address = reverse("admin:metrics_alert_do", args=[one.pk])
    assert client.get(address).status_code == 405
    answer = client.post(address, {"deed": "acknowledge"})
    assert answer.status_code == (302 if may else 403)
    client.post(address, {"deed": "snooze", "until": "2018-01-20"})
    one.refresh_from_db()
    assert (one.status == "acknowledged") == may
    assert (one.watch.snoozed_until == dt.date(2018, 1, 20)) == may


def test_a_day_that_makes_no_sense_is_refused_in_words(signed_in: SignIn) -> None:
    one, client = alert(), signed_in("manager")
    for until in ("soon", "2017-12-01", "2030-01-01"):
        address = reverse("admin:metrics_alert_do", args=[one.pk])
        page = client.post(address, {"deed": "snooze", "until": until}, follow=True)
        assert "day" in page.content.decode()
    one.watch.refresh_from_db()
    assert one.watch.snoozed_until is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"kind": "level", "side": "low", "threshold": ""}, "needs a threshold"),
        ({"kind": "level", "side": "both", "threshold": "5"}, "which side"),
        ({"kind": "change", "side": "low", "threshold": "-3%"}, "above nothing"),
        ({"kind": "level", "side": "low", "threshold": "x"}, "no number"),
    ],
    ids=["nothing", "side", "change", "words"],
)
def test_a_watch_that_makes_no_sense_comes_back(
    signed_in: SignIn, said: dict[str, str], words: str
) -> None:
    library.install()
    metric = Metric.objects.get(key="orders").pk
    page = signed_in("analyst").post(
        reverse("admin:metrics_watch_add"), {"metric": metric, "cool_down_days": "3", **said}
    )
    assert words in page.content.decode()
    assert not Watch.objects.exists()


def test_a_watch_is_kept_as_it_was_written(signed_in: SignIn) -> None:
    library.install()
    client = signed_in("analyst")
    said = {
        "metric": Metric.objects.get(key="revenue").pk,
        "kind": "level",
        "side": "low",
        "threshold": "1,000",
        "cool_down_days": "3",
        "is_on": "on",
    }
    assert client.post(reverse("admin:metrics_watch_add"), said).status_code == 302
    assert Watch.objects.get().threshold == 100_000
    assert client.post(reverse("admin:metrics_watch_add"), said).status_code == 200
    assert Watch.objects.count() == 1
    assert (
        "is beyond a level 1000"
        in client.get(reverse("admin:metrics_watch_changelist")).content.decode()
    )


@pytest.mark.parametrize(
    ("typed", "kept"), [("30", "0.3"), ("30%", "0.3"), ("0.3", "0.3"), ("１５０％", "1.5")]
)
def test_a_change_is_a_share_however_it_is_written(
    signed_in: SignIn, typed: str, kept: str
) -> None:
    library.install()
    said = {"metric": Metric.objects.get(key="orders").pk, "kind": "change", "side": "low"}
    said |= {"threshold": typed, "cool_down_days": "3", "is_on": "on"}
    assert signed_in("analyst").post(reverse("admin:metrics_watch_add"), said).status_code == 302
    assert Watch.objects.get().threshold == Decimal(kept)


def test_the_home_page_has_my_work(signed_in: SignIn) -> None:
    today_is(TODAY)
    client = signed_in("operator")
    me: Staff = client.staff  # type: ignore[attr-defined]
    work.give("test", "Call them", on=dt.date(2017, 12, 1), owner=me, due_on=dt.date(2017, 12, 9))
    home = client.get(reverse("admin:index")).content.decode()
    assert "Call them" in home
    assert "overdue" in home


def test_alerts_are_a_file_too_and_slices_have_words(signed_in: SignIn) -> None:
    one = alert("new_customers", status="resolved", resolved_on=TODAY)
    Watch.objects.update(slice="channel=*")
    client = signed_in("support")
    assert "all others" in client.get(reverse(LIST)).content.decode()
    file = client.get(reverse("admin:metrics_alert_export"))
    heading, line = file.getvalue().decode("utf-8-sig").splitlines()
    assert heading.startswith("metric,slice,kind,status")
    assert line.startswith(f"new_customers,channel=*,anomaly,resolved,{one.began_on}")


def test_of_two_who_change_a_watch_at_once_the_second_is_told(signed_in: SignIn) -> None:
    watch = alert().watch
    client = signed_in("analyst")
    address = reverse("admin:metrics_watch_change", args=[watch.pk])
    seen = client.get(address).context["adminform"].form.initial["seen"]
    said = {"metric": watch.metric_id, "kind": "anomaly", "side": "both", "seen": seen}
    assert client.post(address, {**said, "cool_down_days": "5"}).status_code == 302
    page = client.post(address, {**said, "cool_down_days": "9"})
    assert "changed by somebody else" in page.content.decode()
    watch.refresh_from_db()
    assert watch.cool_down_days == 5
    with pytest.raises(Stale):
        alerts.save(watch, by=client.staff, seen=seen)  # type: ignore[attr-defined]


def test_a_watch_raises_a_teams_work_while_it_warns_as_one_of_its_managers_chose(
    signed_in: SignIn,
) -> None:
    library.install()
    today_is(TODAY)
    client, chief = signed_in("analyst"), signed_in("manager").staff  # type: ignore[attr-defined]
    watch = Watch.objects.create(
        metric=Metric.objects.get(key="orders"), kind="level", side="low", threshold=500
    )
    watch.refresh_from_db()
    mark = seen.of(watch, alerts.FIELDS)
    watch.raises, watch.raised_days = chief.team, 3
    with pytest.raises(NotAllowed):
        alerts.save(watch, by=client.staff, seen=mark)  # type: ignore[attr-defined]
    alerts.save(watch, by=chief, seen=mark)
    for days_ago in (3, 2):
        day = TODAY - dt.timedelta(days_ago)
        measured(Figure("orders", day, Decimal(400)))
        alerts.judge_all(day=day)
    (lift,) = WorkLift.objects.all()
    assert (lift.since, lift.until) == (TODAY - dt.timedelta(2), TODAY + dt.timedelta(1))
    assert "comes first" in client.get(reverse(LIST)).content.decode()


def test_only_teams_whose_work_one_may_raise_are_offered(signed_in: SignIn) -> None:
    one, other = alert(), TeamFactory.create(name="Others")
    page = reverse("admin:metrics_watch_change", args=[one.watch.pk])
    manager = signed_in("manager")
    mine = manager.staff.team_id  # type: ignore[attr-defined]

    def offered(client: Client) -> set[Any]:
        form = client.get(page).context["adminform"].form
        return {getattr(key, "value", key) for key, _name in form["raises"].field.choices}

    assert offered(manager) == {"", mine}
    assert offered(signed_in("analyst")) == {""}
    Watch.objects.filter(pk=one.watch.pk).update(raises=other)
    assert offered(manager) == {"", mine, other.pk}
