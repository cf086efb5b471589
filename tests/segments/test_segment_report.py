"""The report over all segments and its files, and how much segments have in common."""

import csv
import datetime as dt
import io
from collections.abc import Callable

import numpy as np
import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap
from pytest_django import DjangoAssertNumQueries

from console.models import Project
from segments import overlap, reports, sheet, small_workbook
from segments.models import EventProperty, EventType, Segment, SegmentSnapshot
from tests.segments.factories import CustomerFactory, SegmentFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
TODAY = dt.date(2018, 1, 1)
NOTHING = np.iinfo(np.int32).min


@pytest.fixture(autouse=True)
def pinned() -> None:
    Project.objects.update(today_on=TODAY, currency="USD")


def columns(**known: dict[int, int]) -> None:
    """Write down traits by customer; of others nothing is known."""
    fresh = {}
    for key, by_customer in known.items():
        values = np.full(max(by_customer) + 1, NOTHING, np.int32)
        for customer, value in by_customer.items():
            values[customer] = value
        fresh[key] = sheet.Fresh(values)
    sheet.write(fresh, day=TODAY)


def segment(name: str, members: list[int]) -> Segment:
    return SegmentFactory(
        name=name,
        members=BitMap(members),
        size=len(members),
        computed_version=1,
        data_as_of=TODAY,
    )


@pytest.fixture
def four() -> list[int]:
    """Four customers: two who buy and are written to, two who are not."""
    a, b, c, d = (one.pk for one in CustomerFactory.create_batch(4))
    columns(
        orders_30d={a: 2, b: 1, c: 0, d: 0},
        orders={a: 9, b: 3},
        monetary_minor={a: 900, b: 300, c: 100},
        promotions_received={a: 5, b: 5, c: 1},
        campaigns_received={a: 3, b: 3, c: 1},
    )
    return [a, b, c, d]


def test_each_segment_stands_beside_everybody(four: list[int]) -> None:
    a, b, c, d = four
    rich, poor, silent = segment("Rich", [a, b]), segment("Poor", [c, d]), segment("Silent", [d])
    SegmentSnapshot.objects.create(segment=rich, day=dt.date(2017, 11, 30), size=1)
    SegmentSnapshot.objects.create(segment=rich, day=dt.date(2017, 12, 30), size=5)
    found = reports.report(TODAY)
    assert (found.everyone.size, found.everyone.conversion) == (4, 0.5)
    lines = {one.segment: one for one in found.lines}
    assert (lines[rich].doing.conversion, lines[rich].doing.spent_each) == (1.0, 600.0)
    assert (lines[rich].doing.touches_each, lines[rich].trend) == (5.0, 1.0)
    assert lines[rich].doing.campaigns_each == 3.0
    assert [one.is_under_served for one in (lines[rich], lines[poor])] == [False, True]
    assert [one.is_never_written_to for one in (lines[poor], lines[silent])] == [False, True]
    assert found.lines[-1].segment == rich  # who waits for care stands first


def test_one_campaign_of_many_messages_is_not_served_well(four: list[int]) -> None:
    _a, _b, c, d = four
    columns(promotions_received={c: 20, d: 20})
    poor = segment("Poor", [c, d])
    (line,) = reports.report(TODAY).lines
    assert line.segment == poor
    assert line.doing.touches_each == 20
    assert line.is_under_served  # 0.5 campaigns a customer, of 1.75 on average


def test_a_kept_figure_is_the_present_members_alone(four: list[int]) -> None:
    one = segment("One", four[:1])
    assert reports.report(TODAY).lines[0].doing.size == 1
    Segment.objects.filter(pk=one.pk).update(members=BitMap(four), size=4)
    assert reports.report(TODAY).lines[0].doing.size == 4
    columns(orders_30d=dict.fromkeys(four, 1))
    assert reports.report(TODAY).lines[0].doing.buyers == 4


def test_without_traits_or_customers_it_says_nothing_and_does_not_fail(signed_in: SignIn) -> None:
    client = signed_in("support")
    assert (
        "No segment is computed yet"
        in client.get(reverse("admin:segments_report")).content.decode()
    )
    segment("Empty", [])
    assert reports.report(TODAY).lines[0].doing.conversion is None
    assert client.get(reverse("admin:segments_report")).status_code == 200


def test_the_page_asks_no_query_for_a_row(
    four: list[int], signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        segment(f"S {number}", four[: number % 4 + 1])
    client = signed_in("manager")
    html = client.get(reverse("admin:segments_report")).content.decode()
    assert "S 11" in html
    assert "with an order from 2017-12-03 to 2018-01-01" in html  # whose 30 days
    with django_assert_max_num_queries(20):
        client.get(reverse("admin:segments_report"))


def test_the_files_have_numbers_and_no_formulas(four: list[int], signed_in: SignIn) -> None:
    segment("=1+1", four[:2])
    client = signed_in("analyst")
    text = client.get(reverse("admin:segments_report_file", args=["csv"])).content.decode()
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert rows[1][0] == "'=1+1"
    assert rows[1][2:7] == ["2", "", "1.0", "6.0", "6.0"]
    assert rows[0][8:10] == ["Campaigns a customer", "Messages a customer"]
    assert rows[1][8:10] == ["3.0", "5.0"]
    content = client.get(reverse("admin:segments_report_file", args=["xlsx"])).content
    sheet_ = openpyxl.load_workbook(io.BytesIO(content)).active
    cells = [[cell.value for cell in row] for row in sheet_.iter_rows()]
    assert (cells[1][0], sheet_["A2"].data_type, cells[1][2]) == ("=1+1", "s", 2)
    assert cells[-1][0] == "all customers"
    assert client.get(reverse("admin:segments_report_file", args=["exe"])).status_code == 404


def test_a_workbook_keeps_odd_texts() -> None:
    content = small_workbook.write([["<a> & \x07b", None, 1.5], ["中文 "]])
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
    assert rows[0] == ("<a> & b", None, 1.5)
    assert rows[1][0] == "中文 "


# --- what they have in common -------------------------------------------------


def test_each_two_are_compared_by_their_members(four: list[int]) -> None:
    a, b, c, d = four
    one, two, none = segment("1", [a, b, c, d]), segment("2", [a]), segment("3", [])
    cells = overlap.matrix([one, two, none])
    assert [[cell.both for cell in row] for row in cells] == [[4, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert (cells[0][1].of_row, cells[1][0].of_row, cells[0][1].of_either) == (0.25, 1.0, 0.25)
    assert cells[2][0].of_row is None


def test_at_most_twelve_are_compared(four: list[int], signed_in: SignIn) -> None:
    made = [segment(f"S {number}", four) for number in range(14)]
    client, address = signed_in("product"), reverse("admin:segments_overlap")
    asked = {"s": [str(one.pk) for one in made]}
    html = client.get(address, asked).content.decode()
    assert "more were chosen" in html
    assert html.count("checked") == overlap.MOST
    two = client.get(address, {"s": [str(made[0].pk), str(made[1].pk), "x", "9" * 30]})
    assert two.content.decode().count(" checked") == 2
    pair = {"s": [str(made[0].pk), str(made[1].pk)], "as": ["csv"]}
    lines = client.get(address, pair).content.decode("utf-8-sig").splitlines()
    assert [one.split(",")[2:] for one in lines[1:]] == [["4", "4", "4", "1.0", "1.0"]] * 2


def test_the_report_says_how_many_orders_what_was_spent_leaves_out(
    four: list[int], signed_in: SignIn
) -> None:
    segment("One", four[:1])
    address = reverse("admin:segments_report")
    assert "another currency" not in signed_in("support").get(address).content.decode()
    paid, _is_new = EventType.objects.update_or_create(
        name="order_paid", defaults={"counts_as_paid": True}
    )
    EventProperty.objects.create(event_type=paid, name="foreign_currency", volume=3)
    page = signed_in("support").get(address).content.decode()
    assert "3 orders so far came in another currency" in page
