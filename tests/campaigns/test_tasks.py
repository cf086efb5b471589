"""Workers: woken by the table, wave after wave for a turn, safe to be delivered twice."""

import pytest
from django.utils import translation

from campaigns import tasks
from campaigns.contact import policies
from campaigns.delivery import outbox
from campaigns.journeys import loads
from campaigns.models import Campaign, Message
from console import clock
from tests.campaigns.factories import campaign_at, mail_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What was put in the queue, in place of a broker."""
    found: list[int] = []
    monkeypatch.setattr(tasks.send_wave, "delay", found.append)
    return found


def test_delivered_again_and_again_it_ends_in_the_same_state(
    queue: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "MOST", 10)
    monkeypatch.setattr(tasks, "SECONDS_A_TURN", 0)
    campaign = campaign_at("sending", 35)
    with mail_server() as server:
        channel = server.channel()
        monkeypatch.setattr(outbox, "mailer", lambda: channel)
        tasks.wake_senders()
        assert queue == [campaign.pk]
        while queue:
            tasks.send_wave(queue[0])
            tasks.send_wave(queue[0])
            tasks.send_wave(queue.pop(0))
            assert len(queue) < 50
    assert Campaign.objects.get().status == "sent"
    assert set(server.count.values()) == {1}
    assert len(server.count) == 35


def test_of_two_the_one_of_higher_priority_has_the_room_that_customers_have(
    queue: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are due, and everybody may hear of one a day: made first is not sent first."""
    caps = [{"most": 1, "window": "day"}]
    policies.change({"caps": caps}, based_on=0, note="one", by=None, at=clock.now())
    later = campaign_at("sending", 12)
    first = campaign_at("sending", 12, segment=later.segment, priority=90)
    assert later.pk < first.pk
    with mail_server() as server:
        channel = server.channel()
        monkeypatch.setattr(outbox, "mailer", lambda: channel)
        tasks.wake_senders()
        assert queue == [first.pk, later.pk]
        for campaign in list(queue):
            tasks.send_wave(campaign)
    sent = Message.objects.filter(status="sent")
    assert set(sent.values_list("campaign", flat=True)) == {first.pk}
    assert len(server.count) == 12


def test_waves_do_not_wait_in_the_queue_for_each_other(
    queue: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "MOST", 5)
    campaign = campaign_at("sending", 15)
    with mail_server() as server:
        channel = server.channel()
        monkeypatch.setattr(outbox, "mailer", lambda: channel)
        tasks.send_wave(campaign.pk)
    assert (Campaign.objects.get().status, queue) == ("sent", [])


def test_when_there_is_nothing_to_send_nobody_is_woken(queue: list[int]) -> None:
    for status in ("draft", "approved", "paused", "sent"):
        campaign_at(status)
    tasks.wake_senders()
    assert queue == []


def test_trouble_pauses_the_campaign_in_words(
    queue: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_at("sending", 40)
    with mail_server() as server:
        server.answer_to_data = "554 blocked"
        channel = server.channel()
        monkeypatch.setattr(outbox, "mailer", lambda: channel)
        tasks.send_wave(Campaign.objects.get().pk)
    campaign = Campaign.objects.get()
    assert campaign.status == "paused"
    assert "messages in a row failed; the last one: 554 blocked" in campaign.stopped_because
    with translation.override("zh-hans"):
        assert "in a row" not in str(Campaign.objects.get().stopped_because)
    assert queue == []
