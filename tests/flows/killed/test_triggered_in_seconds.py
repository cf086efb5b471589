"""An event comes in over HTTP and its mail leaves within seconds, also when workers are killed."""

import time

import pytest
from segment.analytics.client import Client

from tests import patience
from tests.flows.killed.house import House, kill
from tests.sink import Sink

CUSTOMERS, UNDISTURBED = 24, 6
SECONDS = 30.0  # in which a mail is there: two ticks of two seconds, and a machine that is busy
SECONDS_TO_HEAL = 90
PRELUDE = """
import logging
import django
django.setup()
logging.disable(logging.INFO)
"""
START = f"""
from console import clock
from console.models import Staff
from segments import write_keys
from segments.models import Customer, EventSource, EventType, Identifier, WriteKey
from tests.campaigns import factories
from tests.campaigns.journeys.steps import message, wait
EventType.objects.create(name="cart_updated")
everybody = factories.people({CUSTOMERS})
Identifier.objects.bulk_create(
    Identifier(customer=one, kind="user_id", value=f"u{{number}}")
    for number, one in enumerate(everybody)
)
factories.campaign_at("sending", everybody, segment=None, entry="event",
    trigger={{"event": "cart_updated"}}, plan=[message("cart")])
boss = Staff.objects.create(username="chief", role="admin")
source = EventSource.objects.create(name="Carts")
print(write_keys.make(source, by=boss, scopes=WriteKey.Scope.values)[1])
"""


@pytest.mark.first
def test_a_cart_is_answered_within_seconds_and_once_whoever_is_killed(
    house: House, behaviour: Sink
) -> None:
    shop = Client(house.run(PRELUDE + START), host=house.url, sync_mode=True, timeout=5)
    for number in range(UNDISTURBED):
        _cart(shop, number)
        _until(behaviour, number + 1, SECONDS)
    for number in range(UNDISTURBED, CUSTOMERS):
        _cart(shop, number)
        if number % 6 == 0:  # a child that works, or all of Celery: beat and workers
            workers = house.processes("celery")
            kill(workers[-1] if number % 12 == 0 else workers[0])
        time.sleep(0.3)
    _until(behaviour, CUSTOMERS, SECONDS_TO_HEAL)
    time.sleep(3)  # so that a second one had time to come
    assert set(behaviour.taken.values()) == {1}, "somebody got two"


def _cart(shop: Client, number: int) -> None:
    shop.track(f"u{number}", "cart_updated", {"item": "Tea"}, message_id=f"cart-{number}")


def _until(behaviour: Sink, count: int, seconds: float) -> None:
    until = time.monotonic() + patience.of(seconds)
    while len(behaviour.taken) < count:
        assert time.monotonic() < until, f"{len(behaviour.taken)} of {count} mails came"
        time.sleep(0.05)
