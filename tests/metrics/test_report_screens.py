"""The reports' pages: what they show, what they share, and who may."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap
from pytest_django import DjangoAssertNumQueries

from console.models import AuditEntry, Job, Staff
from metrics import activity_tables, answers, tasks
from metrics.models import KeptAnswer, SavedReport
from metrics.reports import asking, every
from segments import membership
from segments.models import CustomerList, Segment
from tests.metrics.factories import SegmentFactory, customers, today_is
from tests.segments.factories import happened, incoming

MONDAY = dt.date(2017, 5, 1)
INDEX = reverse("admin:metrics_savedreport_changelist")
SignIn = Callable[[Staff | str], Client]


def page(kind: str, query: str = "", name: str = "show") -> str:
    return reverse(f"admin:metrics_savedreport_{name}", args=[kind]) + query


def shown(client: Client, kind: str, query: str = "") -> str:
    answer = client.get(page(kind, query))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def numbers(db: None) -> list[int]:
    today_is(MONDAY + dt.timedelta(days=20))
    found = [customer.pk for customer in customers(3)]
    for number, customer in enumerate(found):
        happened(
            incoming(customer, MONDAY + dt.timedelta(days=number)),
            incoming(customer, MONDAY + dt.timedelta(days=number + 1 + number)),
        )
    activity_tables.update()
    return found


@pytest.mark.parametrize("role", list(Staff.Role.values))
def test_everybody_finds_the_reports(numbers: list[int], signed_in: SignIn, role: str) -> None:
    client = signed_in(role)
    index = client.get(INDEX).content.decode()
    assert page("retention") in index
    assert "As of 2017-05-20" in shown(client, "retention") or "2017-05-20" in shown(
        client, "retention"
    )


def test_retention_says_how_many_came_back_of_how_many(
    numbers: list[int], signed_in: SignIn
) -> None:
    found = shown(signed_in("analyst"), "retention")
    assert "33.3%" in found  # one of three on the next day
    assert "active v1" in found


def test_in_that_period_or_later_are_more(numbers: list[int], signed_in: SignIn) -> None:
    found = shown(signed_in("analyst"), "retention", "?way=from")
    assert "100.0%" in found
    assert "66.7%" in found


def test_growth_tells_new_from_those_who_came_back(numbers: list[int], signed_in: SignIn) -> None:
    found = shown(signed_in("analyst"), "growth", "?period=week&word=paid")
    assert "Stayed away" in found
    assert "Quick ratio" in found


def test_a_page_costs_the_same_for_any_days(
    numbers: list[int], signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in("analyst")
    client.get(page("growth"))
    with django_assert_max_num_queries(20):
        client.get(page("growth"))


def test_the_table_is_a_file_too(numbers: list[int], signed_in: SignIn) -> None:
    address = reverse("admin:metrics_savedreport_file", args=["retention", "retention-counts"])
    answer: Any = signed_in("analyst").get(address)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0] == "Customers,After,Came back,Of,Share"
    assert text.splitlines()[1].startswith("all customers,1,1,3,0.33")
    missing = reverse("admin:metrics_savedreport_file", args=["retention", "nothing"])
    assert signed_in("analyst").get(missing).status_code == 404


def test_nothing_measured_is_said_and_no_error(db: None, signed_in: SignIn) -> None:
    assert "Work it out" in shown(signed_in("analyst"), "retention")
    assert "cannot be compared" in shown(signed_in("analyst"), "retention", "?by=place:3")
    assert signed_in("analyst").get(page("nothing")).status_code == 404


# --- what has to be worked out ------------------------------------------------


def segment_of(customer: int) -> Segment:
    one: Segment = SegmentFactory.create()
    Segment.objects.filter(pk=one.pk).update(members=BitMap([customer]), size=1)
    return one


@pytest.mark.django_db(transaction=True)
def test_a_segment_is_worked_out_by_a_worker_and_kept(
    transactional_db: None,
    numbers: list[int],
    signed_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks.answer_question, "delay", tasks.answer_question)
    client, query = signed_in("operator"), f"?by=segment:{segment_of(numbers[0]).pk}"
    before = shown(client, "retention", query)
    assert "Work it out" in before
    assert not Job.objects.filter(kind=tasks.REPORT).exists()  # looking changes nothing
    client.post(page("retention", query, "ask"))
    assert Job.objects.get(kind=tasks.REPORT).status == Job.Status.DONE
    found = shown(client, "retention", query)
    assert "Work it out" not in found
    assert "100.0%" in found
    assert "Stayed away" in shown(client, "growth", query)  # the same answer


def test_those_who_stopped_become_a_segment_with_one_click(
    numbers: list[int], signed_in: SignIn
) -> None:
    query = "?s1=order_paid&s2=order_paid&days=20&within=9"
    report = every.BY_KIND["funnel"]
    settings = report.read(QueryDict(query[1:]))
    asking.answer(answers.about(report.question(settings)))
    client = signed_in("operator")
    assert "Make a segment" in shown(client, "funnel", query)
    address = reverse("admin:metrics_savedreport_list", args=["funnel", "0-2"]) + query
    made = client.post(address, {"name": "Came twice", "segment": "1"})
    segment = Segment.objects.get(name="Came twice")
    assert made["Location"] == reverse("admin:segments_segment_change", args=[segment.pk])
    assert segment.rule == {"list": CustomerList.objects.get().pk}
    # Who finds it later reads what had been asked.
    assert "came through to 2" in segment.description
    assert "within 9 days, begun 2017-05-01 – 2017-05-20" in segment.description
    assert membership.preview(segment.rule, day=MONDAY).count == 3
    again = client.post(address, {"name": "Came twice", "segment": "1"}, follow=True)
    assert "already" in again.content.decode()
    assert signed_in("support").post(address, {"segment": "1"}).status_code == 403
    assert (Segment.objects.count(), CustomerList.objects.count()) == (1, 1)


def test_what_cannot_be_answered_says_why(
    numbers: list[int], signed_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    client = signed_in("operator")
    client.post(page("retention", "?by=segment:999", "ask"))
    row = KeptAnswer.objects.get(question__by="segment:999")
    assert row.job is not None
    with pytest.raises(Exception, match="nobody"):
        tasks.answer_question(row.pk, row.job.pk)
    assert "There is nobody to compare" in shown(client, "retention", "?by=segment:999")


# --- saved --------------------------------------------------------------------


def test_a_report_is_saved_under_a_name_and_removed_by_its_team(
    numbers: list[int], signed_in: SignIn
) -> None:
    client = signed_in("operator")
    client.post(page("growth", "?period=week&last=8", "save"), {"name": " Our  weeks "})
    saved = SavedReport.objects.get()
    assert (saved.name, saved.query) == ("Our weeks", "word=active&period=week&last=8")
    assert "Our weeks" in client.get(INDEX).content.decode()
    client.post(page("growth", "", "save"), {"name": "Our weeks"})
    client.post(page("growth", "", "save"), {"name": ""})
    assert SavedReport.objects.count() == 1
    client.post(reverse("admin:metrics_savedreport_remove", args=[saved.pk]))
    assert not SavedReport.objects.exists()
    assert AuditEntry.objects.filter(action="report.removed").exists()


# --- the api ------------------------------------------------------------------


def test_other_programs_read_the_same(numbers: list[int], signed_in: SignIn) -> None:
    client = signed_in("analyst")
    kinds = [one["kind"] for one in client.get("/api/v1/reports/").json()]
    assert kinds[:2] == ["retention", "growth"]
    found = client.get("/api/v1/reports/retention/").json()
    assert found["as_of"] == "2017-05-20"
    assert found["is_current"]
    tables = {one["key"]: one for one in found["tables"]}
    assert tables["retention-counts"]["rows"][0][1:4] == [1, 1, 3]
    assert client.get("/api/v1/reports/retention/?by=place:1").status_code == 400
    assert client.get("/api/v1/reports/nothing/").status_code == 404
    asked = client.get(f"/api/v1/reports/growth/?by=segment:{segment_of(numbers[0]).pk}")
    assert (asked.status_code, asked.json()["tables"]) == (202, [])
    assert Client().get("/api/v1/reports/").status_code in (401, 403)
