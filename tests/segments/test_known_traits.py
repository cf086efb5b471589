"""Recency, frequency and money of two businesses whose answers are known."""

import csv
import datetime as dt
import gzip
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from segments import arrays, computing, scorings, traits, valuing
from segments.lake import schema, store
from segments.models import Customer, Trait
from tests.segments.factories import EventTypeFactory, lake_path

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason="needs the data that is not part of the project"),
]
Order = tuple[dt.date, int, int]  # day, customer, amount in the smallest unit


def bring_in(orders: Iterable[Order]) -> None:
    """The orders, straight into the lake, and their customers."""
    EventTypeFactory(name="order_paid", counts_as_paid=True)
    rows = sorted(orders)
    days = [day for day, _customer, _amount in rows]
    numbers = pa.array([customer for _day, customer, _amount in rows], pa.int32())
    Customer.objects.bulk_create(Customer(pk=one) for one in sorted(set(numbers.to_pylist())))
    noon = [dt.datetime.combine(day, dt.time(12), dt.UTC) for day in days]
    count = len(rows)
    table = pa.table(
        [
            pa.array(days),
            pa.array(noon, pa.timestamp("us", "UTC")),
            numbers,
            pa.array(["order_paid"] * count),
            pa.array([str(at) for at in range(count)]),
            pa.array([amount for _day, _customer, amount in rows], pa.int64()),
            pa.array(["{}"] * count),
        ],
        schema=schema.columns(),
    )
    store.append(lake_path(), table, app_id="known", version=1)


def online_retail() -> list[Order]:
    lines = pq.read_table(DATA / "online_retail.parquet")
    clean = lines.filter(
        pc.and_(
            pc.is_valid(lines["CustomerID"]),
            pc.and_(pc.greater(lines["Quantity"], 0), pc.greater(lines["UnitPrice"], 0)),
        )
    )
    money = pc.multiply(clean["Quantity"].cast("double"), clean["UnitPrice"].cast("double"))
    clean = clean.append_column("money", money)
    invoices = clean.group_by("InvoiceNo").aggregate(
        [("money", "sum"), ("CustomerID", "min"), ("InvoiceDate", "min")]
    )
    return [
        (one["InvoiceDate_min"].date(), int(one["CustomerID_min"]), round(one["money_sum"] * 100))
        for one in invoices.to_pylist()
    ]


def test_online_retail() -> None:
    orders = online_retail()
    bring_in(orders)
    day = dt.date(2011, 12, 10)
    computing.recompute(day)
    counts, spent, recency = (
        traits.values(key, day) for key in ("orders", "monetary_minor", "recency_days")
    )
    known = arrays.known(recency)
    assert known.sum() == 4_338
    assert counts[known].sum() == 18_532
    assert spent[known].sum() == pytest.approx(891_140_790, abs=100)
    found = traits.of([12346], ["recency_days", "orders", "monetary_minor"], day=day)
    assert found[12346] == {"recency_days": 326, "orders": 1, "monetary_minor": 7_718_360}
    last: dict[int, dt.date] = {}
    for on, customer, _amount in orders:
        last[customer] = max(on, last.get(customer, on))
    assert {one: (day - on).days for one, on in last.items()} == {
        int(one): int(recency[one]) for one in np.flatnonzero(known)
    }


def cdnow(name: str) -> list[dict[str, str]]:
    with gzip.open(DATA / f"cdnow_{name}.csv.gz", "rt") as file:
        return list(csv.DictReader(file))


def test_cdnow_as_a_whole_and_its_sample_until_the_end_of_the_calibration() -> None:
    """The sample is a tenth of the whole, so that the orders come in once."""
    bring_in(
        (
            dt.date.fromisoformat(_iso(one["date"])),
            int(one["customer_id"]),
            round(float(one["dollars"]) * 100),
        )
        for one in cdnow("master")
    )
    sample = np.array(sorted({int(one["master_id"]) for one in cdnow("sample")}))
    recipe = {"take": "days", "word": "paid"}  # purchases of one day are one
    Trait.objects.create(key="order_days", title="order days", kind="whole", recipe=recipe)
    calibrated = dt.date(1997, 9, 30)
    computing.recompute(calibrated)
    days = traits.values("order_days", calibrated)[sample]
    assert ((days > 0).sum(), (days > 1).sum()) == (2_357, 946)

    last = dt.date(1998, 6, 30)
    computing.recompute(last)
    counts, spent = (traits.values(key, last) for key in ("orders", "monetary_minor"))
    known = arrays.known(traits.values("recency_days", last))
    assert (known.sum(), counts[known].sum()) == (23_570, 69_659)
    assert spent[known].sum() == 250_031_563
    valuing.run(scorings.RFM, last)
    run = scorings.last_run(scorings.RFM)
    assert run is not None
    assert sum(one["customers"] for one in run.summary["cells"]) == 23_570


def _iso(day: str) -> str:
    return day if "-" in day else f"{day[:4]}-{day[4:6]}-{day[6:]}"
