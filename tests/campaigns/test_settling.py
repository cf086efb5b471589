"""What the other side says is written down, whatever it says."""

import pytest

from campaigns import settling
from campaigns.channels.base import Accepted, Failed, Outcome, Refused, Unsure
from campaigns.models import Message
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
