"""Late work is told upward: to the team's lead first, then to managers, each of them once."""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import audit, business_hours, work
from console.duties import lifts
from console.models import Staff, WorkEscalation, WorkItem

Step = WorkEscalation.Step
DAY = dt.timedelta(days=1)
# So many working days behind its deadline it is told of: to the lead, and to the managers.
AFTER = {Step.LEAD: 1, Step.MANAGERS: 3}
MOST_IN_A_MAIL = 40
log = logging.getLogger(__name__)


def look(*, today: dt.date) -> int:
    """Note whom to tell of what is late; how many were told of something new."""
    raised = lifts.in_force(today)
    late = work.unfinished().filter(Q(due_on__lt=today) | lifts.covers(raised))
    managers = list(Staff.objects.filter(is_active=True, role=Staff.Role.MANAGER).order_by("pk"))
    found = 0
    for item in late.select_related("owner", "team__lead"):
        due_on = lifts.deadline(item, raised)
        if due_on is not None and due_on < today:
            found += _note(item, due_on, managers, today=today)
    return found


@transaction.atomic
def _note(item: WorkItem, due_on: dt.date, managers: Sequence[Staff], *, today: dt.date) -> int:
    """Those who are to hear of one deadline and did not; two nights at once note them once."""
    found = 0
    for step, people in steps(item, due_on, managers, today=today):
        rows = [
            WorkEscalation(item=item, to=one, step=step, due_on=due_on, on=today) for one in people
        ]
        known = set(item.escalations.filter(due_on=due_on).values_list("to", flat=True))
        fresh = [one for one in rows if one.to_id not in known]
        WorkEscalation.objects.bulk_create(fresh, ignore_conflicts=True)
        for one in fresh:
            audit.log("work_item.escalated", item, to=one.to.username, step=step, due_on=due_on)
        found += len(fresh)
    return found


def steps(
    item: WorkItem, due_on: dt.date, managers: Sequence[Staff], *, today: dt.date
) -> Iterable[tuple[str, list[Staff]]]:
    """Who hears of it by now. Where there is no lead besides its owner, managers hear at once."""
    # More than a month late makes no difference.
    late = business_hours.days_between(max(due_on, today - DAY * 31), today)
    lead = item.team.lead if item.team else None
    has_lead = lead is not None and lead.is_active and lead.pk != item.owner_id
    if lead is not None and has_lead and late >= AFTER[Step.LEAD]:
        yield Step.LEAD, [lead]
    if late >= AFTER[Step.MANAGERS if has_lead else Step.LEAD]:
        others = [one for one in managers if one.pk != item.owner_id]
        theirs = [one for one in others if item.team_id and one.team_id == item.team_id]
        yield Step.MANAGERS, theirs or others


# --- mails ----------------------------------------------------------------------


def send_due(*, at: dt.datetime) -> int:
    """One mail a person about all that they were not written of yet; how many there were."""
    waiting: dict[Staff, list[WorkEscalation]] = defaultdict(list)
    rows = WorkEscalation.objects.filter(mailed_at=None).select_related("to", "item__owner")
    for one in rows.order_by("due_on", "pk"):
        waiting[one.to].append(one)
    return sum(_send(to, told, at) for to, told in waiting.items())


def _send(to: Staff, told: Sequence[WorkEscalation], at: dt.datetime) -> int:
    """The rows and the mail together: what the mail server refuses is tried again."""
    mine = WorkEscalation.objects.filter(pk__in=[one.pk for one in told], mailed_at=None)
    still_late = [one for one in told if one.item.is_unfinished]
    try:
        with transaction.atomic():
            held = len(mine.select_for_update(skip_locked=True))
            mine.update(mailed_at=at)
            if held < len(told) or not still_late or not to.email or not to.is_active:
                return 0
            with translation.override(settings.LANGUAGE_CODE):
                subject, body = words(still_late)
                send_mail(subject, body, None, [to.email])
    except (SMTPException, OSError):
        log.exception("%s could not be told of late work", to.pk)
        return 0
    return 1


def words(told: Sequence[WorkEscalation]) -> tuple[str, str]:
    """Subject and text: each piece of work with its owner, its deadline and its page."""
    subject = ngettext("%(n)d piece of work is late", "%(n)d pieces of work are late", len(told))
    lines = []
    for one in told[:MOST_IN_A_MAIL]:
        where = settings.PUBLIC_URL + reverse("admin:console_workitem_change", args=[one.item_id])
        owner = one.item.owner or _("nobody yet")
        about = {"what": one.item.title, "owner": owner, "due": one.due_on.isoformat()}
        lines.append(_("%(what)s (%(owner)s, due on %(due)s)") % about + f"\n{where}")
    if len(told) > MOST_IN_A_MAIL:
        more = len(told) - MOST_IN_A_MAIL
        lines.append(ngettext("%(n)d more", "%(n)d more", more) % {"n": more})
    return subject % {"n": len(told)}, "\n\n".join([subject % {"n": len(told)}, *lines])


def run(*, today: dt.date) -> int:
    """The night's look, and the mails that came of it."""
    found = look(today=today)
    send_due(at=timezone.now())
    return found
