"""When campaigns move: every few seconds whoever is due, and senders one wave after another."""

import datetime as dt
import time

from celery import shared_task
from django.conf import settings

from campaigns import lookups, plays, transitions
from campaigns.contact import contacting, reach
from campaigns.delivery import outbox
from campaigns.journeys import contexts, rounds
from campaigns.journeys.stepping import Stuck
from campaigns.models import Campaign, Playbook
from campaigns.money import given, purse
from campaigns.offers import refunds
from campaigns.outcomes import returns
from campaigns.stoploss import guardrails, stops
from console import clock, kept_words
from console.states import NotAllowed, Stale

SECONDS_A_TURN = 20  # that one sender keeps a worker, before whatever else waits in the queue
A_MOMENT = dt.timedelta(minutes=1)  # longer than any request takes


@shared_task
def advance() -> None:
    """Start what is to start, and go round the campaigns in which somebody may move."""
    at = clock.now()
    for campaign in transitions.to_start(at=at):
        start_campaign.delay(campaign.pk)
    for campaign_id in rounds.to_go(at=at):
        move_campaign.delay(campaign_id)


@shared_task
def start_campaign(campaign_id: int) -> None:
    """Start a campaign whose time has come; one that is not as approved waits for a person."""
    campaign = Campaign.objects.get(pk=campaign_id)
    try:
        transitions.start(campaign, by=None, at=clock.now())
    except (NotAllowed, Stale) as refused:
        transitions.refuse_start(campaign, reason=kept_words.of(refused))
    else:
        send_wave.delay(campaign_id)


@shared_task
def move_campaign(campaign_id: int) -> None:
    """One round through a campaign, and senders for those who came to a message."""
    campaign = Campaign.objects.get(pk=campaign_id)
    try:
        moved = rounds.go(campaign, at=clock.now())
    except Stuck as problem:
        transitions.stop(campaign, reason=str(problem))
        return
    if moved:
        send_wave.delay(campaign_id)
    transitions.finish(campaign, at=clock.now())


@shared_task
def look_at_playbooks() -> None:
    """Give whoever came since the last look the first play that fits."""
    for playbook in Playbook.objects.filter(pk__in=plays.active()):
        try:
            plays.look(playbook, at=clock.now())
        except plays.Strayed as problem:
            transitions.stop(problem.campaign, reason=str(problem))


@shared_task
def look_at_guardrails() -> None:
    """Stop what makes too many customers go away."""
    for campaign in Campaign.objects.filter(pk__in=guardrails.to_look_at()):
        stops.look(campaign, at=clock.now())


@shared_task
def hear_of_refunds() -> None:
    """Undo what was redeemed in orders that were refunded since."""
    refunds.listen()
    refunds.hear(at=clock.now())


@shared_task
def fetch_returns() -> None:
    """Read the bounces and complaints that came back as mail."""
    if settings.BOUNCES_URL:
        returns.look(at=clock.now())


@shared_task
def look_up_held() -> None:
    """Ask providers about messages of which no answer came."""
    lookups.look(at=clock.now())


@shared_task
def wake_senders() -> None:
    """Find campaigns with work; also after a crash, because the work list is a table."""
    outbox.settle_the_dead(at=clock.now())
    for campaign_id in outbox.with_work():
        send_wave.delay(campaign_id)


@shared_task
def send_wave(campaign_id: int) -> None:
    """Send wave after wave for a while, then let others have a turn, until none is to claim."""
    campaign, until = Campaign.objects.get(pk=campaign_id), time.monotonic() + SECONDS_A_TURN
    tally = outbox.send_next_wave(campaign, outbox.mailer(), at=clock.now())
    while tally and not (tally.trouble or tally.rests) and time.monotonic() < until:
        tally = outbox.send_next_wave(campaign, outbox.mailer(), at=clock.now())
    if tally is None:
        transitions.finish(campaign, at=clock.now())
    elif tally.trouble:
        transitions.stop(campaign, reason=tally.trouble)
    elif not tally.rests:
        send_wave.delay(campaign_id)


@shared_task
def settle_money() -> None:
    """Give back what coupons did not cost, and what campaigns that are over did not need.

    A coupon that ran out a moment ago waits: a till may have asked before it did.
    """
    given.settle(at=clock.now() - A_MOMENT)
    purse.sweep()


@shared_task
def tidy_contacts() -> None:
    """Every night: forget contacts that no cap looks back to, and mend the sets of the reach."""
    contacting.prune(at=clock.now())
    contexts.forget()
    reach.mend()
    reach.count_anew(at=clock.now())
