"""Whether a campaign can be sent as it is written: its plan, who comes in, coupons and words."""

from django.utils.translation import gettext as _

from campaigns import planning
from campaigns.models import Campaign, MessageTemplate
from campaigns.offers import coupon_batches, coupons
from campaigns.plans import moments, triggers
from campaigns.plans.nodes import PlanError
from campaigns.words import proofing, revisions
from console.states import NotAllowed
from segments import vocabulary


def require(campaign: Campaign) -> None:
    """Raises NotAllowed with the first thing that is wrong."""
    if campaign.kind != Campaign.Kind.OURS:
        raise NotAllowed(_("Only campaigns that are sent from here can be submitted."))
    try:
        plan = planning.read(campaign)
        _require_entry(campaign)
    except PlanError as problem:
        raise NotAllowed(problem.said(_)) from problem
    given = [one.coupon for one in plan.messages() if one.coupon is not None]
    for batch in coupon_batches.hold(given):
        coupons.face(batch)
    used = {number for message in plan.messages() for number in message.templates}
    for template in MessageTemplate.objects.filter(pk__in=used).order_by("pk"):
        _require_good_template(template)


def _require_entry(campaign: Campaign) -> None:
    """Raises PlanError: nobody could come in."""
    if campaign.entry == Campaign.Entry.RECURRING:
        moments.read(campaign.timetable)
    if campaign.entry == Campaign.Entry.EVENT:
        triggers.read(campaign.trigger, vocabulary.current())


def _require_good_template(template: MessageTemplate) -> None:
    if template.archived_at:
        raise NotAllowed(_("The template “%(name)s” is archived.") % {"name": template})
    for mistake in proofing.mistakes(revisions.unsaved(template)):
        words = {"name": template, "mistake": mistake.words}
        raise NotAllowed(_("The template “%(name)s” has a mistake. %(mistake)s") % words)
