"""Bounces and complaints that come back as mail: fetched from a mailbox, and told to messages.

The mailbox is the console's alone, and is emptied. A report counts only for the message whose
mark it carries: in the address that it came back to, or in the original's link for unsubscribing.
Both are signed; a report that has neither has to name the recipient.
"""

import datetime as dt
import hmac
import poplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings

from campaigns.channels import returned
from campaigns.channels.returned import Original, Returned
from campaigns.contact import suppression
from campaigns.models import Message
from campaigns.outcomes import tracking
from campaigns.words import links

AT_ONCE = 500  # mails
LARGEST = 5 << 20  # bytes; no report is larger
TIMEOUT = 30  # seconds
MARK = re.compile(r"(\d{1,18})-([0-9a-f]{12})")
OURS = re.compile(r"(\d{1,18})\.(\d{1,18})@")
TOKEN = re.compile(r"/t/u/([^/?#]+)$")
log = structlog.get_logger(__name__)


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


def fetch(*, at: dt.datetime) -> int:
    """Read what came back, and delete it there; how many reports were of messages of ours.

    Killed in the middle it reads the same again, which changes nothing.
    """
    told = 0
    with _mailbox(settings.BOUNCES_URL) as box:
        for number, size in _waiting(box):
            if size <= LARGEST:
                told += take(b"\r\n".join(box.retr(number)[1]), at=at)
            box.dele(number)
    return told


def take(raw: bytes, *, at: dt.datetime) -> int:
    """Tell messages what one mail reports of them; how many there are."""
    try:
        reports = returned.read(raw)
    except (ValueError, LookupError, AssertionError, AttributeError) as odd:
        log.warning("returns.unreadable", problem=type(odd).__name__)
        return 0
    return sum(_tell(report, at) for report in reports)


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


# --- the mailbox --------------------------------------------------------------


@contextmanager
def _mailbox(url: str) -> Iterator[poplib.POP3]:
    """A conversation in POP3; what was deleted is gone when it ends well."""
    where = urlsplit(url)
    host, context = where.hostname or "", ssl.create_default_context()
    box: poplib.POP3
    if where.scheme == "pop3s":
        box = poplib.POP3_SSL(host, where.port or 995, timeout=TIMEOUT, context=context)
    else:
        box = poplib.POP3(host, where.port or 110, timeout=TIMEOUT)
    try:
        if where.scheme == "pop3+tls":
            box.stls(context)
        box.user(unquote(where.username or ""))
        box.pass_(unquote(where.password or ""))
        yield box
        box.quit()
    finally:
        box.close()


def _waiting(box: poplib.POP3) -> list[tuple[int, int]]:
    """The numbers and sizes of the oldest mails."""
    lines = box.list()[1][:AT_ONCE]
    return [(int(number), int(size)) for number, size in (line.split()[:2] for line in lines)]
