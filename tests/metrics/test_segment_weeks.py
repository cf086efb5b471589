"""The weekly report on segments: kept as it was, with KPIs, mailed once to who wants it."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap

from console.models import Staff
from metrics import goals, segment_weeks, tasks
from metrics.measurements import count
from metrics.models import Metric, SegmentReader, SegmentWeek
from segments import sheet
from segments.models import Segment, SegmentSnapshot
from tests.factories import StaffFactory
from tests.metrics.factories import SegmentFactory, customers, measured, today_is

SignIn = Callable[..., Client]
TODAY = dt.date(2026, 1, 12)  # a Monday
MONDAY, SUNDAY = dt.date(2026, 1, 5), dt.date(2026, 1, 11)
DAY = dt.timedelta(days=1)
NOTHING = np.iinfo(np.int32).min


@pytest.fixture
def gold(db: None) -> Segment:
    """Three members on Sunday before the week, of whom one left; two came in the week."""
    today_is(TODAY)
    ids = [one.pk for one in customers(5)]
    now = BitMap([ids[0], ids[1], *ids[3:]])
    segment: Segment = SegmentFactory.create(
        name="Gold", members=now, size=4, computed_at=dt.datetime(2026, 1, 12, tzinfo=dt.UTC)
    )
    for day, members in ((MONDAY - DAY, BitMap(ids[:3])), (SUNDAY, now)):
        SegmentSnapshot.objects.create(segment=segment, day=day, members=members, size=len(members))
    part = f"segment={segment.pk}"
    measured(*(count("orders", MONDAY + DAY * n, 10, part=part) for n in range(7)))
    Metric.objects.filter(key="orders").update(slices=[f"segment:{segment.pk}"])
    goals.add(
        by=StaffFactory.create(),
        metric=Metric.objects.get(key="orders"),
        slice=part,
        since=MONDAY,
        until=SUNDAY,
        target=Decimal(60),
        direction="at_least",
    )
    return segment


def test_a_week_says_who_came_who_left_and_how_the_kpis_stand(gold: Segment) -> None:
    week = segment_weeks.make_due(today=TODAY)
    assert week is not None
    (line,) = week.data["lines"]
    assert (line["name"], line["size"], line["came"], line["left"]) == ("Gold", 4, 2, 1)
    (kpi,) = line["kpis"]
    assert (kpi["actual"], kpi["target"], kpi["light"]) == ("70.000000", "60.000000", "good")
    assert segment_weeks.make_due(today=TODAY + DAY) is None
    Segment.objects.update(size=9)
    assert SegmentWeek.objects.get().data["lines"][0]["size"] == 4


def test_it_is_mailed_once_to_who_wants_it(gold: Segment) -> None:
    reader, other = StaffFactory.create(email="r@example.com"), StaffFactory.create()
    gone = StaffFactory.create(email="g@example.com")
    for one in (reader, gone):
        segment_weeks.subscribe(one)
    Staff.objects.filter(pk=gone.pk).update(is_active=False)
    tasks.write_segment_week()
    tasks.write_segment_week()
    (letter,) = mail.outbox
    assert letter.to == ["r@example.com"]
    assert "Gold" in letter.body
    assert "/metrics/segmentweek/" in letter.body
    assert not SegmentReader.objects.filter(staff=other).exists()


@pytest.mark.parametrize("role", [role.value for role in Staff.Role])
def test_everybody_reads_it_and_gets_it_or_no_longer(
    gold: Segment, role: str, signed_in: SignIn
) -> None:
    week = segment_weeks.make_due(today=TODAY)
    assert week is not None
    client = signed_in(role)
    listed = reverse("admin:metrics_segmentweek_changelist")
    assert "2026-W02" in client.get(listed).content.decode()
    page = client.get(reverse("admin:metrics_segmentweek_change", args=[week.pk]))
    shown = page.content.decode()
    assert "Gold" in shown
    assert "70 / 60" in shown
    mailing = reverse("admin:metrics_segmentweek_mail")
    client.post(mailing, {"deed": "mail"})
    assert SegmentReader.objects.count() == 1
    client.post(mailing, {"deed": "stop"})
    assert not SegmentReader.objects.exists()


def test_the_file_has_a_row_a_kpi_and_no_formula(gold: Segment, signed_in: SignIn) -> None:
    Segment.objects.update(name="=1+1")
    week = segment_weeks.make_due(today=TODAY)
    assert week is not None
    answer = signed_in("analyst").get(reverse("admin:metrics_segmentweek_export", args=[week.pk]))
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=1+1,4,2,1" in text
    assert "Orders,70.000000,60.000000" in text


def test_who_hears_too_little_stands_on_the_operators_first_page(
    gold: Segment, signed_in: SignIn
) -> None:
    """Of five, the four of Gold bought less and heard less than the one who left it."""
    first, second, left, *_new = customers_of(gold)
    columns(
        orders_30d={first: 1, left: 2},
        campaigns_received={first: 1, second: 1, left: 4},
        promotions_received={first: 2, second: 1, left: 9},
    )
    assert segment_weeks.make_due(today=TODAY) is not None
    home = signed_in("operator").get(reverse("admin:index")).content.decode()
    assert "0.5 campaigns, 0.8 messages a customer; 25.0% ordered within 30 days" in home
    assert reverse("admin:segments_segment_change", args=[gold.pk]) in home


def test_who_hears_as_much_as_everybody_does_not_stand_there(
    gold: Segment, signed_in: SignIn
) -> None:
    each = dict.fromkeys(customers_of(gold), 3)
    columns(orders_30d={min(each): 1}, campaigns_received=each, promotions_received=each)
    assert segment_weeks.make_due(today=TODAY) is not None
    home = signed_in("operator").get(reverse("admin:index")).content.decode()
    assert "messages a customer" not in home


def customers_of(segment: Segment) -> list[int]:
    """Who is in the segment now or was before, in their order."""
    kept = [segment.members, *segment.snapshots.values_list("members", flat=True)]
    return sorted(BitMap.union(*kept))


def columns(**known: dict[int, int]) -> None:
    """Write down traits by customer; of others nothing is known."""
    fresh = {}
    for key, by_customer in known.items():
        values = np.full(max(by_customer) + 1, NOTHING, np.int32)
        values[list(by_customer)] = list(by_customer.values())
        fresh[key] = sheet.Fresh(values)
    sheet.write(fresh, day=TODAY)
