"""What events said that let customers in, forgotten once nobody on the way speaks of it."""

from collections.abc import Iterable

from django.db.models import Q

from campaigns import planning
from campaigns.models import Campaign, Intake, Message, Wave
from campaigns.plans.nodes import Plan
from campaigns.words import rendering, revisions
from console import clock

Status = Message.Status
OPEN = (Status.SENDING, Status.RETRY, Status.DEFERRED, Status.HELD)
OVER = (Campaign.Status.SENT, Campaign.Status.CANCELLED)


def forget() -> int:
    """Drop what no message still to come speaks of; of how many intakes."""
    keeping = Intake.objects.exclude(contexts={})
    campaigns = Campaign.objects.filter(pk__in=keeping.values("campaign"))
    return sum(_forget(campaign) for campaign in campaigns.select_related("audience"))


def _forget(campaign: Campaign) -> int:
    plan = planning.of(campaign)
    kept = _on_their_way(campaign, plan, speaking(campaign, plan))
    done = Intake.objects.filter(campaign=campaign).exclude(contexts={}).exclude(number__in=kept)
    return done.update(contexts={})


def speaking(campaign: Campaign, plan: Plan) -> set[str]:
    """The messages whose words speak of the event."""
    project = clock.project()

    def speaks(template: int) -> bool:
        words = revisions.frozen_of(campaign.audience, template)
        letter = rendering.prepare(words, campaign_name=campaign.name, project=project)
        return letter.needs_event

    return {one.key for one in plan.messages() if any(map(speaks, one.templates))}


def _on_their_way(campaign: Campaign, plan: Plan, wanted: set[str]) -> set[int]:
    """The intakes of which somebody may still get one of these messages.

    A message that is held may be sent again by a person, also after the end.
    """
    messages = Message.objects.filter(campaign=campaign, step__in=wanted, status__in=OPEN)
    found = set(messages.values_list("occurrence", flat=True).distinct())
    if campaign.status in OVER:
        return found
    before = [key for key in plan.by_key if ({key} | plan.ahead(key)) & wanted]
    waves = Wave.objects.filter(~Q(status=Wave.Status.DONE), campaign=campaign, step__in=before)
    return found | _numbers(waves.only("occurrence", "mixed"))


def _numbers(waves: Iterable[Wave]) -> set[int]:
    return {number for one in waves for number in {one.occurrence, *map(int, one.mixed)}}
