"""Mails that come back: reports of delivery (RFC 3464), of abuse (RFC 5965), and what is neither.

What a machine says on somebody's behalf, such as that they are on holiday (RFC 3834), is no
answer and no failure.
"""

import email
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

BOUNCED, COMPLAINED, UNSUBSCRIBED, DELIVERED = (
    "bounced",
    "complained",
    "unsubscribed",
    "delivered",
)
# No such mailbox or domain, bad syntax, moved, a domain without mail, closed (RFC 3463, 7505).
NOBODY = re.compile(r"\b5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b")
FEEDBACK = {"opt-out": UNSUBSCRIBED, "not-spam": ""}  # all others are complaints
# Where a mail says to whom it came, by what the servers on the way wrote.
TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
WEB = re.compile(r"<(https?://[^>\s]+)>")
MOST_PARTS = 50


@dataclass(frozen=True)
class Original:
    """What is said of the mail that came back, as far as it is."""

    came_to: str = ""  # the address to which it came back, which may hold a mark of ours
    message_id: str = ""
    unsubscribe_url: str = ""


@dataclass(frozen=True)
class Returned:
    """One recipient of whom something is reported."""

    what: str
    original: Original
    recipient: str = ""
    for_good: bool = False
    reason: str = ""


def read(raw: bytes) -> list[Returned]:
    """What a mail reports; nothing for all that is no report."""
    mail = email.message_from_bytes(raw)
    parts: dict[str, Message] = {}
    for part in itertools.islice(mail.walk(), MOST_PARTS):
        parts.setdefault(part.get_content_type(), part)
    original = _original(mail, parts)
    if (status := parts.get("message/delivery-status")) is not None:
        return list(_deliveries(status, original))
    if (report := parts.get("message/feedback-report")) is not None:
        return list(_feedback(_fields(report), original))
    if _is_old_bounce(mail):
        words = _text(parts.get("text/plain"))
        return [
            Returned(BOUNCED, original, for_good=bool(NOBODY.search(words)), reason=words[:200])
        ]
    return []


def _deliveries(status: Message, original: Original) -> Iterator[Returned]:
    """Of each recipient; the first group of fields is about the mail as a whole."""
    blocks = status.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message) or "Action" not in block:
            continue
        action = _one(block, "Action").lower()
        said = " ".join(filter(None, (_one(block, "Status"), _typed(block, "Diagnostic-Code"))))
        whom = _typed(block, "Original-Recipient") or _typed(block, "Final-Recipient")
        if action == "failed":
            for_good = bool(NOBODY.search(said))
            yield Returned(BOUNCED, original, whom, for_good=for_good, reason=said[:200])
        elif action == "delivered":
            yield Returned(DELIVERED, original, whom)


def _feedback(fields: Message, original: Original) -> Iterator[Returned]:
    kind = _one(fields, "Feedback-Type").lower()
    if what := FEEDBACK.get(kind, COMPLAINED):
        yield Returned(what, original, _one(fields, "Original-Rcpt-To").strip("<>"), reason=kind)


def _original(mail: Message, parts: dict[str, Message]) -> Original:
    """What the report holds of the mail itself: all of it, or its headers."""
    came_to = next((_address(_one(mail, name)) for name in TO if _one(mail, name)), "")
    inner = parts.get("message/rfc822")
    if inner is not None and isinstance(payload := inner.get_payload(), list) and payload:
        headers = payload[0]
    elif (said := parts.get("text/rfc822-headers")) is not None:
        headers = email.message_from_string(_text(said))
    else:
        return Original(came_to)
    assert isinstance(headers, Message)
    web = WEB.search(_one(headers, "List-Unsubscribe"))
    return Original(came_to, _one(headers, "Message-ID").strip("<>"), web[1] if web else "")


def _fields(part: Message) -> Message:
    """The fields of a report, however the parser took the part."""
    inner = part.get_payload()
    if isinstance(inner, list):
        first = inner[0] if inner else Message()
        return first if isinstance(first, Message) else Message()
    return email.message_from_string(_text(part))


def _is_old_bounce(mail: Message) -> bool:
    """A failure in words alone, from before there were reports; never what a person sent."""
    automatic = _one(mail, "Auto-Submitted").lower()
    if automatic.startswith("auto-replied"):
        return False
    nobody = _one(mail, "Return-Path").replace(" ", "") == "<>"
    return nobody and "mailer-daemon" in _one(mail, "From").lower()


def _one(fields: Message, name: str) -> str:
    """A field on one line; empty where there is none."""
    return kept(" ".join(str(fields.get(name, "")).split()))


def kept(text: str) -> str:
    """The text as a column can hold it: without zero bytes and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _typed(fields: Message, name: str) -> str:
    """The value behind the type: "rfc822; a@b.example"."""
    _kind, semicolon, value = _one(fields, name).partition(";")
    return value.strip() if semicolon else ""


def _address(text: str) -> str:
    inside = re.search(r"<([^>]*)>", text)
    return (inside[1] if inside else text).strip()


def _text(part: Message | None) -> str:
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    return kept(payload.decode("utf-8", "replace")) if isinstance(payload, bytes) else ""
