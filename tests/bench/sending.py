"""Sending: the claims, and personal mails to a sink that is fast or takes 20 ms a mail."""

import atexit
import functools
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import sink
from tests.bench import console as bench
from tests.bench.harness import ROUNDS, Contest, contest

RUNS = ROUNDS + 1  # and one to compare the answers
CLAIMED, SENT, SENT_SLOWLY, BY_ONE = 1_000, 2_000, 500, 5_000


@contest("claims of 1,000 messages", peer="row by row", goal=50)
def claiming(folder: Path) -> Contest:
    campaigns = _campaigns(CLAIMED, 2 * RUNS)
    return Contest(
        ours=lambda: _claim(next(campaigns)),
        peer=lambda: _claim_row_by_row(next(campaigns)),
        note="both decide by consent and suppression and fence each message; ours also by the "
        "contact policy, and counts the contact. Each commit is synced",
    )


@contest("sending 2,000 personal mails", peer="Celery task a mail, send_mail", goal=10)
def sending(folder: Path) -> Contest:
    return _race(SENT, delay_ms=0)


@contest("sending, 20 ms a mail at the relay", peer="Celery task a mail, send_mail", goal=30)
def sending_slowly(folder: Path) -> Contest:
    return _race(SENT_SLOWLY, delay_ms=20)


# --- claims -------------------------------------------------------------------


def _claim(campaign: Any) -> int:
    from campaigns.delivery import claims
    from campaigns.models import Message
    from campaigns.policy.nodes import Approach
    from console import clock

    for wave in campaign.waves.order_by("pk"):
        claims.begin(wave, list(wave.members), claims.Offer(Approach("email")), at=clock.now())
    return Message.objects.filter(campaign=campaign, status="sending").count()


def _claim_row_by_row(campaign: Any) -> int:
    from django.db import transaction

    from campaigns.models import Message, Suppression
    from segments.models import Consent, Customer

    for pk in campaign.audience.members:
        with transaction.atomic():
            customer = Customer.objects.select_for_update().get(pk=pk)
            if not Consent.objects.filter(customer=pk, channel="email", granted=True).exists():
                continue
            if Suppression.objects.filter(channel="email", address=customer.email).exists():
                continue
            Message.objects.get_or_create(
                campaign=campaign, customer=customer, defaults={"address": customer.email}
            )
    return Message.objects.filter(campaign=campaign, status="sending").count()


# --- sending ------------------------------------------------------------------


def _race(count: int, *, delay_ms: int) -> Contest:
    campaigns = _campaigns(count, RUNS)
    outbox = sink.process(delay_ms=delay_ms)
    port = outbox.__enter__()
    atexit.register(outbox.__exit__, None, None, None)
    channel = _channel(port)
    _peer_worker()
    ceiling = "" if delay_ms else f"; {_share_of_ceiling(count, port, campaigns)}; {_memory(port)}"
    return Contest(
        ours=lambda: _send(next(campaigns), channel, port),
        peer=lambda: _send_by_task(_people(count), port),
        note="ours is one process, claims and writes down included; the peer is one worker "
        "and whoever puts the tasks in its queue" + ceiling,
    )


def _send(campaign: Any, channel: Any, port: int) -> int:
    """A worker's task, again and again; how many mails came."""
    from campaigns.delivery import outbox
    from console import clock

    before, _ = sink.count(port)
    while outbox.send_next_wave(campaign, channel, at=clock.now()):
        pass
    return sink.count(port)[0] - before


def _send_by_task(customers: list[Any], port: int) -> int:
    from tests.bench.peers import mails

    before, _ = sink.count(port)
    for one in customers:
        mails.send.delay(one.pk, port)
    while (came := sink.count(port)[0] - before) < len(customers):
        time.sleep(0.01)
    return came


def _share_of_ceiling(count: int, port: int, campaigns: Iterator[Any]) -> str:
    """How near the whole of sending comes to only pushing ready mails into the sink."""
    from django.utils import timezone

    from campaigns.channels import base, mime

    class Deaf:
        def begun(self, number: int) -> None: ...

        def ended(self, number: int, outcome: base.Outcome) -> None: ...

    channel, now = _channel(port), timezone.now()
    ready = [
        base.Mail(n, f"{n}@x.example", "a@x.example", f"c{n}@x.example", "Hi", "<p>Hi</p>" * 99,
            "Hi", "https://x.example/u", now)
        for n in range(count)
    ]  # fmt: skip
    parcels, whole = [mime.parcel(one) for one in ready], mime.parcel
    mime.parcel = lambda one: one  # type: ignore[assignment, return-value]
    try:
        channel.send(parcels, Deaf())
        began = time.perf_counter()
        channel.send(parcels, Deaf())
        pushed = count / (time.perf_counter() - began)
    finally:
        mime.parcel = whole
    kept, campaign = _channel(port), next(campaigns)
    kept.connect()
    began = time.perf_counter()
    _send(campaign, kept, port)
    sent = count / (time.perf_counter() - began)
    return (
        f"{sent:,.0f} a second are {sent / pushed:.0%} of the {pushed:,.0f} ready mails that the "
        "sink takes from one process"
    )


def _memory(port: int) -> str:
    """How much a worker of its own has at most, while it sends many."""
    from django.db import connection

    campaign = next(_campaigns(BY_ONE, 0))
    given = [str(connection.settings_dict["NAME"]), str(campaign.pk), str(port)]
    began = time.perf_counter()
    argv = [sys.executable, "-m", "tests.bench.one_worker", *given]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    taken = time.perf_counter() - began
    return f"a worker of its own sent {BY_ONE:,} in {taken:.0f} s with at most {int(said)} MB"


def _channel(port: int) -> Any:
    from campaigns.channels.email import SmtpChannel
    from campaigns.channels.smtp import Server

    return SmtpChannel(Server("127.0.0.1", port))


@functools.cache
def _peer_worker() -> None:
    argv = ["celery", "-q", "-A", "tests.bench.peers.mails", "worker", "-P", "solo", "-Q", "peer"]
    worker = subprocess.Popen([sys.executable, "-m", *argv, "-l", "critical"])
    atexit.register(worker.wait)
    atexit.register(worker.kill)


# --- whom it is about ---------------------------------------------------------


def _campaigns(count: int, times: int) -> Iterator[Any]:
    """Campaigns that are being sent, each to the same customers; one more than asked for."""
    bench.start()
    from tests.bench.peers import mails
    from tests.campaigns import factories

    template = factories.TemplateFactory.create(subject=mails.SUBJECT, body=mails.BODY)
    segment = factories.segment_of(_people(count))
    by = factories.bob()
    made = [
        factories.campaign_at("sending", by=by, segment=segment, template=template)
        for _ in range(times + 1)
    ]
    return itertools.chain(made)


@functools.cache
def _people(count: int) -> list[Any]:
    bench.start()
    from tests.campaigns import factories

    made: list[Any] = factories.people(count, prefix=f"bench{count}-")
    return made
