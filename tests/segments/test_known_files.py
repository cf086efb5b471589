"""Files that everybody has: told by their columns, and loaded to the known numbers."""

import csv
import datetime as dt
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from console.models import Project
from segments import presets
from segments.lake import engine
from segments.models import Customer, EventImport, EventType, Identifier
from segments.reading import known
from tests.segments import factories

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the real data sets are not here")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english_and_utc(project_row: None) -> Iterator[None]:
    Project.objects.update(time_zone="UTC", currency="USD")
    with translation.override("en"):
        yield


def load(path: Path, preset: str, *options: str) -> EventImport:
    call_command("importevents", str(path), f"--preset={preset}", *options, stdout=io.StringIO())
    return EventImport.objects.latest("pk")


def in_lake() -> list[dict[str, Any]]:
    with engine.connect(factories.lake_path()) as lake:
        rows = lake.ask(lake.events()).to_pylist()
    return sorted(rows, key=lambda row: (row["time"], row["event"]))


def jsonl(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "events.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(row) for row in rows).encode()))
    return path


def ids() -> set[tuple[str, str]]:
    return set(Identifier.objects.values_list("kind", "value"))


# --- real data --------------------------------------------------------------


@needs_data
def test_a_web_shops_events_with_a_row_an_item_come_to_their_numbers() -> None:
    found = load(DATA / "ga4_ecommerce_events.csv.gz", "ga4_items")
    assert (found.rows, found.events, found.customers_new) == (78_482, 44_729, 2_705)
    assert Customer.objects.count() == 2_705
    purchases = [row for row in in_lake() if row["event"] == "purchase"]
    assert len(purchases) == 69
    assert sum(row["amount"] or 0 for row in purchases) == 561_100
    assert len({row["customer"] for row in purchases}) == 49


@needs_data
def test_the_clean_lines_of_an_online_shop_become_its_invoices() -> None:
    found = load(DATA / "online_retail.parquet", "online_retail")
    left_out = sum(found.left_out.values())
    assert (found.rows, found.rows - left_out) == (541_909, 397_884)
    assert (found.events, found.customers_new) == (18_532, 4_338)
    total = sum(row["amount"] for row in in_lake())
    assert abs(total - 891_140_790) < 100  # each line is rounded to a cent


@needs_data
def test_the_purchases_of_a_music_shop_keep_their_customers_and_dollars() -> None:
    call_command(
        "importevents",
        str(DATA / "cdnow_master.csv.gz"),
        *("--customer=customer_id", "--time=date", "--event=order_paid", "--amount=dollars"),
        stdout=io.StringIO(),
    )
    found = EventImport.objects.get()
    assert (found.events, found.customers_new) == (69_659, 23_570)
    assert sum(row["amount"] for row in in_lake()) == 250_031_563
    with connection.cursor() as cursor:  # else keys are checked by plans for an empty table
        cursor.execute("ANALYZE segments_customer, segments_identifier")


# --- each kind, in small ----------------------------------------------------


def test_events_of_ga4_in_json_lines(tmp_path: Path) -> None:
    def row(**said: Any) -> dict[str, Any]:
        return {
            "event_timestamp": "1612069510766593",
            "event_name": "page_view",
            "user_pseudo_id": "1026454.4271",
            "user_id": None,
            "event_params": [{"key": "ga_session_id", "value": {"int_value": "661084800"}}],
            "items": [],
            **said,
        }

    path = jsonl(
        tmp_path,
        row(),
        row(),  # the same event again
        row(
            event_name="purchase",
            user_id="anna",
            ecommerce={"purchase_revenue": 12.5, "transaction_id": "T1"},
            items=[{"item_id": "X"}],
        ),
    )
    assert [one.key for one in known.fitting(["user_id", *known.GA4_EVENT, "event_params"])] == [
        "ga4",
        "ga4_csv",
    ]
    found = load(path, "ga4")
    assert (found.events, found.merged, found.customers_new) == (2, 1, 1)
    assert ids() == {("user_id", "anna"), ("anonymous_id", "1026454.4271")}
    view, purchase = in_lake()
    assert view["customer"] == purchase["customer"]  # the visitor turned out to be anna
    assert view["time"].isoformat() == "2021-01-31T05:05:10.766593+00:00"
    assert json.loads(view["properties"])["ga_session_id"] == 661084800
    assert purchase["amount"] == 1250
    assert json.loads(purchase["properties"])["ecommerce.transaction_id"] == "T1"


def test_events_of_mixpanels_export_are_on_the_clock_of_its_project(tmp_path: Path) -> None:
    def row(**said: Any) -> dict[str, Any]:
        return {"event": "Seen", "properties": {"time": 1602611311, "city": "Bonn", **said}}

    path = jsonl(
        tmp_path,
        row(**{"distinct_id": "$device:d1", "$device_id": "d1", "$insert_id": "k1"}),
        row(**{"distinct_id": "anna", "$device_id": "d1", "$insert_id": "k2"}),
        row(**{"distinct_id": "d9", "$device_id": "d9", "$insert_id": "k3"}),
        row(**{"distinct_id": "ben", "$insert_id": "k1"}),  # the same id again
    )
    found = load(path, "mixpanel", "--timezone=America/New_York")
    assert (found.events, found.merged, found.customers_new) == (3, 1, 2)
    assert ids() == {("user_id", "anna"), ("anonymous_id", "d1"), ("anonymous_id", "d9")}
    first, *_rest = rows = in_lake()
    assert first["time"] == dt.datetime(2020, 10, 13, 21, 48, 31, tzinfo=dt.UTC)  # 17:48 there
    assert json.loads(first["properties"]) == {"city": "Bonn"}
    assert len({row["customer"] for row in rows}) == 2


SHOPIFY = [
    "Name,Email,Financial Status,Created at,Total,Currency,Lineitem name,Lineitem quantity,"
    "Lineitem price,Lineitem sku",
    "#1001,anna@example.com,paid,2023-01-05 10:11:12 +0800,30.00,USD,Tea,2,10.00,T",
    "#1001,,,,,,Cup,1,10.00,C",
    "#1002,ben@example.com,refunded,2023-01-06 10:11:12 +0800,5.00,USD,Tea,1,5.00,T",
    "#1003,ben@example.com,paid,2023-01-07 10:11:12 +0800,7.00,EUR,Tea,1,7.00,T",
    "#1004,,paid,2023-01-08 10:11:12 +0800,9.00,USD,Tea,1,9.00,T",
    "#1005,ben@example.com,paid,2023-01-09 10:11:12 +0800,4.50,USD,Tea,1,4.50,T",
]


def test_only_paid_orders_of_shopify_in_our_currency_become_orders(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(SHOPIFY) + "\n")
    found = load(path, "shopify")
    assert (found.events, found.merged, found.skipped) == (2, 1, 1)
    assert found.left_out == {"Financial Status: refunded": 1, "Currency: EUR": 1}
    rows = [(row["event"], row["amount"], row["time"].isoformat()) for row in in_lake()]
    assert rows == [
        ("order_paid", 3000, "2023-01-05T02:11:12+00:00"),
        ("order_paid", 450, "2023-01-09T02:11:12+00:00"),
    ]
    assert {kind for kind, _value in ids()} == {"email"}
    items = load(path, "shopify_items", "--again")
    assert (items.events, items.customers_new) == (3, 0)
    bought = [row for row in in_lake() if row["event"] == "item_bought"]
    assert sorted(row["amount"] for row in bought) == [450, 1000, 2000]


@pytest.mark.parametrize(
    ("preset", "row", "customer"),
    [
        (
            "posthog",
            {
                "uuid": "k1",
                "event": "$pageview",
                "distinct_id": "anna",
                "timestamp": "2023-01-05T10:11:12Z",
                "properties": {"page": "home", "$device_id": "d1"},
            },
            ("user_id", "anna"),
        ),
        (
            "segment",
            {
                "messageId": "k1",
                "type": "track",
                "event": "Seen",
                "userId": "anna",
                "anonymousId": "d1",
                "timestamp": "2023-01-05T10:11:12Z",
                "properties": {"page": "home"},
            },
            ("user_id", "anna"),
        ),
        (
            "sensors",
            {
                "distinct_id": "anna",
                "time": 1672913472000,
                "type": "track",
                "event": "Seen",
                "properties": {"page": "home"},
                "anonymous_id": "d1",
            },
            ("user_id", "anna"),
        ),
    ],
)
def test_one_event_of_each_other_tool(
    tmp_path: Path, preset: str, row: dict[str, Any], customer: tuple[str, str]
) -> None:
    offered = [one.key for one in presets.offers([*row, "properties"], is_open=True)]
    assert offered[0] == preset
    left_out = {**row, "type": "profile_set", "messageId": "k2"}
    path = jsonl(tmp_path, row, *([left_out] if "type" in row else []))
    assert load(path, preset).events == 1
    (found,) = in_lake()
    assert found["time"] == dt.datetime(2023, 1, 5, 10, 11, 12, tzinfo=dt.UTC)
    assert json.loads(found["properties"])["page"] == "home"
    assert ids() == {customer, ("anonymous_id", "d1")}
    assert EventType.objects.count() == 1


def test_a_known_kind_is_offered_for_its_columns_alone() -> None:
    columns = next(csv.reader([SHOPIFY[0]]))
    assert [one.key for one in known.fitting(columns)] == ["shopify", "shopify_items"]
    assert known.fitting(columns[1:]) == []
    for one in known.KNOWN:
        one.mapping_for(one.needs, "USD").check(one.needs, is_open=True)
        assert one.fits(one.needs)


def test_a_preset_that_nobody_knows_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("who,at\na,2023-01-05\n")
    with pytest.raises(CommandError, match="There is no preset “shop”; of ours there are: ga4"):
        load(tmp_path / "a.csv", "shop")
