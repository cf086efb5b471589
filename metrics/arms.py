"""The arms of a campaign, to divide customers by: its control, and who got which wording."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from pyroaring import BitMap

from campaigns import planning
from campaigns.models import Campaign, Intake, Message, MessageTemplate
from campaigns.plans.nodes import Message as Saying
from segments import bitmaps

CONTROL, SENT = "control", "sent"  # sent: of a campaign that has one wording only
MOST = 20  # campaigns to choose from


def exist(number: int) -> bool:
    return _begun().filter(pk=number).exists()


def offered() -> dict[int, str]:
    """The newest campaigns that one can divide by, with their names."""
    return {one.pk: str(one) for one in _begun().order_by("-pk")[:MOST]}


def members(number: int) -> dict[str, BitMap]:
    """Who is in which arm; whoever came in and got nothing is in none."""
    campaign = _begun().filter(pk=number).first()
    if campaign is None:
        return {}
    controls = Intake.objects.filter(campaign=campaign).values_list("control", flat=True)
    found = {CONTROL: bitmaps.union(list(controls))}
    told = _told_apart(campaign)
    if told is not None:
        sent = Message.objects.filter(
            campaign=campaign, step=told.key, status=Message.Status.SENT
        ).order_by("pk")
        for variant, customer in sent.values_list("variant", "customer_id").iterator(50_000):
            found.setdefault(variant or SENT, BitMap()).add(customer)
    return {arm: who - found[CONTROL] if arm != CONTROL else who for arm, who in found.items()}


def names(numbers: Iterable[int]) -> dict[tuple[int, str], str]:
    """What the arms of campaigns are called: by their wordings."""
    found: dict[tuple[int, str], str] = {}
    called = dict(MessageTemplate.objects.values_list("pk", "name"))
    for campaign in Campaign.objects.filter(pk__in=numbers).select_related("template"):
        found[campaign.pk, CONTROL] = _("Control")
        told = _told_apart(campaign)
        for one in told.variants if told else ():
            name = called.get(one.template, "")
            found[campaign.pk, one.key or SENT] = f"{one.key} · {name}" if one.key else name
    return found


def _told_apart(campaign: Campaign) -> Saying | None:
    """The step by which customers are told apart: the first with several wordings, or the first."""
    said = list(planning.of(campaign).messages())
    return next((one for one in said if len(one.variants) > 1), said[0] if said else None)


def _begun() -> QuerySet[Campaign]:
    ours = Campaign.objects.filter(kind=Campaign.Kind.OURS, started_at__isnull=False)
    return ours.select_related("template")
