"""The screens of comparisons: asking one, reading what came of it, and who may."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap

from console.models import Staff
from metrics import comparisons, tasks
from metrics.comparisons import Given
from metrics.models import ComparedDay, Comparison
from segments.models import CustomerList
from tests.factories import StaffFactory
from tests.metrics.factories import today_is
from tests.metrics.test_comparisons import sums

pytestmark = pytest.mark.django_db
SignIn = Callable[[Staff | str], Client]
LIST = "admin:metrics_comparison_changelist"
SINCE = dt.date(2017, 5, 10)


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.count_comparison, "delay", lambda *_: None)


def lists() -> list[str]:
    found = []
    for name, who in (("control", [1, 2]), ("variant", [3, 4])):
        row = CustomerList.objects.create(
            name=name, kind="id", status="ready", members=BitMap(who), size=2
        )
        found.append(f"list:{row.pk}")
    return found


def made(*, is_random: bool = True, days: int = 3) -> Comparison:
    """One with made-up sums on each day."""
    today_is("2017-06-01")
    comparison = comparisons.add(
        "Coupon",
        [Given(one, name) for one, name in zip(lists(), ("none", "<b>coupon</b>"), strict=True)],
        goal_event="order_paid",
        since=SINCE,
        until=SINCE + dt.timedelta(days - 1),
        by=StaffFactory.create(),
        is_random=is_random,
    )
    for place, group in enumerate(comparison.groups.all()):
        for n in range(days):
            done = (n + 1) * (100 + 60 * place)
            day = SINCE + dt.timedelta(n)
            ComparedDay.objects.create(group=group, day=day, sums=sums(5_000, done))
    comparison.counted_through = comparison.until
    comparison.plan = {"odds": 0.1, "variance": 50_000.0}
    comparison.save()
    return comparison


def page_of(comparison: Comparison) -> str:
    return reverse("admin:metrics_comparison_change", args=[comparison.pk])


def asked(**values: Any) -> dict[str, Any]:
    control, variant = lists()
    return {
        "name": "Coupon or none",
        "goal_event": "order_paid",
        "source0": control,
        "source1": variant,
        "since": "2017-05-10",
        "until": "2017-05-20",
        "is_random": "on",
    } | values


def test_the_page_says_who_won_with_bounds_and_its_course(
    signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    comparison, client = made(), signed_in("manager")
    client.get(page_of(comparison))
    with django_assert_max_num_queries(14):
        page = client.get(page_of(comparison)).content.decode()
    for words in ("won", "6.00%", "9.60%", "+60.0%", "no difference shown", "2017-05-12"):
        assert words in page
    assert "&lt;b&gt;coupon" in page
    assert "<b>coupon" not in page
    assert "a difference is no effect" not in page


def test_groups_that_are_not_random_are_said_to_be_so(signed_in: SignIn) -> None:
    page = signed_in("analyst").get(page_of(made(is_random=False))).content.decode()
    assert "a difference is no effect" in page
    assert "higher, which is no effect" in page
    assert ">won<" not in page


def test_before_the_first_day_the_page_says_so(signed_in: SignIn) -> None:
    comparison = made()
    ComparedDay.objects.all().delete()
    assert (
        "Nothing is counted yet" in signed_in("product").get(page_of(comparison)).content.decode()
    )


@pytest.mark.parametrize("role", list(Staff.Role.values))
def test_who_may_ask_for_one(signed_in: SignIn, role: str) -> None:
    client, may = signed_in(role), role in {"operator", "product", "analyst", "admin"}
    address = reverse("admin:metrics_comparison_new")
    assert client.get(address).status_code == (200 if may else 403)
    assert client.post(address, asked()).status_code == (302 if may else 403)
    assert Comparison.objects.exists() == may
    assert client.get(reverse(LIST)).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"source1": ""}, "one to seven variants"),
        ({"since": "x"}, "Write the day"),
        ({"source1": "tag:x"}, "no customers"),
        ({"property": 'a"b'}, "cannot be the name"),
    ],
    ids=["one", "day", "nobody", "property"],
)
def test_what_is_refused_comes_back_with_what_was_typed(
    signed_in: SignIn, wrong: dict[str, str], words: str
) -> None:
    answer = signed_in("operator").post(reverse("admin:metrics_comparison_new"), asked(**wrong))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert "Coupon or none" in page
    assert not Comparison.objects.exists()


def test_the_table_goes_out_without_formulas(signed_in: SignIn) -> None:
    comparison = made()
    comparison.groups.filter(position=1).update(name="=1+1")
    address = reverse("admin:metrics_comparison_export", args=[comparison.pk])
    text = signed_in("support").get(address).content.decode("utf-8-sig")
    assert "'=1+1" in text
    assert len(text.strip().splitlines()) == 4


def test_counting_again_is_the_owners_teams(signed_in: SignIn) -> None:
    comparison = made()
    address = reverse("admin:metrics_comparison_count", args=[comparison.pk])
    assert signed_in("manager").post(address).status_code == 403
    assert signed_in("operator").post(address).status_code == 302
    comparison.refresh_from_db()
    assert comparison.job is not None


def test_other_programs_read_the_verdict(signed_in: SignIn) -> None:
    comparison = made()
    answer = signed_in("support").get(f"/api/v1/comparisons/{comparison.pk}/").json()
    assert [line["verdict"] for line in answer["lines"]] == ["won", "won", "no_difference"]
    assert answer["groups"][0] == {"name": "none", "size": 2, "is_control": True}
