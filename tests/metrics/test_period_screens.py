"""The screens of period rules: who may set them, how they are written, what they tell."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Staff
from console.states import Stale
from metrics import library, period_rules, periods
from metrics.measurements import count, ratio
from metrics.models import Closing, Metric, PeriodRule
from tests.metrics.factories import measured, today_is

pytestmark = pytest.mark.django_db
SignIn = Callable[[Staff | str], Client]
LIST = "admin:metrics_periodrule_changelist"
ADD = "admin:metrics_periodrule_add"


def form(**values: Any) -> dict[str, Any]:
    library.install()
    return {
        "name": "Too few come back",
        "metric": Metric.objects.get(key="retention_d1").pk,
        "grain": "month",
        "comparator": "below",
        "threshold": "28%",
        "times": "2",
        "days_to_act": "5",
        "is_on": "on",
    } | values


def page_of(rule: PeriodRule) -> str:
    return reverse("admin:metrics_periodrule_change", args=[rule.pk])


@pytest.mark.parametrize(
    ("key", "typed", "kept", "shown"),
    [
        ("retention_d1", "28%", "0.28", "28%"),
        ("retention_d1", "28", "0.28", "28%"),
        ("revenue", "25", "2500", "25"),
        ("orders", "1,200.5", "1200.5", "1200.5"),
    ],
)
def test_a_threshold_is_written_as_people_write_it(
    signed_in: SignIn, key: str, typed: str, kept: str, shown: str
) -> None:
    today_is("2018-01-01")
    client = signed_in("analyst")
    said = form(threshold=typed)
    said["metric"] = Metric.objects.get(key=key).pk
    assert client.post(reverse(ADD), said).status_code == 302
    rule = PeriodRule.objects.get()
    assert rule.threshold == Decimal(kept)
    assert f'value="{shown}"' in client.get(page_of(rule)).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"threshold": "lots"}, "This is no number"),
        ({"threshold": "NaN"}, "This is no number"),
        ({"threshold": ""}, "Give a threshold"),
        ({"times": "0"}, "1 to 24 periods"),
    ],
    ids=["words", "nan", "nothing", "times"],
)
def test_what_cannot_be_judged_comes_back_with_words(
    signed_in: SignIn, wrong: dict[str, str], words: str
) -> None:
    page = signed_in("manager").post(reverse(ADD), form(**wrong))
    assert page.status_code == 200
    assert words in page.content.decode()
    assert not PeriodRule.objects.exists()


@pytest.mark.parametrize("role", list(Staff.Role.values))
def test_who_may_set_them(signed_in: SignIn, role: str) -> None:
    client, may = signed_in(role), role in {"manager", "analyst", "admin"}
    assert client.get(reverse(LIST)).status_code == 200
    assert client.post(reverse(ADD), form()).status_code == (302 if may else 403)
    assert PeriodRule.objects.exists() == may
    client.post(reverse("admin:metrics_periodrule_late_days"), {"days": "9"})
    assert periods.late_days() == (9 if may else 3)


def test_days_for_late_data_are_a_number(signed_in: SignIn) -> None:
    for typed in ("-1", "61", "x", ""):
        signed_in("manager").post(reverse("admin:metrics_periodrule_late_days"), {"days": typed})
    assert not Closing.objects.exists()


def test_the_page_tells_both_verdicts_and_leads_to_the_work(
    signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    today_is("2018-03-10")
    client = signed_in("analyst")
    client.post(reverse(ADD), form(times="1"))
    rule = PeriodRule.objects.get()
    measured(ratio("retention_d1", dt.date(2018, 1, 31), 1, 10))
    periods.close(today=dt.date(2018, 3, 8))
    period_rules.judge_all(today=dt.date(2018, 3, 8))
    measured(ratio("retention_d1", dt.date(2018, 1, 31), 4, 10))
    periods.close(today=dt.date(2018, 3, 9))
    period_rules.judge_all(today=dt.date(2018, 3, 9))
    page = client.get(page_of(rule)).content.decode()
    for words in ("2018-01", "10.0%", "40.0%", "breached", "held", "late data says otherwise"):
        assert words in page
    assert reverse("admin:console_workitem_change", args=[rule.breaches.get().work_item_id]) in page
    with django_assert_max_num_queries(16):
        newest = client.get(reverse(LIST)).content.decode()
    assert "2018-01: 40.0% · held" in newest


def test_closed_periods_are_listed_with_what_late_data_changed(signed_in: SignIn) -> None:
    today_is("2018-03-10")
    measured(count("orders", dt.date(2018, 1, 31), 3), count("buyers", dt.date(2018, 1, 31), 2))
    periods.close(today=dt.date(2018, 2, 10))
    measured(count("orders", dt.date(2018, 1, 31), 4))
    periods.close(today=dt.date(2018, 2, 11))
    address = reverse("admin:metrics_periodresult_changelist")
    page = signed_in("support").get(address + "?late=yes").content.decode()
    assert "again, late data (2)" in page
    assert "Buyers" not in page
    file = signed_in("support").get(reverse("admin:metrics_periodresult_export") + "?late=yes")
    lines = [one.split(",") for one in file.getvalue().decode("utf-8-sig").splitlines()]
    assert [line[:6] for line in lines[1:]] == [
        ["orders", "", "month", "2018-01-01", "2", "4.000000"],
    ]


def test_of_two_who_change_a_rule_at_once_the_second_is_told(signed_in: SignIn) -> None:
    client = signed_in("analyst")
    client.post(reverse(ADD), form())
    rule = PeriodRule.objects.get()
    seen = client.get(page_of(rule)).context["adminform"].form.initial["seen"]
    assert client.post(page_of(rule), form(days_to_act="9", seen=seen)).status_code == 302
    page = client.post(page_of(rule), form(times="7", seen=seen))
    assert page.status_code == 200
    assert "changed by somebody else" in page.content.decode()
    assert 'value="7"' in page.content.decode()  # what was typed is not lost
    rule.refresh_from_db()
    assert (rule.days_to_act, rule.times) == (9, 2)
    rule.times = 7
    with pytest.raises(Stale):
        period_rules.save(rule, seen=seen)


def test_who_only_reads_sees_the_rule_without_its_mark(signed_in: SignIn) -> None:
    signed_in("analyst").post(reverse(ADD), form())
    page = signed_in("support").get(page_of(PeriodRule.objects.get())).content.decode()
    assert "Too few come back" in page
    assert "field-seen" not in page


def test_a_slice_that_is_not_measured_is_refused_and_a_known_one_has_its_words(
    signed_in: SignIn,
) -> None:
    client = signed_in("analyst")
    said = form(slice="shoe=42", metric=form()["metric"])
    assert "not measured by this slice" in client.post(reverse(ADD), said).content.decode()
    said = form(slice="channel=*", metric=Metric.objects.get(key="new_customers").pk)
    assert client.post(reverse(ADD), said | {"threshold": "20"}).status_code == 302
    assert "(all others)" in client.get(reverse(LIST)).content.decode()
