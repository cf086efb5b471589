"""kill -9 of the web under load: what was acknowledged is there, exactly once."""

import http.client
import json
import os
import signal
import threading
import time
from collections import Counter

import pytest
from django.utils import timezone

from segments import intake
from segments.items import Event
from segments.models import DeadLetter, Delivery, EventSource
from tests.segments import sent
from tests.segments.collect.conftest import Web
from tests.segments.collect.reading import taken_of

CLIENTS, SECONDS, KILLS = 8, 6.0, 6


class Sender(threading.Thread):
    """A server of the business: it sends three events at a time, and the same ones again
    until it is told that they were taken."""

    def __init__(self, web: Web, key: str, number: int, ends_at: float) -> None:
        super().__init__()
        self.web, self.key, self.number, self.ends_at = web, key, number, ends_at
        self.acknowledged: list[str] = []
        self.attempts = 0

    def run(self) -> None:
        for batch in range(100_000):
            if time.monotonic() > self.ends_at:
                return
            ids = [f"{self.number}-{batch}-{one}" for one in range(3)]
            while not self.send(ids):
                time.sleep(0.02)
            self.acknowledged += ids

    def send(self, ids: list[str]) -> bool:
        items = [{"id": one, "event": "order_paid", "user_id": f"u{one[-1]}"} for one in ids]
        self.attempts += 1
        line = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=30)
        try:
            headers = {"Authorization": f"Bearer {self.key}"}
            line.request("POST", "/api/v1/events", json.dumps({"items": items}), headers)
            answer = line.getresponse()
            told = answer.read()
            return answer.status == 200 and json.loads(told)["accepted"] == 3
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            line.close()


@pytest.mark.first
@pytest.mark.django_db(transaction=True)
def test_every_acknowledged_event_arrives_exactly_once(
    web: Web, key: str, source: EventSource
) -> None:
    ends_at = time.monotonic() + SECONDS
    senders = [Sender(web, key, number, ends_at) for number in range(CLIENTS)]
    for sender in senders:
        sender.start()
    killed = 0
    for _ in range(KILLS):
        time.sleep(SECONDS / (KILLS + 2))
        for worker in web.workers()[:1]:
            os.kill(worker, signal.SIGKILL)
            killed += 1
    for sender in senders:
        sender.join(timeout=60)
    acknowledged = {one for sender in senders for one in sender.acknowledged}
    assert killed == KILLS
    assert len(acknowledged) > 200
    assert sum(sender.attempts for sender in senders) > len(acknowledged) / 3  # some came again

    waiting = {event.key for event in taken_of(Event)}
    assert acknowledged <= waiting
    intake.run(at=timezone.now())
    in_lake = Counter(row["key"] for row in sent.in_lake())
    assert set(in_lake.values()) == {1}
    assert in_lake.keys() >= {f"{source.pk}:{one}" for one in acknowledged}
    assert not Delivery.objects.exists()
    assert not DeadLetter.objects.exists()
