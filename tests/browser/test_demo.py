"""The demo business is the data set's, seen past the screens: in the database and in the lake."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from console.embedded import places
from segments.lake import engine, questions
from tests.browser.pages import Console

VOLUMES = {
    "order_paid": 155_848,
    "item_bought": 1_469_307,
    "coupon_redeemed": 2_102,
    "campaign_received": 6_589,
}
LAST = dt.date(2017, 12, 31)


@pytest.fixture
def lake(console: Console) -> Iterator[engine.Lake]:
    with engine.connect(console.home / "lake") as opened:
        yield opened


def ask(console: Console, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(places.database_url(console.home)) as connection:
        return connection.execute(question).fetchall()


def test_the_lake_has_each_event_once(console: Console, lake: engine.Lake) -> None:
    found = {row["event"]: row["volume"] for row in questions.volumes(lake).to_pylist()}
    assert {name: found[name] for name in VOLUMES} == VOLUMES
    events = lake.events(until=LAST)
    theirs = events.filter(events.event.isin(list(VOLUMES)))
    assert lake.ask(theirs.key.nunique()).as_py() == sum(VOLUMES.values())
    counted = dict(ask(console, "SELECT name, volume FROM segments_eventtype"))
    assert {name: counted[name] for name in VOLUMES} == VOLUMES


def test_every_cent_of_a_basket_is_in_one_of_its_lines(lake: engine.Lake) -> None:
    totals = questions.order_totals(lake, events=["order_paid"], day=LAST)
    items = questions.order_totals(lake, events=["item_bought"], day=LAST)
    assert totals.num_rows == 2_469
    assert sum(totals["orders"].to_pylist()) == VOLUMES["order_paid"]
    assert sum(totals["amount"].to_pylist()) == sum(items["amount"].to_pylist()) == 459_603_958


def test_every_basket_lies_on_a_day_of_the_year_in_the_shops_own_zone(console: Console) -> None:
    [(zone, today)] = ask(console, "SELECT time_zone, today_on FROM console_project")
    assert (zone, today) == ("America/New_York", dt.date(2018, 1, 1))
    days = ask(
        console,
        "SELECT min(day), max(day), count(*) FROM segments_dayset JOIN segments_eventtype t"
        " ON t.id = event_type_id WHERE t.name = 'order_paid' AND level = 1 AND day < '2018-01-01'",
    )
    assert days == [(dt.date(2017, 1, 1), LAST, 364)]


def test_customers_are_the_households(console: Console) -> None:
    households = (
        " FROM segments_customer c JOIN segments_identifier i ON i.customer_id = c.id"
        " WHERE i.kind = 'household'"
    )
    assert ask(console, "SELECT count(*)" + households) == [(2_469,)]
    assert ask(console, f"SELECT count(*){households} AND attributes <> '{{}}'") == [(801,)]
    first = ask(console, f"SELECT name, email, attributes->>'age'{households} AND i.value = '1'")
    assert first == [("Household 1", "household-1@customers.example", "65+")]
    agreed = "SELECT count(*) FROM segments_consent WHERE source LIKE '%reached by the retailer%'"
    assert ask(console, agreed) == [(1_559,)]
