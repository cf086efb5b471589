"""A web shop's real file, loaded as anybody does: metrics and reports give the known answers."""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation

from console import tasks
from console.models import Staff
from metrics.overall import Overall
from segments import definitions
from segments.definitions import PAID, Said
from tests.metrics.factories import today_is
from tests.metrics.test_reports import tables

SHOP = Path(__file__).resolve().parents[3] / "shared" / "data" / "ga4_ecommerce_events.csv.gz"
STEPS = ["session_start", "view_item", "add_to_cart", "begin_checkout", "purchase"]
FIRST, LAST = dt.date(2022, 1, 25), dt.date(2022, 4, 26)
NEXT = LAST + dt.timedelta(days=1)
DAYS = (LAST - FIRST).days + 1
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not SHOP.exists(), reason="the real data sets are not here"),
]


@pytest.fixture
def shop(project_row: None, staff_of: Callable[..., Staff]) -> Iterator[None]:
    """Loaded, the shop's word for a paid order said, and a night over it."""
    today_is(NEXT)
    with translation.override("en"):
        call_command("importevents", str(SHOP), "--preset=ga4_items", stdout=io.StringIO())
        paid = Said(frozenset({"purchase"}))
        definitions.change(PAID, paid, seen_version=1, note="Our word for it", by=staff_of("admin"))
        tasks.run_night()
        yield


def test_orders_buyers_revenue_and_who_came_again(shop: None) -> None:
    returns = {
        "retention_d1": (158, 2_684),
        "retention_d7": (16, 2_529),
        "retention_d30": (3, 1_849),
    }
    found = Overall(["orders", "new_payers", "revenue", "average_order", *returns], FIRST, LAST)
    values = [found.value(key, FIRST, LAST) for key in ("orders", "new_payers", "revenue")]
    assert values == [69, 49, 561_100]
    assert found.value("average_order", FIRST, LAST) == Decimal(561_100) / 69
    assert {key: found.seen(key, FIRST, LAST) for key in returns} == returns
    rows = tables("retention")["retention-counts"].rows
    came = {row[1]: (row[2], row[3]) for row in rows}
    assert came[3] == (35, 2_641)
    assert [came[day] for day in (1, 7, 30)] == list(returns.values())
    steps = {f"s{at}": name for at, name in enumerate(STEPS, start=1)}
    days = {"days": DAYS, "until": LAST}
    rows = tables("funnel", **steps, within=DAYS - 1, **days)["funnel"].rows
    assert [row[2] for row in rows] == [2_684, 576, 105, 55, 31]
    carts = tables("undone", first="add_to_cart", then="purchase", **days)["undone"].rows
    assert carts[0][1:4] == [575, 339, 236]
    assert carts[0][5] == 82
