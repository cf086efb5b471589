"""Everything is killed while events come in: each acknowledged one is in the lake exactly once."""

import itertools
import re
import threading
import time
from collections import Counter

import pytest
from segment.analytics.client import Client

from segments.lake import engine
from tests import patience
from tests.flows.killed.house import House, kill

SENDERS = 4
OURS = re.compile(r":s\d-\d+$")  # the keys of events that senders send
SECONDS_TO_HEAL = 60
REST = 0.02  # between two events of a sender: some are always on their way
PAUSE = 0.8  # between two kills, so that what was killed is at work again
PRELUDE = """
import logging, os, sys, time
import django
django.setup()
logging.disable(logging.INFO)
from django.db import connection
from django.utils import timezone
from segments import ingest, intake, write_keys
from segments.models import Delivery, EventSource, InboxEvent, WriteKey
"""
MAKE_KEY = """
from console.models import Staff
boss = Staff.objects.create(username="boss", role="admin")
source = EventSource.objects.create(name="Shop")
print(write_keys.make(source, by=boss, scopes=WriteKey.Scope.values)[1])
"""
# What the worker's task does, again and again, so that a kill is sure to be in the middle of it;
# when its input ends, until nothing is left.
FLUSH = """
import threading
enough = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), enough.set()), daemon=True).start()
while True:
    try:
        last = enough.is_set()
        intake.run(at=timezone.now())
        ingest.flush()
        if last and not Delivery.objects.exists() and not InboxEvent.objects.exists():
            break
    except Exception:
        connection.close()
    time.sleep(0.05)
"""


class Sender(threading.Thread):
    """A server with the official library, which sends one event at a time until it is taken."""

    def __init__(self, url: str, key: str, name: str) -> None:
        super().__init__(daemon=True)
        self.client = Client(key, host=url, sync_mode=True, timeout=5)
        self.name, self.acknowledged = name, list[str]()
        self.tries = 0
        self.enough = threading.Event()

    def run(self) -> None:
        for number in itertools.count():
            if self.enough.wait(REST):
                return
            self._send(f"{self.name}-{number}", number)

    def _send(self, message_id: str, number: int) -> None:
        give_up = time.monotonic() + patience.of(SECONDS_TO_HEAL)
        while time.monotonic() < give_up:
            self.tries += 1
            try:
                who = f"{self.name}-{number % 7}"
                self.client.track(
                    who, "Order Paid", {"total": 1}, anonymous_id=f"a-{who}", message_id=message_id
                )
            except Exception:
                time.sleep(0.1)
            else:
                self.acknowledged.append(message_id)
                return


@pytest.mark.first
def test_whatever_is_killed_each_acknowledged_event_is_in_the_lake_exactly_once(
    house: House,
) -> None:
    key = house.run(PRELUDE + MAKE_KEY)
    senders = [Sender(house.url, key, f"s{number}") for number in range(SENDERS)]
    flusher = house.program(PRELUDE + FLUSH)
    for sender in senders:
        sender.start()
    time.sleep(PAUSE)
    for victim in ("gunicorn", "flusher", "celery", "postgres", "valkey", "gunicorn"):
        if victim == "flusher":
            kill(flusher.pid)
            flusher.communicate()
            flusher = house.program(PRELUDE + FLUSH)
        else:
            found = house.processes(victim)
            # Of gunicorn and Celery the child that works; of a server all of it.
            kill(found[-1] if victim in {"gunicorn", "celery"} else found[0])
        time.sleep(PAUSE)
    _until_more_is_taken(senders)
    for sender in senders:
        sender.enough.set()
    for sender in senders:
        sender.join(patience.of(SECONDS_TO_HEAL))
    flusher.communicate(timeout=patience.of(SECONDS_TO_HEAL))
    assert flusher.returncode == 0
    _assert_each_once(house, senders)


def _until_more_is_taken(senders: list[Sender]) -> None:
    """Every sender is heard again after the last kill."""
    before = [len(sender.acknowledged) for sender in senders]
    give_up = time.monotonic() + patience.of(SECONDS_TO_HEAL)
    while any(len(one.acknowledged) <= count for one, count in zip(senders, before, strict=True)):
        assert time.monotonic() < give_up, "the house did not heal"
        time.sleep(0.1)


def _assert_each_once(house: House, senders: list[Sender]) -> None:
    with engine.connect(house.home / "lake") as lake:
        found = lake.ask(lake.events()).to_pylist()
    rows = [row for row in found if OURS.search(row["key"])]
    kept = Counter(row["key"].partition(":")[2] for row in rows)
    acknowledged = {key for sender in senders for key in sender.acknowledged}
    assert len(acknowledged) > SENDERS * 5
    assert sum(sender.tries for sender in senders) > len(acknowledged)  # some had to come again
    assert acknowledged - kept.keys() == set()
    assert {key for key, times in kept.items() if times > 1} == set()
    customers = {row["customer"] for row in rows}
    assert len(customers) <= SENDERS * 7
