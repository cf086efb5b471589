"""Bounces, complaints and answers that come back as mail: fetched, and told to messages.

The mailbox is the console's alone, and is emptied. A report counts only for the message whose
mark it carries: in the address that it came back to, or in the original's link for unsubscribing.
Both are signed; a report that has neither has to name the recipient. An answer, of which a mail
server may copy everything here, has to come from the message's own address.
"""

import datetime as dt
import functools
import hmac
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import structlog
from django.conf import settings
from django.core.cache import caches
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.channels import returned
from campaigns.channels.returned import Original, Returned
from campaigns.contact import suppression
from campaigns.models import Message
from campaigns.outcomes import answers, tracking
from campaigns.outcomes.answers import Answer
from campaigns.words import links
from console import clock, kept_words, postbox, work
from console.models import Staff

LARGEST = 5 << 20  # bytes; no report is larger
# As which the parser tells of what is no mail, or has parts within parts without end.
UNREADABLE = (ValueError, LookupError, AssertionError, AttributeError, TypeError, RecursionError)
MARK = re.compile(r"(\d{1,18})-([0-9a-f]{12})")
OURS = re.compile(r"(\d{1,18})\.(\d{1,18})@")
TOKEN = re.compile(r"/t/u/([^/?#]+)$")
TROUBLE = "returns-trouble"  # the key under which processes tell each other
PATIENCE = dt.timedelta(minutes=30)  # before a person is asked to look
KIND = "returns"  # of the work item
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Trouble:
    """Why the mailbox cannot be read, in its server's words, and since when."""

    words: str
    since: dt.datetime


# --- where mails come back to -------------------------------------------------


def address(message: int) -> str:
    """To whom a mail comes back: with a mark of its own where the address has room for it.

    Empty: to its sender.
    """
    kept: str = settings.BOUNCE_ADDRESS
    return kept.replace("{}", f"{message}-{_seal(message)}") if kept else ""


def _seal(message: int) -> str:
    return hmac.digest(_key(settings.SECRET_KEY), str(message).encode(), "sha256").hex()[:12]


@lru_cache(maxsize=2)
def _key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"campaigns.returns", "sha256")


# --- fetching -----------------------------------------------------------------


def look(*, at: dt.datetime) -> int:
    """Fetch, and keep why it failed for whoever looks after the accounts; how many were told."""
    try:
        told = fetch(at=at)
    except postbox.FAILURES as problem:
        _note(problem, at=timezone.now())
        return 0
    caches["shared"].delete(TROUBLE)
    return told


def trouble() -> Trouble | None:
    """Why nothing can be fetched, and since when; None where it can, or nobody wants it."""
    found: Trouble | None = caches["shared"].get(TROUBLE) if settings.BOUNCES_URL else None
    return found


def _note(problem: Exception, *, at: dt.datetime) -> None:
    known = trouble()
    now = Trouble(_said(problem), since=known.since if known else at)
    caches["shared"].set(TROUBLE, now, timeout=None)
    log.warning("returns.unreachable", problem=now.words)
    if at - now.since < PATIENCE:
        return
    work.give(
        KIND,
        kept_words.each(lambda: _("The mailbox of bounces cannot be read")),
        on=clock.today(),
        why=now.words,
        plan=kept_words.each(
            lambda: _(
                "Look at BOUNCES_URL and at the mail server. Until then nobody hears which "
                "addresses are dead, and who reported spam."
            )
        ),
        owner=Staff.objects.filter(is_active=True, role=Staff.Role.ADMIN).order_by("pk").first(),
        due_on=clock.today(),
        once=f"{KIND} {now.since.isoformat()}",
    )


def _said(problem: Exception) -> str:
    """What the server said, or why there was none; a password is in neither."""
    first = problem.args[0] if problem.args else ""
    said = first.decode(errors="replace") if isinstance(first, bytes) else str(problem)
    return (said or type(problem).__name__)[:200]


def fetch(*, at: dt.datetime) -> int:
    """Read what came back, and delete it there; how many reports were of messages of ours.

    Killed in the middle it reads the same again, which changes nothing.
    """
    return postbox.empty(settings.BOUNCES_URL, functools.partial(take, at=at), largest=LARGEST)


def take(raw: bytes, *, at: dt.datetime) -> int:
    """Tell messages what one mail reports or answers; how many there are."""
    try:
        reports = returned.read(raw)
        answer = None if reports else answers.read(raw)
    except UNREADABLE as odd:
        log.warning("returns.unreadable", problem=type(odd).__name__)
        return 0
    return sum(_tell(report, at) for report in reports) + (answer is not None and _hear(answer, at))


def _hear(answer: Answer, at: dt.datetime) -> bool:
    """Tell the message that its customer answered."""
    message = _answered(answer)
    if message is not None:
        tracking.replied(message, at=at, text=answer.text)
    return message is not None


def _answered(answer: Answer) -> Message | None:
    """The message, by the mark in the address, or by a number that its own recipient knows."""
    mails = Message.objects.select_related("customer").filter(channel=suppression.EMAIL)
    if marks := [one for to in answer.came_to if (one := _marked(Original(to)))]:
        return mails.filter(pk=marks[0]).first()
    known = Q(provider_id__in=[*answer.about, *(f"<{one}>" for one in answer.about)])
    for number in answer.about:
        if ours := OURS.match(number):
            known |= Q(pk=int(ours[1]), campaign=int(ours[2]))
    sender = suppression.normal(answer.sender)
    theirs = (one for one in mails.filter(known) if suppression.normal(one.address) == sender)
    return next(theirs, None)


def _tell(report: Returned, at: dt.datetime) -> bool:
    message = _message(report)
    if message is None:
        return False
    match report.what:
        case returned.BOUNCED:
            tracking.bounced(message, at=at, reason=report.reason, for_good=report.for_good)
        case returned.COMPLAINED:
            tracking.complained(message, at=at)
        case returned.UNSUBSCRIBED:
            tracking.unsubscribed(message, at=at)
        case _:
            tracking.delivered(message, at=at)
    return True


def _message(report: Returned) -> Message | None:
    mails = Message.objects.select_related("customer").filter(channel=suppression.EMAIL)
    if number := _marked(report.original):
        return mails.filter(pk=number).first()
    if (ours := OURS.match(report.original.message_id)) and report.recipient:
        found = mails.filter(pk=int(ours[1]), campaign=int(ours[2])).first()
        if found and suppression.normal(found.address) == suppression.normal(report.recipient):
            return found
    return None


def _marked(original: Original) -> int | None:
    """The number of the message whose signed mark a report carries."""
    mark = MARK.search(original.came_to.lower())
    if mark and hmac.compare_digest(mark[2], _seal(int(mark[1]))):
        return int(mark[1])
    token = TOKEN.search(original.unsubscribe_url)
    with suppress(links.BadLink):
        return links.read_unsubscribe(token[1]) if token else None
    return None
