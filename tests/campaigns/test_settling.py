"""What the other side says is written down, whatever it says."""

import pytest
from django.utils import timezone
from pyroaring import BitMap

from campaigns import settling, waves
from campaigns.channels.base import Accepted, Failed, Outcome, Refused, Unsure
from campaigns.channels.journal import Journal
from campaigns.models import Message, Wave
from console import clock
from tests.campaigns.factories import campaign_at

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "outcome",
    [Accepted("a\0b"), Refused("a\0b"), Failed("a\0b"), Unsure("a\0b")],
    ids=lambda one: type(one).__name__,
)
def test_a_zero_byte_in_an_answer_stops_no_wave(outcome: Outcome) -> None:
    campaign = campaign_at("sending", 1)
    wave = campaign.waves.get()
    (who,) = wave.members
    one = Message.objects.create(campaign=campaign, customer_id=who, step=wave.step)
    settling.write(wave, {one.pk: outcome}, {one.pk: who}, heals=True, at=clock.now())
    one.refresh_from_db()
    assert one.status != "sending"
    assert "ab" in {one.reason, one.provider_id}


def test_what_a_dead_worker_began_is_held_although_its_customer_left_meanwhile() -> None:
    campaign = campaign_at("sending", 2)
    wave = campaign.waves.get()
    Wave.objects.filter(pk=wave.pk).update(status="claimed", claimed_at=timezone.now())
    wave.refresh_from_db()
    gone, _stays = wave.members
    one = Message.objects.create(campaign=campaign, customer_id=gone, step=wave.step)
    record = Journal(settling.journal_path(wave))
    record.begun(one.pk)
    record.close()
    waves.take_out(campaign, waves.Gone(waves.GOAL, BitMap([gone])))
    wave.refresh_from_db()
    assert settling.unfinished(wave, at=clock.now()) == {"held": 1}
