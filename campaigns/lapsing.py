"""A yes that nobody uses: its owner is reminded, and then it ends, with the money kept for it."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.money import purse
from console import approvals, clock, figures, kept_words, work
from console.models import Approval

REMINDED_AFTER, USED_WITHIN = dt.timedelta(days=7), dt.timedelta(days=30)
KIND = "not_begun"  # of the work items
Status = Campaign.Status


def look(*, today: dt.date) -> int:
    """Remind owners of approved campaigns that have not begun, and end old approvals; how many."""
    numbers = Campaign.objects.filter(status=Status.APPROVED).values_list("pk", flat=True)
    ended = sum(lapse(pk, today=today) for pk in list(numbers))
    _close_work()
    return ended


@transaction.atomic
def lapse(number: int, *, today: dt.date) -> bool:
    """Give an approval back that nobody used for 30 days; whether it was so.

    One that waits for a time of its own is counted from there.
    """
    kept = Campaign.objects.select_for_update(of=("self",)).select_related("budget").get(pk=number)
    asked = approvals.latest_for(kept, status=Approval.Status.APPROVED)
    if kept.status != Status.APPROVED or asked is None or asked.decided_on is None:
        return False
    since = asked.decided_on
    if kept.starts_at is not None:
        since = max(since, clock.day_of(kept.starts_at))
    if since + REMINDED_AFTER <= today < since + USED_WITHIN:
        _remind(kept, asked, until=since + USED_WITHIN, on=today)
    if today < since + USED_WITHIN:
        return False
    if voided := approvals.void(kept, because="not begun in time"):
        kept.on_rejected(voided)
    return voided is not None


def _remind(campaign: Campaign, asked: Approval, *, until: dt.date, on: dt.date) -> None:
    """Once for each approval."""
    work.give(
        KIND,
        kept_words.each(
            lambda: (
                _("“%(campaign)s” is approved and has not begun: start it or take it back")
                % {"campaign": campaign}
            )
        ),
        on=on,
        why=kept_words.each(lambda: _what_is_kept(campaign, until)),
        subject=campaign,
        owner=campaign.owner,
        team=campaign.team,
        due_on=until,
        once=f"{KIND}:{asked.pk}",
    )


def _what_is_kept(campaign: Campaign, until: dt.date) -> str:
    held = purse.of(campaign)
    if held is None or campaign.budget is None:
        return _("On %(until)s the approval ends by itself.") % {"until": until.isoformat()}
    return _("%(money)s are kept for it. On %(until)s the approval ends by itself.") % {
        "money": figures.money(held.committed_minor, campaign.budget.currency),
        "until": until.isoformat(),
    }


def _close_work() -> None:
    """What was asked of owners is done, or is of no use any more."""
    items = {item.subject_id or 0: item for item in work.unfinished().filter(kind=KIND)}
    over = Campaign.objects.filter(pk__in=items).exclude(status=Status.APPROVED)
    for campaign in over.defer("plan"):
        work.settle(items[campaign.pk], outcome=_state(campaign), by=None)


def _state(campaign: Campaign) -> str:
    return kept_words.each(lambda: str(campaign.get_status_display()))
