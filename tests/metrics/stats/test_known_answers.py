"""The kernels on real data whose answers are known: a web shop's and a wholesaler's."""

import datetime as dt
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from metrics.stats import funnels, gaps
from segments.lake.trails import Rows

DATA = Path(__file__).parents[4] / "shared" / "data"
EVENTS, ORDERS = DATA / "ga4_ecommerce_events.csv.gz", DATA / "online_retail.parquet"
DAY = 86_400_000
SHOP = ["session_start", "view_item", "add_to_cart", "begin_checkout", "purchase"]

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the shared data is not here")


@cache
def of_the_shop() -> list[Rows]:
    """Its days in UTC; an event is a distinct customer, moment and name."""
    import pyarrow.compute as pc
    import pyarrow.csv as csv

    table = csv.read_csv(EVENTS).select(["user_id", "event_timestamp", "event_name"])
    table = table.group_by(table.column_names).aggregate([])
    moments = pc.cast(table["event_timestamp"], "timestamp[ms]").cast("int64").to_numpy()
    names, customers = (
        table[one].combine_chunks().dictionary_encode() for one in ("event_name", "user_id")
    )
    first = moments.min() // DAY
    days = []
    for day in range(first, moments.max() // DAY + 1):
        some = moments // DAY == day
        rows = Rows(
            int(day) * DAY,
            customers.indices.to_numpy()[some].astype(np.uint32),
            (moments[some] - day * DAY).astype(np.uint32),
            names.indices.to_numpy()[some].astype(np.uint8),
            tuple(names.dictionary.to_pylist()),
        )
        days.append(rows.in_order())
    assert sum(map(len, days)) == 44_729
    return days


def test_the_funnel_of_the_shop() -> None:
    steps = [frozenset([name]) for name in SHOP]
    found = funnels.levels(of_the_shop(), funnels.by_name(steps), 5, window=10_000 * DAY)
    assert funnels.through(found, 5) == [2684, 576, 105, 55, 31]


def test_who_came_back_to_the_shop() -> None:
    builder = gaps.Builder(len(of_the_shop()))
    for at, rows in enumerate(of_the_shop()):
        builder.add(at, rows.customers)
    tables = builder.tables()
    came_back = {after: tables.pooled(after) for after in (1, 3, 7, 30)}
    assert came_back == {1: (158, 2684), 3: (35, 2641), 7: (16, 2529), 30: (3, 1849)}


def test_carts_of_the_shop_that_nobody_paid() -> None:
    cart, paid = frozenset(["add_to_cart"]), frozenset(["purchase"])
    end = of_the_shop()[-1].origin + 100 * DAY
    found = funnels.undone(of_the_shop(), cart, paid, window=DAY, over=end)
    assert (found.vain, found.done + found.vain, len(found.customers)) == (236, 575, 82)


def test_the_month_cohorts_of_online_retail() -> None:
    """Chen, Sain, Guo (2012), UCI data set 352; clean lines only."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    bought = (pc.field("Quantity") > 0) & (pc.field("UnitPrice") > 0)
    clean = pq.read_table(
        ORDERS,
        columns=["CustomerID", "InvoiceDate"],
        filters=bought & pc.field("CustomerID").is_valid(),
    )
    customers = clean["CustomerID"].to_numpy().astype(np.uint32)
    months = clean["InvoiceDate"].to_numpy().astype("datetime64[M]").astype(np.int64)
    by_month: dict[int, list[np.ndarray]] = defaultdict(list)
    for month in np.unique(months):
        by_month[int(month - months.min())].append(customers[months == month])
    builder = gaps.Builder(len(by_month))
    for at, parts in sorted(by_month.items()):
        for part in parts:
            builder.add(at, part)
    expected = [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]
    assert builder.tables().returned[0].tolist() == expected
    assert dt.date(1970 + int(months.min()) // 12, int(months.min()) % 12 + 1, 1).isoformat() == (
        "2010-12-01"
    )
