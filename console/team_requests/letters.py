"""A mail as the wish that it brings: who wrote it, to which team, what it says and carries."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import getaddresses
from html import unescape

import nh3

from console import kept_words, mail

MOST_FILES = 20
TAG = re.compile(r"\s*[\[【]([^\]】]{1,80})[\]】]")
SIGNATURE = re.compile(r"\n-- \r?\n.*", re.S)
REPLY = re.compile(r"^\s*(re|fwd?|aw|wg|回复|答复|转发)\s*[:：]\s*", re.I)
# To whom a mail came, by what the servers on the way wrote.
TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")

UNREADABLE = (
    *(MessageError, ValueError, LookupError, AssertionError, AttributeError),
    RecursionError,  # parts within parts within parts
)


@dataclass(frozen=True)
class Letter:
    """What is read of a mail; `tags` are of the subject and of the address after the plus."""

    sender: str
    subject: str
    tags: tuple[str, ...]
    text: str
    message_id: str
    files: tuple[tuple[str, bytes], ...]
    is_automatic: bool


def read(raw: bytes) -> Letter | None:
    """The letter; None for what is none, or of which one cannot say who wrote it."""
    try:
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return _letter(message, raw)
    except UNREADABLE:
        return None


def _letter(message: EmailMessage, raw: bytes) -> Letter | None:
    senders = _addresses(message, "From")
    message_id = str(message.get("Message-ID", "")).strip()
    if len(senders) != 1 or not message_id:
        return None
    subject, tags = _parted(" ".join(str(message.get("Subject", "")).replace("\0", "").split()))
    return Letter(
        sender=senders[0],
        subject=kept_words.typed(subject),
        tags=(*tags, *_of_address(message)),
        text=kept_words.typed(_text(raw)),
        message_id=message_id,
        files=tuple(_files(message)),
        is_automatic=_is_automatic(message),
    )


def _addresses(message: EmailMessage, *names: str) -> list[str]:
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return [address.lower() for _name, address in getaddresses(values) if "@" in address]


def _parted(subject: str) -> tuple[str, list[str]]:
    """The subject without the tags before it, “[Data] [fix] What”, and these."""
    tags, rest = [], REPLY.sub("", subject)
    while found := TAG.match(rest):
        tags.append(found[1].strip())
        rest = REPLY.sub("", rest[found.end() :])
    return rest.strip(), tags


def _of_address(message: EmailMessage) -> list[str]:
    """What stands after the plus of an address to which it came: requests+data@example.com."""
    local = (one.partition("@")[0] for one in _addresses(message, *TO))
    return [one.partition("+")[2] for one in local if "+" in one]


def _text(raw: bytes) -> str:
    """The words, without the signature; of a mail in HTML alone, what one reads there."""
    found = mail.read(raw)
    text = found.text
    if not text.strip():
        lines = re.sub(r"(?i)<(br|/p|/div|/li|/tr)\b[^>]*>", "\n", found.html)
        text = unescape(nh3.clean(lines, tags=set(), clean_content_tags={"script", "style"}))
    text = SIGNATURE.sub("", text.replace("\r\n", "\n")).replace("\0", "")
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _files(message: EmailMessage) -> list[tuple[str, bytes]]:
    found = []
    for part in message.iter_attachments():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and part.get_filename():
            found.append((str(part.get_filename()), content))
    return found[:MOST_FILES]


def _is_automatic(message: EmailMessage) -> bool:
    """Whether a machine wrote it (RFC 3834), or a list passed it on: no answer, no request."""
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    passed_on = str(message.get("Precedence", "")).strip().lower()
    return (
        submitted != "no"
        or passed_on in {"bulk", "junk", "list", "auto_reply"}
        or any(name in message for name in ("List-Id", "X-Autoreply", "X-Autorespond", "X-Loop"))
        or str(message.get("Return-Path", "")).strip() == "<>"
    )
