"""Telling groups of work chats what waits for a decision, and whose it is."""

import datetime as dt
import logging

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.channels.base import Failed, Refused, Unreachable
from campaigns.channels.note import Note
from campaigns.models import ChannelAccount, GroupNotice
from campaigns.providers import accounts
from console import approvals, clock, formats, notices, policies
from console.models import Approval

MOST = 15  # in one go: the robots take twenty messages a minute
log = logging.getLogger(__name__)


def send_due(*, at: dt.datetime) -> int:
    """Tell every group each step that waits, once; how many were told."""
    robots = ChannelAccount.objects.filter(
        tells_approvals=True, is_enabled=True, channel=accounts.ROBOT
    )
    return sum(_tell(account, at) for account in robots)


def _tell(account: ChannelAccount, at: dt.datetime) -> int:
    """What the robot's server does not take is tried again the next time."""
    told = 0
    try:
        for approval in _news(account)[:MOST]:
            told += _say(account, approval, at)
    except (accounts.CannotOpen, Unreachable) as nobody:
        log.warning("the group of %s could not be told: %s", account, nobody)
    return told


def _news(account: ChannelAccount) -> QuerySet[Approval]:
    """What waits at a step that this group has not heard of."""
    told = GroupNotice.objects.filter(
        account=account, approval=OuterRef("pk"), step=OuterRef("step")
    )
    waiting = Approval.objects.filter(~Exists(told), status=Approval.Status.PENDING)
    return waiting.select_related("requested_by").order_by("created_at")


def _say(account: ChannelAccount, approval: Approval, at: dt.datetime) -> int:
    """The row and the message together; who takes the same row at the same time waits."""
    if approval.subject is None:
        return 0
    try:
        with transaction.atomic():
            GroupNotice.objects.create(
                account=account, approval=approval, step=approval.step, at=at
            )
            outcome = accounts.say(account, _note(approval, at))
            if isinstance(outcome, Failed):
                raise Unreachable(outcome.reason)
    except IntegrityError:  # told already
        return 0
    if isinstance(outcome, Refused):  # another try would end the same
        log.warning("the group of %s refused: %s", account, outcome.reason)
        return 0
    return 1


def _note(approval: Approval, at: dt.datetime) -> Note:
    with translation.override(settings.LANGUAGE_CODE):
        subject, *paragraphs = notices.words(approval, f"step {approval.step}")
        barred = approvals.barred(approval, approval.subject)
        people = policies.voters(approval, barred=barred, day=clock.today())
        names = formats.listed(people) or _("nobody, as the policy stands")
        who = _("May decide: %(who)s") % {"who": names}
        return Note(
            number=approval.pk,
            id=f"approval-{approval.pk}-{approval.step}",
            recipient="",
            at=at,
            title=subject,
            text="\n\n".join([*paragraphs[:-1], who]),
            url=paragraphs[-1],
        )
