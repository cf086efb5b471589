"""When workers send: every few seconds whatever is due, and one wave after another."""

from celery import shared_task

from campaigns import outbox, transitions
from campaigns.models import Campaign
from console import clock


@shared_task
def wake_senders() -> None:
    """Find campaigns with work; also after a crash, because the work list is a table."""
    for campaign_id in outbox.with_work():
        send_wave.delay(campaign_id)


@shared_task
def send_wave(campaign_id: int) -> None:
    """Send one wave and come back for the next, until there is none to claim."""
    campaign = Campaign.objects.get(pk=campaign_id)
    tally = outbox.send_next_wave(campaign, outbox.mailer(), at=clock.now())
    if tally is None:
        transitions.finish(campaign, at=clock.now())
    elif tally.trouble:
        transitions.stop(campaign, reason=tally.trouble)
    elif not tally.rests:
        send_wave.delay(campaign_id)
