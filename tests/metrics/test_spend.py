"""Spend: entered, read from files with what is wrong in words, taken back, and its report."""

import datetime as dt
import html
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from console.models import Staff
from console.states import NotAllowed
from metrics import acquisition, attribution, measure, slicing, spend_files, spending, tasks
from metrics.measurements import count
from metrics.models import Channel, Measurement, Payback, Spend
from tests.metrics.factories import customers, measured, today_is
from tests.segments.factories import happened, incoming

TODAY = dt.date(2026, 1, 1)
SignIn = Callable[[Staff | str], Client]
StaffOf = Callable[..., Staff]
REPORT = "admin:metrics_channel_changelist"


@pytest.fixture
def year(db: None, staff_of: StaffOf) -> Staff:
    """S1's year: two channels tell their cost, the total tells the rest."""
    today_is(TODAY)
    by = staff_of("manager")
    day = dt.date(2025, 6, 30)
    measured(
        count("new_customers", day, 62_000),
        count("new_customers", day, 38_000, part="channel=referral"),
        count("new_customers", day, 8_200, part="channel=content"),
    )
    attribution.change(seen_version=1, note="Cap", by=by, cap_minor=2500,
                       **attribution.SHIPPED)  # fmt: skip
    referral = spending.save_channel(None, name="Referral", words=["裂变"], cap_minor=None, by=by)
    content = spending.save_channel(None, name="Content", words=[], cap_minor=None, by=by)
    for channel, amount in (
        (referral, 38_000 * 1850),
        (content, 8_200 * 1200),
        (None, 62_000 * 2230 - 38_000 * 1850 - 8_200 * 1200),
    ):
        since, until = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
        spending.enter(channel=channel, amount_minor=amount, by=by, since=since, until=until)
    return by


def test_the_page_shows_what_the_average_hides(year: Staff, signed_in: SignIn) -> None:
    client = signed_in("support")
    page = client.get(reverse(REPORT) + "?since=2025-01-01&until=2025-12-31").content.decode()
    assert "$36.78" in page
    assert "The average of $22.30 hides it: the remaining 15,800 customers cost" in page
    assert 'badge bad">above the limit' in page
    answer = client.get(
        reverse("admin:metrics_channel_export") + "?since=2025-01-01&until=2025-12-31"
    )
    file = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "Referral,38000,703000.00,18.5000,25.00,USD" in file
    assert ",15800,581200.00,36.7848,25.00,USD,,,unexplained" in file


def test_a_report_costs_the_same_with_many_channels(
    year: Staff, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        channel = spending.save_channel(
            None, name=f"Channel {number}", words=[], cap_minor=None, by=year
        )
        day = dt.date(2025, 3, 1)
        spending.enter(channel=channel, amount_minor=100, by=year, since=day, until=day)
    client = signed_in("analyst")
    client.get(reverse(REPORT))
    with django_assert_max_num_queries(24):
        client.get(reverse(REPORT) + "?period=year")


def test_an_amount_over_days_is_booked_in_parts_and_measured(year: Staff) -> None:
    rows = Spend.objects.filter(channel__name="Content")
    assert (rows.count(), sum(one.amount_minor for one in rows)) == (365, 8_200 * 1200)
    happened(incoming(customers(1)[0], dt.date(2025, 12, 1), amount=500))
    measure.run()
    day = Measurement.objects.filter(day=dt.date(2025, 12, 1), metric__key="spend")
    assert day.get(slice="channel=content").value in {26_958, 26_959}
    assert Measurement.objects.get(day=dt.date(2025, 12, 1), metric__key="cac", slice="").value
    assert slicing.names(["channel=content"]) == {"channel=content": "Content"}
    spending.enter(since=dt.date(2025, 12, 1), until=dt.date(2025, 12, 1), channel=None,
                   amount_minor=7, by=year)  # fmt: skip
    before = day.get(slice="").value or 0
    measure.run_due()
    assert day.get(slice="").value == before + 7


@pytest.mark.parametrize(
    "wrong",
    [{"amount_minor": 0}, {"until": dt.date(2026, 2, 1)}, {"until": dt.date(2025, 1, 1)}],
    ids=["nothing", "to come", "backwards"],
)
def test_nonsense_is_not_booked(db: None, staff_of: StaffOf, wrong: dict[str, Any]) -> None:
    today_is(TODAY)
    day = dt.date(2025, 12, 1)
    given = {"since": day, "until": day, "channel": None, "amount_minor": 5} | wrong
    with pytest.raises(NotAllowed):
        spending.enter(by=staff_of("admin"), **given)
    with pytest.raises(NotAllowed, match="role"):
        spending.enter(by=staff_of("support"), **{**given, "amount_minor": 5, "until": day})
    assert not Spend.objects.exists()


FILE = """日期,渠道,花费,备注
2025-12-01,裂变,"1,200.50",ok
2025/12/02,content,¥30,
2025-12-03,nowhere,5,
2030-01-01,content,5,
2025-12-04,content,abc,
2025-12-05,,1.005,
2025-12-05,,=1+1,x

"""


def test_a_file_says_line_by_line_what_is_wrong(year: Staff) -> None:
    known = spend_files.by_word()
    read = {"name": "a.csv", "currency": "CNY", "today": TODAY, "channels": known}
    found = spend_files.read(FILE.encode("gb18030"), **read)  # type: ignore[arg-type]
    assert [(row.line, row.amount_minor) for row in found.rows] == [(2, 120_050), (3, 3_000)]
    assert found.wrong == 5
    assert "Line 4: There is no channel “nowhere”" in found.problems[0]
    assert "Line 5: “2030-01-01” is no day" in found.problems[1]
    mixed = "day,amount,currency\n2025-12-01,5,eur\n2025-12-01,6,cny\n2025-12-01,7,\n"
    found = spend_files.read(mixed.encode(), **read)  # type: ignore[arg-type]
    assert [row.amount_minor for row in found.rows] == [600, 700]
    assert "Line 2: The amount is in eur" in found.problems[0]
    for raw in (b"\xff\xfe\x00\x01\x02", b"a,b\n1,2", b""):
        with pytest.raises(NotAllowed):
            spend_files.read(raw, **read)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("12,50", "EUR", None),  # neither twelve and a half nor 1250
        ("1.234,56", "EUR", None),
        ("1,2,3", "CNY", None),
        ("1 2 3", "CNY", None),
        ("€100", "CNY", None),
        ("$100", "CNY", None),
        ("¥100", "USD", None),
        ("1,234,567.89", "CNY", 123_456_789),
        ("1，200", "CNY", 120_000),
        ("1 200.5", "EUR", 120_050),
        ("¥ 1,200", "CNY", 120_000),
        ("-$5", "USD", -500),
        ("− 5", "USD", -500),
    ],
)
def test_an_amount_is_read_as_it_was_meant_or_not_at_all(
    written: str, currency: str, minor: int | None
) -> None:
    assert spend_files.minor(written, currency) == minor


def test_a_file_is_shown_booked_and_taken_back(
    year: Staff, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.run_due_measures, "delay", lambda pk: None)
    client, before = signed_in("operator"), Spend.objects.count()
    upload = SimpleUploadedFile("a.csv", FILE.replace("¥", "$").encode())  # what it counts in
    shown = client.post(reverse("admin:metrics_spend_file"), {"file": upload})
    page = shown.content.decode()
    assert "2 amounts" in page
    assert "5 lines are left out" in page
    assert Spend.objects.count() == before
    client.post(reverse("admin:metrics_spend_book"), {"token": shown.context["token"]})
    imported = Spend.objects.filter(source="imported")
    assert imported.count() == 2
    file = imported[0].file
    assert file is not None
    with pytest.raises(NotAllowed, match="as a whole"):
        spending.remove(imported[0], by=year)
    client.post(reverse("admin:metrics_spend_back", args=[file.pk]))
    assert Spend.objects.count() == before
    with pytest.raises(NotAllowed, match="already"):
        spending.take_back(file, by=year)


@pytest.mark.parametrize("page", ["spend_enter", "spend_file", "channel_make"])
def test_who_may_not_change_money_is_sent_away(year: Staff, signed_in: SignIn, page: str) -> None:
    before = (Spend.objects.count(), Channel.objects.count())
    given = {"since": "2025-01-01", "amount_minor": "5", "name": "x"}
    assert signed_in("support").post(reverse(f"admin:metrics_{page}"), given).status_code == 403
    assert (Spend.objects.count(), Channel.objects.count()) == before


def test_two_channels_never_stand_for_one_word(year: Staff) -> None:
    with pytest.raises(NotAllowed, match="Referral"):
        spending.save_channel(None, name="Other", words=["裂变"], cap_minor=None, by=year)
    with pytest.raises(NotAllowed, match="of its own"):
        spending.save_channel(None, name="referral", words=[], cap_minor=None, by=year)


def test_the_fields_channels_are_taken_once_and_leave_what_is_there(
    year: Staff, signed_in: SignIn
) -> None:
    client = signed_in(year)
    assert "Take the field's channels" in html.unescape(
        client.get(reverse(REPORT)).content.decode()
    )
    for _twice in range(2):
        assert client.post(reverse("admin:metrics_channel_take")).status_code == 302
    keys = set(Channel.objects.values_list("key", flat=True))
    assert len(keys) == 10, "referral and content were there"
    assert {"seo", "sem", "feed-ads", "social", "kol", "aso", "partners", "offline"} < keys
    page = html.unescape(client.get(reverse(REPORT)).content.decode())
    assert "Take the field's channels" not in page
    assert "Organic search" in page
    assert (
        "自然搜索 SEO" in client.get(reverse(REPORT), HTTP_ACCEPT_LANGUAGE="zh-cn").content.decode()
    )
    words = attribution.meanings()
    assert words["organic"] == words["自然搜索 seo"] == words["organic search"] == "seo"
    assert words["裂变"] == "referral", "a word that is somebody's stays theirs"
    assert spend_files.by_word()["付费搜索 sem"].key == "sem"
    seo = Channel.objects.get(key="seo")
    spending.save_channel(seo, name="Organic search", words=["organic"], cap_minor=1, by=year)
    assert Channel.objects.get(key="seo").name.kept.startswith("自然搜索 SEO")  # type: ignore[attr-defined]
    assert signed_in("support").post(reverse("admin:metrics_channel_take")).status_code == 403


def test_a_channel_is_archived_and_brought_back_by_name(year: Staff) -> None:
    channel = Channel.objects.earliest("pk")
    for deed, archived in (("archive", True), ("archive", True), ("restore", False)):
        getattr(spending, f"{deed}_channel")(channel, by=year)
        channel.refresh_from_db()
        assert (channel.archived_at is not None) == archived


def test_spend_before_the_first_event_is_told_apart(db: None, signed_in: SignIn) -> None:
    today_is(dt.date(2017, 5, 1))
    (who,) = (one.pk for one in customers(1))
    happened(incoming(who, dt.date(2017, 3, 1), amount=1_000))
    Spend.objects.create(day=dt.date(2017, 2, 28), amount_minor=70_000)
    Spend.objects.create(day=dt.date(2017, 3, 1), amount_minor=10_000)
    client = signed_in("analyst")
    page = client.get(reverse(REPORT) + "?since=2017-01-01&until=2017-04-30").content.decode()
    assert "$700.00 was spent before the first event of 2017-03-01" in page
    page = client.get(reverse(REPORT) + "?since=2017-03-01&until=2017-04-30").content.decode()
    assert "before the first event" not in page


def test_what_nobody_entered_is_not_nothing(db: None, signed_in: SignIn) -> None:
    today_is(TODAY)
    day = dt.date(2025, 6, 30)
    measured(count("new_customers", day, 500), count("new_customers", day, 20, part="channel=ads"))
    ads = Channel.objects.create(key="ads", name="Ads", words=["ads"])
    Spend.objects.create(day=day, channel=ads, amount_minor=1_000)
    client = signed_in("analyst")
    page = client.get(reverse(REPORT) + "?since=2025-01-01&until=2025-12-31").content.decode()
    assert "480 customers came without any spend that was entered for them" in page
    assert page.count("$0.00") == 1, "spent, and not the cost of one"
    address = reverse("admin:metrics_channel_export") + "?since=2025-01-01&until=2025-12-31"
    file = b"".join(client.get(address).streaming_content).decode()  # type: ignore[attr-defined]
    assert ",480,0.00,,,USD,,,unexplained" in file


def test_payback_is_worked_out_from_what_customers_brought(
    db: None, staff_of: StaffOf, signed_in: SignIn
) -> None:
    today_is(dt.date(2017, 5, 1))
    a, b = (one.pk for one in customers(2))
    first = dt.date(2017, 1, 1)
    happened(
        incoming(a, first, amount=1_000, properties={"utm_source": "ads"}),
        incoming(a, first + dt.timedelta(days=40), amount=500),
        incoming(b, first + dt.timedelta(days=5), amount=300),
        incoming(b, dt.date(2017, 4, 30), amount=999_999),
    )
    measure.run()
    kept = acquisition.compute_payback()
    assert isinstance(kept, Payback)
    assert kept.lines["ads"] == [[1_000, 1], [500, 1], [0, 1], [0, 1]]
    assert kept.lines[""] == [[1_300, 2], [500, 2], [0, 2], [0, 1]]
    (everybody, ads) = acquisition.courses(kept, {"ads": Decimal(1_200)})
    assert (everybody.months, ads.months) == (None, 2)
    client = signed_in("support")
    page = client.get(reverse("admin:metrics_channel_changelist")).content.decode()
    file = reverse("admin:metrics_channel_payback_file")
    assert file in page
    lines = client.get(file).getvalue().decode("utf-8-sig").splitlines()
    assert lines[0] == "channel,cost,paid_back_after,month,revenue,currency,as_of"
    assert lines[-4:] == [
        f"ads,,,{n},{had},USD,2017-04-30"
        for n, had in enumerate(("10.0000", "15.0000", "15.0000", "15.0000"), start=1)
    ]


def test_figures_are_told_by_channel_names_of_today(db: None, staff_of: StaffOf) -> None:
    today_is(dt.date(2017, 5, 1))
    who = customers(1)[0]
    happened(incoming(who, dt.date(2017, 4, 1), properties={"utm_source": "DY"}))
    measure.run()
    assert Measurement.objects.filter(slice="channel=DY", metric__key="new_customers").exists()
    spending.save_channel(None, name="Douyin", words=["dy"], cap_minor=None, by=staff_of("admin"))
    measure.run()
    new = Measurement.objects.filter(metric__key="new_customers").exclude(slice="")
    assert set(new.values_list("slice", flat=True)) == {"channel=douyin"}
