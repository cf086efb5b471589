"""Many campaigns claim the same customers at once: no cap is exceeded, no late word is missed."""

import datetime as dt
import itertools
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from pyroaring import BitMap

from campaigns.contact import contacting
from campaigns.delivery import claims
from campaigns.delivery.claims import Offer
from campaigns.models import Campaign, Contact, Wave
from campaigns.policy import calendar
from campaigns.policy.nodes import DAY, MONTH, WEEK, Approach, Send, Skip
from segments.models import Consent, Customer
from tests.campaigns.contact.test_contacting import at_most, campaign_for, policy
from tests.campaigns.factories import people

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = Approach("email")
CAMPAIGNS, WORKERS, STEPS = 8, 4, 11
ZONES = ["America/New_York", "Asia/Shanghai", "America/Havana", "Pacific/Auckland", ""]
NUMBERS = itertools.count(1)  # of occurrences: no two claims are of the same
# Clocks in New York and Havana are put forward in this night; a month begins in the other.
NIGHTS = [
    dt.datetime(2026, 3, 7, 20, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 31, 4, tzinfo=dt.UTC),
]


@pytest.mark.parametrize("begin", NIGHTS, ids=["forward", "back"])
def test_many_campaigns_and_workers_never_exceed_a_cap(begin: dt.datetime) -> None:
    caps = {(DAY, ""): 2, (WEEK, ""): 4, (MONTH, ""): 5, (DAY, "sms"): 1}
    policy(caps=[at_most(most, window, channel) for (window, channel), most in caps.items()])
    chance = random.Random(f"{begin}")
    who = people(10)
    Customer.objects.update(phone="1")
    Consent.objects.bulk_create(
        Consent(customer=one, channel="sms", granted=True, at=begin) for one in who
    )
    campaigns = [campaign_for(who) for _campaign in range(CAMPAIGNS)]
    zones: dict[int, str] = dict.fromkeys((one.pk for one in who), "")
    worlds: dict[dt.datetime, dict[int, str]] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        for step in range(STEPS):
            at = begin + step * dt.timedelta(hours=3, minutes=47)
            _travel(zones, chance)
            worlds[at] = dict(zones)
            deeds = [
                _claims(chance.sample(campaigns, 3), list(zones), at, number)
                for number in range(WORKERS)
            ]
            for done in [pool.submit(deed) for deed in deeds]:
                done.result()
        everybody = threading.Barrier(WORKERS)
        list(pool.map(_close, [everybody] * WORKERS))
    for customer in zones:
        sent = list(Contact.objects.filter(customer=customer))
        for one in sent:
            zone = worlds[one.at.replace(second=0)][customer]
            for (window, channel), most in caps.items():
                _check(sent, one, ZoneInfo(zone or "Asia/Shanghai"), window, channel, most)
    got = [Contact.objects.filter(customer=one).count() for one in who]
    assert min(got) >= 4  # and everybody did get what the caps allow


def _close(everybody: threading.Barrier) -> None:
    everybody.wait(60)  # so that each of the threads comes here
    connection.close()


def _travel(zones: dict[int, str], chance: random.Random) -> None:
    """Some customers are elsewhere from now on."""
    for customer in chance.sample(list(zones), 3):
        zones[customer] = chance.choice(ZONES)
        Customer.objects.filter(pk=customer).update(attributes={"time_zone": zones[customer]})


def _claims(
    campaigns: list[Campaign], ids: list[int], at: dt.datetime, number: int
) -> Callable[[], None]:
    """What one worker does at a moment: a few campaigns claim everybody."""

    def work() -> None:
        for turn, campaign in enumerate(campaigns):
            approach = Approach("sms" if (number + turn) % 3 == 0 else "email")
            asked = ids[number:] + ids[:number]  # in another order than the others
            moment = at + dt.timedelta(seconds=number)
            occurrence = next(NUMBERS)
            wave = Wave.objects.create(
                campaign=campaign, occurrence=occurrence, members=BitMap(asked)
            )
            claims.begin(wave, asked, Offer(approach), at=moment)

    return work


def _check(
    sent: list[Contact], one: Contact, zone: ZoneInfo, window: str, channel: str, most: int
) -> None:
    """By the calendar that the customer had when it left, and by the dates of that calendar."""
    if channel not in {"", one.channel}:
        return
    counted = [other for other in sent if channel in {"", other.channel}]
    first = calendar.first_day(one.day, window)
    assert one.day == calendar.day_of(one.at, zone)
    assert sum(calendar.begin(first, zone) <= other.at <= one.at for other in counted) <= most
    assert sum(calendar.first_day(other.day, window) == first for other in counted) <= most


def test_an_unsubscribe_that_was_committed_while_a_claim_waited_is_seen() -> None:
    who = people(3)
    ids = [one.pk for one in who]
    held, found = threading.Event(), {}

    def waiting_claim() -> None:
        held.wait(60)
        try:
            with transaction.atomic():
                found["look"] = contacting.look(ids, EMAIL, at=dt.datetime.now(dt.UTC))
        finally:
            connection.close()

    waiter = threading.Thread(target=waiting_claim)
    waiter.start()
    with transaction.atomic():
        contacting.look([ids[1]], EMAIL, at=dt.datetime.now(dt.UTC))
        held.set()
        _until_somebody_waits()
        unsubscribe = threading.Thread(target=_unsubscribe, args=[ids[2]])
        unsubscribe.start()
        unsubscribe.join(10)
    waiter.join(10)
    assert found["look"].verdicts == {
        ids[0]: Send(),
        ids[1]: Send(),
        ids[2]: Skip("no_consent"),
    }


def _unsubscribe(customer: int) -> None:
    """In a transaction of its own, which nobody's claim holds up."""
    try:
        Consent.objects.filter(customer=customer).update(granted=False)
    finally:
        connection.close()


def _until_somebody_waits() -> None:
    """For a lock; looked at from the connection that has it."""
    for _look in range(3_000):  # a busy machine takes its time
        with connection.cursor() as cursor:
            # Who is connected is otherwise read once in a transaction, and they may come later.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE NOT l.granted AND a.datname = current_database()"
            )
            waiting = cursor.fetchone()
        if waiting[0]:
            return
        threading.Event().wait(0.02)
    raise AssertionError("nobody waited")
