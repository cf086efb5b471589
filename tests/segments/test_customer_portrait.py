"""The portrait of a customer: what they like, their habits, their worth, and what it costs."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap

from console import clock
from segments import ingest, portrait, timeline
from segments import traits as registry
from tests.segments.factories import (
    CustomerFactory,
    IdentifierFactory,
    SegmentFactory,
    happened,
    incoming,
    traits,
)

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


def page_of(client: Client, pk: int) -> str:
    return client.get(reverse("admin:segments_customer_change", args=[pk])).content.decode()


# --- the portrait -----------------------------------------------------------


def test_the_page_costs_the_same_whatever_there_is(
    signed_in: SignedIn, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    anna = CustomerFactory()
    for number in range(40):
        SegmentFactory(members=BitMap([anna.pk] if number % 2 else [anna.pk + 1]))
        IdentifierFactory(customer=anna)
    client = signed_in("support")
    with django_assert_max_num_queries(28):  # type: ignore[attr-defined]
        page = page_of(client, anna.pk)
    assert page.count("/admin/segments/segment/") - page.count('/admin/segments/segment/"') == 20


def test_forty_segments_are_asked_in_two_questions(
    django_assert_num_queries: Callable[[int], object],
) -> None:
    anna = CustomerFactory()
    inside = [SegmentFactory(members=BitMap(range(anna.pk, 200_000, n))) for n in range(1, 20)]
    for n in range(1, 20):
        SegmentFactory(members=BitMap(range(anna.pk + 1, 200_000, n)) - BitMap([anna.pk]))
    with django_assert_num_queries(3):  # type: ignore[attr-defined]  # heads, places, names
        found = portrait.segments_of(anna)
    assert {one.pk for one in found} == {one.pk for one in inside}


def test_likings_are_what_repeats_in_what_they_did() -> None:
    anna = CustomerFactory()
    bought = ["tea", "tea", "tea", "coffee"]
    happened(
        *(
            incoming(anna, f"2017-12-0{n + 1}", properties={"category": what, "order": f"o-{n}x"})
            for n, what in enumerate(bought)
        ),
        incoming(anna, "2017-12-09", name="message_sent", properties={"category": "mail"}),
    )
    found = portrait.doings(anna.pk, day=dt.date(2017, 12, 31), zone=ZoneInfo("Asia/Shanghai"))
    assert [one.property for one in found.likings] == ["category"]
    assert [(v.value, v.count, v.share) for v in found.likings[0].values] == [
        ("tea", 3, 0.75),
        ("coffee", 1, 0.25),
    ]
    assert found.events == 4


def test_habits_are_told_in_the_projects_zone() -> None:
    anna = CustomerFactory()
    late = dt.datetime(2017, 12, 3, 20, 30, tzinfo=dt.UTC)  # Monday half past four in Shanghai
    happened(*(incoming(anna, "2017-12-04", time=late + dt.timedelta(weeks=-n)) for n in range(3)))
    found = portrait.doings(
        anna.pk, day=dt.date(2017, 12, 31), zone=ZoneInfo("Asia/Shanghai")
    ).habits
    assert found.cells == {(0, 4): 3}
    assert (found.weekday, found.hour, found.active_days) == (0, 4, 3)


def test_where_they_come_from_and_with_what() -> None:
    anna = CustomerFactory()
    facts = {"$utm_source": "weibo", "$os": "HarmonyOS", "url": "https://shop.example/"}
    happened(*(incoming(anna, "2017-12-01", properties=facts) for _ in range(3)))
    found = portrait.doings(anna.pk, day=dt.date(2017, 12, 31), zone=ZoneInfo("UTC"))
    assert [(one.property, one.values[0].value) for one in found.origins] == [
        ("utm_source", "weibo")
    ]
    assert [(one.property, one.values[0].value) for one in found.devices] == [("os", "HarmonyOS")]
    assert found.likings == []


def test_the_part_with_the_portrait_is_shown(signed_in: SignedIn) -> None:
    anna, ben = CustomerFactory(), CustomerFactory()
    happened(
        *(
            incoming(anna, clock.today() - dt.timedelta(days=n), properties={"brand": "<Tea>"})
            for n in range(4)
        )
    )
    client = signed_in("analyst")
    page = client.get(reverse("admin:segments_customer_doings", args=[anna.pk])).content.decode()
    assert "&lt;Tea&gt;" in page
    assert "100%" in page
    page = client.get(reverse("admin:segments_customer_doings", args=[ben.pk])).content.decode()
    assert "Nothing was done" in page


@pytest.mark.parametrize(
    ("cell", "words"),
    [("HHH", "Important: valuable"), ("LHL", "Ordinary: keep in touch")],
)
def test_the_value_is_told_in_words(cell: str, words: str) -> None:
    for spent in (100, 200, 300):
        traits(monetary_minor=spent, recency_days=3)
    who = traits(
        monetary_minor=250,
        orders=5,
        recency_days=90,
        tenure_days=130,
        rfm_cell=cell,
    )
    found = portrait.worth(registry.of([who.pk])[who.pk])
    assert (found.cell, found.rank) == (words, 2)
    assert found.usual_days == 10
    assert found.is_quiet


def test_events_of_one_kind_alone(signed_in: SignedIn) -> None:
    anna = CustomerFactory()
    happened(
        incoming(anna, "2017-12-01"),
        incoming(anna, "2017-12-02", name="message_sent"),
    )
    ingest.receive([incoming(anna, "2017-12-03"), incoming(anna, "2017-12-03", name="other")])
    names = [e.name for e in timeline.newest(anna.pk, limit=9, event="order_paid").entries]
    assert names == ["order_paid", "order_paid"]
    address = reverse("admin:segments_customer_events", args=[anna.pk])
    page = signed_in("operator").get(address, {"event": "message_sent"}).content.decode()
    assert "Message sent" in page
    assert "Order paid" not in page


def test_a_silent_customer_is_read_back_page_by_page() -> None:
    anna, ben = CustomerFactory(), CustomerFactory()
    happened(
        incoming(anna, "2014-01-01"), incoming(anna, "2014-06-01"), incoming(ben, "2017-12-01")
    )
    seen, before, pages = list[dt.date](), None, 0
    while pages == 0 or before:
        page = timeline.newest(anna.pk, limit=5, before=before)
        seen += [entry.time.date() for entry in page.entries]
        before, pages = page.next, pages + 1
    assert seen == [dt.date(2014, 6, 1), dt.date(2014, 1, 1)]
    assert 2 < pages < 6
