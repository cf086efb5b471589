"""Campaigns while they may still be changed: made and edited."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns import expectations
from campaigns.models import Campaign, MessageTemplate
from console import audit, kept_words, roles
from console import seen as marks
from console.models import AuditEntry, Budget, Staff
from console.states import NotAllowed, Stale
from segments.models import Segment

ACTION = "campaigns.change"
EDITABLE = (
    "name",
    "goal",
    "entry",
    "timetable",
    "trigger",
    "segment",
    "starts_at",
    "ends_at",
    "again_after_days",
    "most_a_day",
    "most_in_all",
    "template",
    "offer",
    "occasion",
    "plan",
    "exit_events",
    "conversion_event",
    "conversion_days",
    "control_share",
    "purpose",
    "priority",
    "budget",
    "limit_minor",
    *Campaign.AGREED,
)
OF_ITS_TIME = {"name", "starts_at", "ends_at"}


@transaction.atomic
def add(
    *,
    name: str,
    segment: Segment | None,
    by: Staff,
    template: MessageTemplate | None = None,
    **fields: Any,
) -> Campaign:
    """A new draft; it belongs to its maker and to the maker's team.

    Raises:
        NotAllowed: the role, a segment or template that is put away, or a limit that is none.
    """
    roles.require(by, ACTION)
    _require_in_use(segment, template)
    fields = expectations.begun(fields)
    expectations.check(fields)
    expectations.require_periods(fields.get("entry", Campaign.Entry.ONCE), fields)
    _require_a_budget(fields.get("budget"), fields.get("limit_minor"))
    campaign = Campaign.objects.create(
        name=name, segment=segment, template=template, owner=by, team=by.team, **fields
    )
    audit.log("campaign.added", campaign, by=by)
    return campaign


@transaction.atomic
def again(campaign: Campaign, *, by: Staff) -> Campaign:
    """Another draft like it, which belongs to whoever makes it, without its times.

    Another team does not get the money that this one has.

    Raises:
        NotAllowed: the role, it ran elsewhere or is a playbook's, or something of it is put away.
    """
    if not is_repeatable(campaign):
        raise NotAllowed(_("Of this campaign no other one can be made."))
    taken = {name: getattr(campaign, name) for name in EDITABLE if name not in OF_ITS_TIME}
    if by.team_id != campaign.team_id:
        taken |= {"budget": None, "limit_minor": None}
    name = kept_words.name(lambda: _("%(name)s, again") % {"name": campaign})
    return add(name=name, by=by, **taken)


def is_repeatable(campaign: Campaign) -> bool:
    """Whether it was made as a draft: neither ran elsewhere nor is a play."""
    is_play = campaign.entry == Campaign.Entry.PLAYBOOK
    return campaign.kind == Campaign.Kind.OURS and not is_play


@transaction.atomic
def edit(campaign: Campaign, *, by: Staff, seen: Any = None, **fields: Any) -> None:
    """Change a draft; `seen` is the last change that its editor knew of, or a mark of its fields.

    Raises:
        NotAllowed: the role, the team, or it is a draft no longer.
        Stale: somebody changed it since.
    """
    # Locked, so that what is being submitted at this moment cannot change under it.
    kept = Campaign.objects.select_for_update().get(pk=campaign.pk)
    roles.require(by, ACTION, record=kept)
    if not kept.is_draft:
        raise NotAllowed(_("Only a draft can be changed; take it back to draft first."))
    if isinstance(seen, str):
        marks.require(kept, EDITABLE, seen)
    elif seen is not None and changed_since(kept, seen):
        raise Stale(_("Somebody else changed this draft meanwhile; load the page again."))
    changed = {name: value for name, value in fields.items() if getattr(kept, name) != value}
    _require_in_use(changed.get("segment"), changed.get("template"))
    expectations.check(changed)
    for name, value in changed.items():
        setattr(kept, name, value)
    _require_a_budget(kept.budget, kept.limit_minor)
    expectations.require_periods(kept.entry, {one: getattr(kept, one) for one in Campaign.AGREED})
    if changed:
        kept.save(update_fields=list(changed))
        audit.log("campaign.changed", kept, by=by, fields=sorted(changed))
    campaign.refresh_from_db()


def changes(campaign: Campaign) -> QuerySet[AuditEntry]:
    """Who changed the draft, newest first; each in the transaction of the change itself."""
    return AuditEntry.of(campaign, "campaign.changed")


def changed_since(campaign: Campaign, seen: int) -> tuple[Staff, set[str]] | None:
    """Who changed it last since the change of this number, and which fields were changed by all."""
    since = list(changes(campaign).filter(pk__gt=seen).select_related("staff"))
    who = next((one.staff for one in since if one.staff), None)
    return (who, {name for one in since for name in one.details["fields"]}) if who else None


def _require_in_use(segment: Segment | None, template: MessageTemplate | None) -> None:
    for chosen in (segment, template):
        if chosen is not None and chosen.archived_at:
            raise NotAllowed(_("“%(name)s” is archived.") % {"name": chosen})


def _require_a_budget(budget: Budget | None, limit: int | None) -> None:
    """What it may spend at most is money of a budget."""
    if limit is not None and (budget is None or limit <= 0):
        raise NotAllowed(_("Choose the budget that it may spend so much of."))
