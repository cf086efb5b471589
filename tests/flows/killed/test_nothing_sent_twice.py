"""Everything is killed in the middle of a large send: each customer gets one mail, or is held."""

import json
import subprocess
import time

import pytest

from tests import patience
from tests.flows.killed.house import House, kill
from tests.sink import Sink

AUDIENCE = 5000
CONNECTIONS = 40  # that the server takes, and so the mails on the wire
# At most 270 mails a second: however quick the machine, some are left for the last kill.
SECONDS_A_MAIL = 0.15
SECONDS_TO_HEAL = 120
PAUSE = 1.0  # between two kills, so that what was killed is at work again
EMPTIED = "the broker's memory"
VICTIMS = ("sender", "postgres", "valkey", "celery", EMPTIED, "postgres", "valkey", "sender")
PRELUDE = """
import json, logging, os, sys, time
import django
django.setup()
logging.disable(logging.INFO)
from django.db import connection
from campaigns import tasks
from campaigns.models import Campaign
from campaigns.outcomes import progress
"""
START = f"""
from campaigns.models import Suppression
from console import clock
from tests.campaigns import factories
from tests.factories import StaffFactory
for one in (StaffFactory, factories.SegmentFactory, factories.TemplateFactory):
    one.reset_sequence(1000)  # others of this console have the first names
everybody = factories.people({AUDIENCE}, prefix="big")
campaign = factories.campaign_at("sending", everybody)
for one in everybody[::100]:
    Suppression.objects.create(address=one.email, reason="by_hand", at=clock.now())
print(campaign.pk)
"""
# What beat does every 15 seconds, so often that two of them are always at work; and two of it.
TICK = """
while True:
    try:
        tasks.wake_senders()
        campaign = Campaign.objects.get(pk=int(sys.argv[1]))
        if campaign.status != "sending":
            break
    except Exception:
        connection.close()
    time.sleep(0.5)
print(json.dumps(progress.of(campaign).as_json() | {"status": campaign.status}))
"""


# Asked a line at a time how many are held, through whatever happens to the database.
WATCH = """
from campaigns.models import Message
for campaign in sys.stdin:
    while True:
        try:
            print(Message.objects.filter(campaign=int(campaign), status="held").count(), flush=True)
            break
        except Exception:
            connection.close()
            time.sleep(0.1)
"""
EMPTY = """
import redis
from django.conf import settings
redis.from_url(settings.REDIS_URL).flushall()
"""


@pytest.mark.first
def test_whatever_is_killed_nobody_gets_two_mails_and_nobody_is_forgotten(
    house: House, behaviour: Sink
) -> None:
    behaviour.delay, behaviour.most = SECONDS_A_MAIL, CONNECTIONS
    campaign = house.run(PRELUDE + START)
    beats = [house.program(PRELUDE + TICK, campaign) for _ in range(2)]
    watch = house.program(PRELUDE + WATCH)
    in_the_middle = 0
    for kills, victim in enumerate(VICTIMS):
        before, until = behaviour.came, time.monotonic() + patience.of(SECONDS_TO_HEAL)
        while behaviour.came < before + 100:
            assert time.monotonic() < until, "nothing is sent any more"
            time.sleep(0.05)
        time.sleep(PAUSE)
        assert held(watch, campaign) <= CONNECTIONS * kills, "more are held than were on the wire"
        in_the_middle += behaviour.came < AUDIENCE * 0.98
        end(house, victim)
    told = [json.loads(beat.communicate(timeout=patience.of(SECONDS_TO_HEAL))[0]) for beat in beats]

    assert in_the_middle == len(VICTIMS)
    assert told[0] == told[1]
    assert told[0]["status"] == "sent"
    assert told[0]["sent"] + told[0]["held"] + told[0]["skipped"] + told[0]["failed"] == AUDIENCE
    assert told[0]["failed"] == 0
    assert told[0]["skipped"] == AUDIENCE / 100
    assert set(behaviour.taken.values()) == {1}, "somebody got two"
    assert told[0]["held"] <= CONNECTIONS * (len(VICTIMS) - 1), "an emptied broker holds nothing"
    assert told[0]["sent"] <= len(behaviour.taken) <= told[0]["sent"] + told[0]["held"]


def held(watch: "subprocess.Popen[str]", campaign: str) -> int:
    assert watch.stdin
    assert watch.stdout
    watch.stdin.write(f"{campaign}\n")
    watch.stdin.flush()
    return int(watch.stdout.readline())


def end(house: House, victim: str) -> None:
    """Of Celery a child that works, or all of it; of a server all of it, or what it remembers."""
    if victim == EMPTIED:
        house.run(PRELUDE + EMPTY)
        return
    found = house.processes("celery" if victim == "sender" else victim)
    kill(found[-1] if victim == "sender" else found[0])
