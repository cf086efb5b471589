"""Sending: nobody twice, nobody lost, whatever the server, the person or the machine does."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, connection

from campaigns import transitions
from campaigns.channels.email import CONNECTIONS
from campaigns.delivery import claims, outbox, sending
from campaigns.journeys import loads, waves
from campaigns.models import Campaign, Message, Suppression, Wave
from campaigns.outcomes import progress, tracking
from console import clock
from segments.models import Consent, InboxEvent
from tests.campaigns.factories import (
    CountingServer,
    TemplateFactory,
    bob,
    campaign_at,
    mail_server,
    people,
    send_all,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Any:
    with mail_server() as running:
        yield running


def ended(campaign: Campaign) -> int:
    """How many messages are in a status in which they stay."""
    return progress.of(campaign).ended


def test_everybody_of_the_audience_gets_one_mail(server: CountingServer) -> None:
    campaign = campaign_at("sending", 60)

    send_all(campaign, server)

    assert campaign.status == "sent"
    assert campaign.finished_at is not None
    assert set(server.count.values()) == {1}
    assert len(server.count) == 60
    assert progress.of(campaign).sent == campaign.audience.size == 60


def test_each_sent_message_is_an_event(server: CountingServer) -> None:
    campaign = campaign_at("sending", 30)
    send_all(campaign, server)
    assert InboxEvent.objects.filter(name="message_sent").count() == 30


def test_filling_the_work_list_twice_changes_nothing() -> None:
    campaign = campaign_at("sending", 3)
    before = list(Wave.objects.values_list("pk", "size"))
    outbox.fill(campaign, at=clock.now())
    assert list(Wave.objects.values_list("pk", "size")) == before


def test_several_workers_send_nobody_twice(
    server: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "MOST", 20)
    campaign = campaign_at("sending", 200)
    problems: list[BaseException] = []
    ready = threading.Barrier(3)

    def work() -> None:
        try:
            ready.wait()
            send_all(Campaign.objects.get(pk=campaign.pk), server)
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    in_threads(work, 3)

    assert problems == []
    assert len(server.count) == 200
    assert set(server.count.values()) == {1}
    assert progress.of(campaign).sent == 200


def test_a_wave_has_one_worker_at_a_time(server: CountingServer) -> None:
    campaign = campaign_at("sending", 5)
    seen: list[Any] = []

    def work() -> None:
        seen.append(outbox.send_next_wave(campaign, server.channel(), at=clock.now()))
        connection.close()

    with outbox._claimed(campaign, clock.now()) as wave:
        assert wave is not None
        in_threads(work, 1)

    assert seen == [None]
    assert server.mails == []


def test_a_paused_campaign_sends_nothing(server: CountingServer) -> None:
    campaign = campaign_at("paused", 5)
    assert outbox.send_next_wave(campaign, server.channel(), at=clock.now()) is None
    assert server.mails == []


def test_a_pause_stops_within_a_group_and_a_resume_sends_the_rest_once(
    server: CountingServer,
) -> None:
    owner = bob()
    campaign = campaign_at("sending", 400, by=owner)

    def pause(count: int) -> None:
        if count == 30:
            in_threads(stop, 1)

    def stop() -> None:
        transitions.pause(Campaign.objects.get(pk=campaign.pk), by=owner)
        connection.close()

    server.on_mail = pause
    outbox.send_next_wave(campaign, server.channel(), at=clock.now())
    server.on_mail = None
    assert 30 <= len(server.mails) <= sending.FIRST_GROUP

    campaign.refresh_from_db()
    transitions.resume(campaign, by=owner)
    send_all(campaign, server)

    assert campaign.status == "sent"
    assert set(server.count.values()) == {1}
    assert len(server.count) == 400


def test_who_unsubscribes_before_the_claim_is_not_written_to(server: CountingServer) -> None:
    customers = people(4)
    campaign = campaign_at("sending", customers)
    Suppression.objects.create(address=customers[0].email, reason="by_hand", at=clock.now())
    Consent.objects.filter(customer=customers[1]).update(granted=False)
    customers[2].email = ""
    customers[2].save()

    send_all(campaign, server)

    assert [address for address, _ in server.mails] == [customers[3].email]
    skipped = Message.objects.filter(status="skipped").order_by("customer_id")
    assert [one.reason for one in skipped] == ["suppressed", "no_consent", "no_address"]
    assert ended(campaign) == campaign.audience.size


def test_who_unsubscribes_while_it_is_being_sent_is_not_written_to(
    server: CountingServer,
) -> None:
    customers = people(sending.FIRST_GROUP + 10)
    campaign = campaign_at("sending", customers)

    def unsubscribe(count: int) -> None:
        if count == 1:
            in_threads(late, 1)

    def late() -> None:
        Suppression.objects.create(address=customers[-1].email, reason="by_hand", at=clock.now())
        connection.close()

    server.on_mail = unsubscribe
    send_all(campaign, server)

    assert customers[-1].email not in server.count
    assert Message.objects.get(customer=customers[-1]).reason == "suppressed"


def test_a_refused_address_fails_with_its_reason_and_the_rest_goes_on(
    server: CountingServer,
) -> None:
    customers = people(3)
    server.answers = {customers[1].email: "550 no such person"}
    campaign = campaign_at("sending", customers)

    send_all(campaign, server)

    assert campaign.status == "sent"
    message = Message.objects.get(customer=customers[1])
    assert (message.status, message.reason) == ("failed", "550 no such person")
    assert progress.of(campaign).sent == 2


def test_what_can_heal_is_tried_again_later_and_only_that(server: CountingServer) -> None:
    customers = people(3)
    server.answers = {customers[1].email: "451 later please"}
    campaign = campaign_at("sending", customers)

    send_all(campaign, server)
    assert campaign.status == "sending"
    assert progress.of(campaign).retry == 1
    assert campaign.pk not in outbox.with_work(), "its time has not come"

    server.answers = {}
    waves.catch_up(campaign, None)
    assert campaign.pk in outbox.with_work()
    send_all(campaign, server)

    assert campaign.status == "sent"
    assert set(server.count.values()) == {1}
    assert len(server.count) == 3


def test_what_never_heals_fails_in_the_end(server: CountingServer) -> None:
    server.answer_to_all = "451 never"
    campaign = campaign_at("sending", 2)
    for _ in range(sending.TRIES):
        Wave.objects.update(not_before=None)
        send_all(campaign, server)
    assert campaign.status == "sent"
    assert progress.of(campaign).failed == 2


def test_twenty_errors_in_a_row_stop_the_campaign_with_the_reason(
    server: CountingServer,
) -> None:
    server.answer_to_data = "550 we do not like you"
    campaign = campaign_at("sending", 200)

    send_all(campaign, server)

    assert campaign.status == "paused"
    assert "we do not like you" in campaign.stopped_because
    assert progress.of(campaign).failed <= sending.FIRST_GROUP
    server.answer_to_data = ""
    transitions.resume(campaign, by=bob())
    send_all(campaign, server)
    assert campaign.status == "sent"
    assert ended(campaign) == 200


def test_without_a_mail_server_nothing_is_begun(server: CountingServer) -> None:
    campaign = campaign_at("sending", 5)
    server.port, right = 1, server.port

    tally = outbox.send_next_wave(campaign, server.channel(), at=clock.now())

    assert tally
    assert not Message.objects.exists()
    assert campaign.pk not in outbox.with_work(), "it is tried again later"
    Wave.objects.update(tries=sending.TRIES - 1, not_before=None)
    send_all(campaign, server)
    assert campaign.status == "paused"
    assert campaign.stopped_because

    server.port = right
    transitions.resume(campaign, by=bob())
    send_all(campaign, server)
    assert campaign.status == "sent"
    assert len(server.mails) == 5


def test_a_customer_whom_the_words_do_not_fit_fails_alone(server: CountingServer) -> None:
    customers = people(3)
    for one in customers[:2]:
        one.attributes = {"city": "Köln"}
        one.save()
    template = TemplateFactory.create(body="<p>{{ customer.attributes.city }}</p>")
    campaign = campaign_at("sending", customers, template=template)

    send_all(campaign, server)

    assert len(server.mails) == 2
    message = Message.objects.get(customer=customers[2])
    assert message.status == "failed"
    assert "city" in message.reason


def test_a_customer_who_is_gone_does_not_keep_it_from_ending(server: CountingServer) -> None:
    customers = people(3)
    campaign = campaign_at("sending", customers)
    customers[0].delete()
    send_all(campaign, server)
    assert campaign.status == "sent"
    assert len(server.mails) == 2


def test_opening_and_unsubscribing_come_from_the_mail_that_was_sent(
    server: CountingServer,
) -> None:
    campaign = campaign_at("sending", 1)
    send_all(campaign, server)
    message = Message.objects.get()
    tracking.opened(message, at=clock.now())
    assert InboxEvent.objects.filter(name="message_opened").count() == 1


def test_a_killed_worker_leaves_nobody_out_and_nobody_gets_two(server: CountingServer) -> None:
    kills = [7, 60, 133]  # after so many mails
    campaign = campaign_at("sending", 300)

    for at_mail in kills:
        worker = sender_process(campaign, server)
        server.on_mail = killing(worker, at_mail)
        assert worker.wait(60) == -signal.SIGKILL
    server.on_mail = None
    send_all(campaign, server)

    assert campaign.status == "sent"
    counts = progress.of(campaign)
    assert ended(campaign) == campaign.audience.size == 300
    assert set(server.count.values()) == {1}
    assert 1 <= counts.held <= len(kills) * CONNECTIONS
    assert counts.sent <= len(server.count) <= counts.sent + counts.held


def test_a_lost_database_connection_loses_nobody_either(server: CountingServer) -> None:
    campaign = campaign_at("sending", 100)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]

    def cut_off() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
        connection.close()

    server.on_mail = lambda count: in_threads(cut_off, 1) if count == 30 else None
    with pytest.raises(DatabaseError):
        send_all(campaign, server)
    connection.close()
    server.on_mail = None
    send_all(Campaign.objects.get(), server)

    campaign.refresh_from_db()
    assert campaign.status == "sent"
    assert ended(campaign) == 100
    assert set(server.count.values()) == {1}
    assert progress.of(campaign).held == 0, "the journal knew all of them"


def killing(worker: "subprocess.Popen[bytes]", at_mail: int) -> Callable[[int], None]:
    def kill(count: int) -> None:
        if count >= at_mail and worker.poll() is None:
            worker.kill()

    return kill


def sender_process(campaign: Campaign, server: CountingServer) -> "subprocess.Popen[bytes]":
    database = str(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.campaigns.worker",
            database,
            str(campaign.pk),
            str(server.port),
        ]
    )


def in_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_a_slow_database_does_not_keep_the_groups_small(
    server: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, sizes, real = [0.0], list[int](), claims.begin

    def begin(wave: Wave, ids: list[int], offer: Any, *, at: Any) -> Any:
        now[0] += 2.0
        sizes.append(len(ids))
        return real(wave, ids, offer, at=at)

    def mailed(_number: int) -> None:
        now[0] += 0.01

    server.on_mail = mailed
    monkeypatch.setattr(sending, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(claims, "begin", begin)
    send_all(campaign_at("sending", 200), server)
    assert sizes == [50, 150], "a hundred mails leave a second"
