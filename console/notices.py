"""Mails to those whom an approval waits for, and to who asked once it is decided."""

import datetime as dt
import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from console import approvals, business_hours, clock, policies, policy_rules
from console.models import Approval, ApprovalNotice, Staff

LOOKED_BACK = dt.timedelta(days=2)  # what was decided before that is no news
log = logging.getLogger(__name__)


def send_due(*, at: dt.datetime) -> int:
    """Write every mail that is due and was not written; how many there were."""
    waiting = Approval.objects.filter(status=Approval.Status.PENDING)
    told = ApprovalNotice.objects.filter(approval=OuterRef("pk"), about=OuterRef("status"))
    decided = Approval.objects.filter(~Exists(told), decided_at__gt=at - LOOKED_BACK).exclude(
        status__in=[Approval.Status.PENDING, Approval.Status.WITHDRAWN]
    )
    sent = sum(_ask(one, at) for one in waiting.select_related("requested_by"))
    return sent + sum(_tell(one, at) for one in decided.select_related("requested_by"))


def _ask(approval: Approval, at: dt.datetime) -> int:
    """To each who could vote at the step that waits: once, and again by the policy."""
    subject = approval.subject
    if subject is None:
        return 0
    barred = approvals.barred(approval, subject)
    people = policies.voters(approval, barred=barred, day=clock.today())
    return sum(
        _send(approval, one, f"step {approval.step}", number, at)
        for one in people
        if (number := _number(approval, one, at)) is not None
    )


def _number(approval: Approval, to: Staff, at: dt.datetime) -> int | None:
    """Which notice is due now: 0 the first, then reminders; None: none."""
    mails = ApprovalNotice.objects.filter(approval=approval, to=to, about=f"step {approval.step}")
    newest = mails.order_by("-number").first()
    if newest is None:
        return 0
    policy = policy_rules.read(approval.policy)
    if policy.remind_hours is None:
        return None
    if policy.business_hours:
        due = business_hours.after(newest.at, policy.remind_hours, clock.zone())
        is_due = due <= at and business_hours.is_open(at, clock.zone())
    else:
        is_due = newest.at + dt.timedelta(hours=policy.remind_hours) <= at
    return newest.number + 1 if is_due else None


def _tell(approval: Approval, at: dt.datetime) -> int:
    return _send(approval, approval.requested_by, approval.status, 0, at)


def _send(approval: Approval, to: Staff, about: str, number: int, at: dt.datetime) -> int:
    """The row and the mail together: what the mail server refuses is tried again."""
    if not to.email:
        return 0
    try:
        with transaction.atomic():
            ApprovalNotice.objects.create(
                approval=approval, to=to, about=about, number=number, at=at
            )
            with translation.override(settings.LANGUAGE_CODE):
                subject, *body = words(approval, about, number)
                # A title may have been typed with a line end, which would end a header.
                one_line = " ".join(subject.split())
                send_mail(one_line, "\n\n".join([subject, *body]), None, [to.email])
    except IntegrityError:  # sent already
        return 0
    except (SMTPException, OSError):
        log.exception("a notice about approval %s could not be sent", approval.pk)
        return 0
    return 1


def page_of(approval: Approval) -> str:
    """Where it is read and decided; the page asks for a sign-in."""
    return settings.PUBLIC_URL + reverse("admin:console_approval_change", args=[approval.pk])


def words(approval: Approval, about: str, number: int = 0) -> list[str]:
    """Subject and paragraphs, the last one the page's address."""
    where = page_of(approval)
    if not about.startswith("step"):
        subject = _("%(what)s: %(state)s") % {
            "what": approval.title,
            "state": approval.get_status_display(),
        }
        comments = [vote.comment for vote in approval.votes.order_by("pk") if vote.comment]
        return [subject, *comments, where]
    subject = _("Waits for your decision: %(what)s") % {"what": approval.title}
    if number:
        subject = _("Still waits for your decision: %(what)s") % {"what": approval.title}
    asked = _("asked for by %(who)s") % {"who": approval.requested_by}
    until = ""
    if approval.expires_at is not None:
        local = approval.expires_at.astimezone(clock.zone())
        until = _("To be decided until %(when)s.") % {"when": f"{local:%Y-%m-%d %H:%M}"}
    return [*filter(None, [subject, asked, until]), where]
