"""Traits equal what a person would count from the events, and unchanged rows are not touched."""

import datetime as dt
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.db import connection
from pyroaring import BitMap

from segments import columns, computing, explaining, membership, sheet, traits
from segments.models import Customer, EventType, Trait
from segments.recipes import reading
from tests.segments import factories
from tests.segments.factories import incoming

pytestmark = pytest.mark.django_db
DAY = dt.date(2011, 12, 10)


def of(customer: Customer) -> Any:
    """What is known of one customer, with nothing where it is not."""
    known = traits.of([customer.pk])[customer.pk]
    return SimpleNamespace(**dict.fromkeys(traits.registry()) | known)


def test_orders_become_recency_frequency_and_money() -> None:
    who = factories.CustomerFactory()
    factories.happened(
        incoming(who, "2011-05-01", amount=1000),
        incoming(who, "2011-09-20", amount=2000),
        incoming(who, "2011-11-11", amount=400),
        incoming(who, "2011-12-10", amount=33),
    )
    computing.recompute(DAY)
    found = of(who)
    assert (found.first_order_on, found.last_order_on) == (dt.date(2011, 5, 1), DAY)
    assert (found.recency_days, found.tenure_days) == (0, 223)
    assert (found.orders, found.orders_30d, found.orders_90d) == (4, 2, 3)
    assert (found.monetary_minor, found.monetary_90d_minor) == (3433, 2433)
    assert found.average_order_minor == 858  # 858.25


# Online Retail (UCI), clean lines, on 2011-12-10: days since the last invoice, invoices, money.
@pytest.mark.parametrize(
    ("number", "last_on", "invoices", "minor", "recency"),
    [
        ("12346", "2011-01-18", 1, 7718360, 326),
        ("12348", "2011-09-25", 4, 179724, 76),
        ("12350", "2011-02-02", 1, 33440, 311),
    ],
)
def test_online_retail_customers_have_their_known_values(
    number: str, last_on: str, invoices: int, minor: int, recency: int
) -> None:
    who = factories.CustomerFactory(name=number)
    earlier = [incoming(who, "2010-12-16", amount=0) for _ in range(invoices - 1)]
    factories.happened(*earlier, incoming(who, last_on, amount=minor))
    computing.recompute(DAY)
    found = of(who)
    assert (found.recency_days, found.orders, found.monetary_minor) == (recency, invoices, minor)


def test_a_customer_without_orders_has_a_row_of_nothing() -> None:
    who = factories.CustomerFactory()
    computing.recompute(DAY)
    found = of(who)
    assert (found.orders, found.monetary_minor, found.active_days_30d) == (0, 0, 0)
    assert found.recency_days is None
    assert found.average_order_minor is None


def test_a_past_day_does_not_know_what_came_later() -> None:
    who = factories.CustomerFactory()
    factories.happened(incoming(who, "2011-12-01", amount=5), incoming(who, DAY, amount=7))
    computing.recompute(DAY - dt.timedelta(days=1))
    assert (of(who).orders, of(who).recency_days, of(who).monetary_minor) == (1, 8, 5)


def test_active_days_count_days_and_only_events_that_count() -> None:
    who = factories.CustomerFactory()
    EventType.objects.create(name="message_sent", counts_as_active=False)
    factories.happened(
        *(incoming(who, "2011-12-10", name="opened_app") for _ in range(5)),
        incoming(who, "2011-11-11", name="opened_app"),
        incoming(who, "2011-11-10", name="opened_app"),
        incoming(who, "2011-12-05", name="message_sent"),
    )
    computing.recompute(DAY)
    assert of(who).active_days_30d == 2


def test_a_second_run_touches_nothing() -> None:
    who = factories.CustomerFactory()
    factories.CustomerFactory()
    factories.happened(incoming(who, "2011-05-01", amount=5))
    assert computing.recompute(DAY) > 0
    assert computing.recompute(DAY) == 0
    # Whole days since something are not stored, so the next day changes nothing by itself.
    assert computing.recompute(DAY + dt.timedelta(days=1)) == 0
    assert of(who).recency_days == 224


def test_every_trait_of_ours_has_words_and_a_recipe_that_can_be_written_down() -> None:
    for one in traits.SHIPPED.values():
        assert one.label
        assert one.definition
        assert reading.read(json.loads(json.dumps(reading.write(one.recipe)))) == one.recipe


def test_each_trait_of_ours_has_a_row_with_its_freshness() -> None:
    factories.happened(incoming(factories.CustomerFactory(), "2011-12-01", amount=5))
    computing.recompute(DAY)
    row = Trait.objects.get(key="orders")
    assert (row.data_as_of, row.known, row.is_shipped) == (DAY, 1, True)
    assert set(Trait.objects.values_list("key", flat=True)) == set(traits.SHIPPED)
    assert traits.install() == 0


def test_campaigns_answered_are_never_more_than_all() -> None:
    factories.EventTypeFactory(name="coupon_redeemed", counts_as_interaction=True)
    one, other = factories.CustomerFactory.create_batch(2)

    def to(customer: Any, name: str, campaign: str) -> Any:
        given = {"name": name, "properties": {"campaign": campaign}}
        return incoming(customer, "2011-12-01", **given)

    factories.happened(
        *(to(one, "campaign_received", campaign) for campaign in "1234"),
        *(to(one, "coupon_redeemed", "2") for _coupon in range(9)),
        to(other, "campaign_received", "1"),
        *(to(other, "coupon_redeemed", campaign) for campaign in "123"),
    )
    computing.recompute(DAY)
    found = traits.of([one.pk, other.pk], ["promotion_response", "promotions_answered"])
    assert found[one.pk] == {"promotion_response": 25, "promotions_answered": 9}
    assert found[other.pk]["promotion_response"] == 100


def test_events_beyond_the_kinds_with_columns_are_asked_of_day_sets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    who = factories.CustomerFactory()
    factories.happened(
        *(incoming(who, "2011-12-01", name="often") for _ in range(3)),
        incoming(who, "2011-12-02", name="rare"),
        incoming(who, "2011-12-05", name="rare"),
        incoming(who, "2011-12-05", name="x" * 80),
    )
    computing.recompute(DAY)
    assert sheet.read("first:rare")
    monkeypatch.setattr(computing, "MOST_KINDS", 1)
    computing.recompute(DAY)
    assert not sheet.read("first:rare", "last:rare")
    assert sheet.read("last:often")
    ago = (DAY - dt.date(2011, 12, 5)).days
    for event in ("rare", "x" * 80):
        rule = {"last": event, "op": "=", "value": ago}
        assert membership.evaluate(rule, day=DAY) == BitMap([who.pk])
        segment = factories.SegmentFactory(name=event[:40], rule=rule)
        found = explaining.explain(segment, who, day=DAY)
        assert found.parts[0].actual.endswith(f"last on 2011-12-05: {ago} days ago")


# --- columns ------------------------------------------------------------------


def test_columns_go_to_the_database_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "ROWS_A_PIECE", 3)
    numbers = np.array([1, 2, 3, 4, 5, 6, 7], np.int32)
    days = columns.days_of(np.arange("2011-12-08", "2011-12-15", dtype="datetime64[D]").astype(int))
    large = np.array([2**62, -5, 0, 1, 2, 3, -(2**62)], np.int64)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE kept (n integer, day date, large bigint)")
        columns.write(cursor, "kept", {"n": numbers, "day": days, "large": large})
        cursor.execute("SELECT min(day), max(day) FROM kept")
        assert cursor.fetchone() == (dt.date(2011, 12, 8), dt.date(2011, 12, 14))
        found = columns.read(
            "SELECT n, large FROM kept WHERE n > %s ORDER BY n", [2], n="i4", l="i8"
        )
        cursor.execute("DROP TABLE kept")
    assert found["n"].tolist() == [3, 4, 5, 6, 7]
    assert found["l"].tolist() == large[2:].tolist()


def test_no_rows_are_an_empty_set() -> None:
    assert not columns.ids("SELECT id FROM segments_customer WHERE false")
