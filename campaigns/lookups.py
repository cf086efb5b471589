"""Held messages that their provider can tell of: asked once, some minutes later, and settled.

What the provider has is sent, what it refused has failed. Of what it does not know a person
decides all the same: nothing is sent again by itself.
"""

import datetime as dt
from collections import Counter

import structlog
from django.conf import settings
from django.utils import timezone
from urllib3.exceptions import HTTPError

from campaigns.channels import http, lookups
from campaigns.channels.base import Accepted, Outcome
from campaigns.channels.lookups import CannotTell, Sought
from campaigns.channels.note import BadNote
from campaigns.contact import contacting, reasons
from campaigns.delivery import settling
from campaigns.models import ChannelAccount, Message
from campaigns.providers import accounts
from console import audit, states

PATIENCE = dt.timedelta(minutes=10)  # in which a provider's own books are made up
LOOKED_BACK = dt.timedelta(days=3)  # for so long all of them keep what they did
AT_ONCE = 200  # messages
TIMEOUT = 10  # seconds
Status = Message.Status
log = structlog.get_logger(__name__)


def look(*, at: dt.datetime) -> Counter[str]:
    """Ask about messages that are held, each once; how many ended how."""
    found: Counter[str] = Counter()
    own = {one.channel: one for one in ChannelAccount.objects.filter(is_default=True)}
    for message in _held():
        account = message.account or own.get(message.channel)
        if account is None or not lookups.can_tell(account.kind, account.given):
            continue
        try:
            outcome = _ask(account, message)
        except (CannotTell, HTTPError, OSError, http.TooSlow, accounts.CannotOpen) as problem:
            log.warning("held.cannot_ask", account=account.pk, problem=str(problem)[:200])
            break  # it is asked again by the next look
        except BadNote:
            outcome = None
        found[_settle(message, outcome, at)] += 1
    if found:
        audit.log("messages.looked_up", None, counts=dict(found))
    return found


def _held() -> list[Message]:
    now = timezone.now()
    rows = Message.objects.filter(status=Status.HELD, created_at__gt=now - LOOKED_BACK)
    rows = rows.filter(created_at__lt=now - PATIENCE).exclude(reason=reasons.UNKNOWN)
    return list(rows.select_related("account").order_by("pk")[:AT_ONCE])


def _ask(account: ChannelAccount, message: Message) -> Outcome | None:
    hidden = {
        field.name: accounts.secret_of(account, field.name)
        for field in accounts.KINDS[account.kind].fields
        if field.is_secret
    }
    given = {**account.given, **hidden}
    sender = accounts.sender_of(account)
    sought = Sought(message.pk, message.address, sender, message.created_at, timezone.now())
    with http.pool(1, TIMEOUT, settings.PRIVATE_NETWORKS) as pool:
        answer = http.post(pool, lookups.ask(account.kind, given, sought), TIMEOUT)
    return lookups.read(account.kind, given, answer, sought)


def _settle(message: Message, outcome: Outcome | None, at: dt.datetime) -> str:
    """Write down what the provider says; which status that is."""
    if outcome is None:
        Message.objects.filter(pk=message.pk, status=Status.HELD).update(reason=reasons.UNKNOWN)
        return str(Status.HELD)
    if isinstance(outcome, Accepted):
        settling.found_out(message, outcome, at=at)
        return str(Status.SENT)
    reason = getattr(outcome, "reason", "")[:200]
    contacting.give_back([message.pk])
    states.move_many(Message, [message.pk], frm=Status.HELD, to=Status.FAILED, reason=reason)
    return str(Status.FAILED)
