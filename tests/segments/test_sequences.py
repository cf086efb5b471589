"""Who did one thing and then another: the lake's answer equals the plain reading of the words."""

import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segments.lake import engine, questions, schema, store
from segments.lake.properties import Condition
from segments.lake.questions import Step

FIRST, DAYS = dt.date(2024, 3, 1), 5
LAST = FIRST + dt.timedelta(days=DAYS - 1)
NOON = dt.datetime(2024, 3, 4, 12, tzinfo=dt.UTC)
DEAR = (Condition("price", ">", 2),)


def made_up() -> list[dict[str, Any]]:
    """Few kinds of events at full hours, so that many happen at the same moment."""
    chance = random.Random(7)
    rows = []
    for number in range(900):
        hours = chance.randrange(24 * DAYS)
        time = dt.datetime.combine(FIRST, dt.time(), dt.UTC) + dt.timedelta(hours=hours)
        rows.append(
            {
                "day": time.date(),
                "time": time,
                "customer": chance.randint(1, 200),
                "event": chance.choice(["cart", "paid", "seen"]),
                "key": str(number),
                "amount": None,
                "properties": json.dumps({"price": chance.randint(1, 4)}),
            }
        )
    return rows


ROWS = made_up()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[engine.Lake]:
    place: Path = tmp_path_factory.mktemp("lake")
    store.append(place, schema.table(ROWS), app_id="test", version=1)
    with engine.connect(place) as opened:
        yield opened


def did(row: dict[str, Any], step: Step) -> bool:
    price = json.loads(row["properties"])["price"]
    return row["event"] == step.event and (not step.where or price > 2)


def plainly(
    first: Step, then: Step, within: dt.timedelta, since: dt.date, over: dt.datetime | None
) -> list[int]:
    """Each pair of a customer's events looked at."""
    found = set()
    for one in ROWS:
        if not did(one, first) or not since <= one["day"] <= LAST:
            continue
        followed = any(
            other["customer"] == one["customer"]
            and did(other, then)
            and other["time"] <= one["time"] + within
            and (
                other["time"] > one["time"]
                or (other["time"] == one["time"] and first.event != then.event)
            )
            for other in ROWS
        )
        if followed if over is None else not followed and one["time"] + within <= over:
            found.add(one["customer"])
    return sorted(found)


@pytest.mark.parametrize("over", [None, NOON], ids=["and then", "and then not"])
@pytest.mark.parametrize("then", ["paid", "cart"])
@pytest.mark.parametrize("where", [(), DEAR], ids=["any", "dear"])
@pytest.mark.parametrize("hours", [1, 24])
def test_a_sequence_is_what_its_words_say(
    lake: engine.Lake, over: dt.datetime | None, then: str, where: Any, hours: int
) -> None:
    first, second = Step("cart", where), Step(then)
    since, within = FIRST + dt.timedelta(days=1), dt.timedelta(hours=hours)
    found = questions.who_did_in_order(
        lake, first=first, then=second, within=within, since=since, until=LAST, over=over
    )
    expected = plainly(first, second, within, since, over)
    assert found["customer"].to_pylist() == expected
    assert expected
