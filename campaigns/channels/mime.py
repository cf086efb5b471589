"""A mail as the bytes that go over the wire.

The standard library's `EmailMessage` takes two milliseconds for what is always the same form
here: ten headers and two texts. Written out, it takes a hundredth of that, and there is less
that can be wrong.
"""

import datetime as dt
import re
from binascii import b2a_base64
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

from campaigns.channels.base import BAD_ADDRESS, BAD_HEADER, Mail
from campaigns.channels.smtp import Parcel

# What would end a header line and begin another, and characters that no header may hold.
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\@]+@[A-Za-z0-9.-]+")

# Base64 has no "=_" at a line's start, so no part can hold this boundary.
BOUNDARY = b"=_part"
PART = (
    b'\r\n--%s\r\nContent-Type: text/%%s; charset="utf-8"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n"
) % BOUNDARY
BEFORE = (
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"  # RFC 8058
    b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="%s"\r\n%s'
) % (BOUNDARY, PART % b"plain")
BETWEEN = b"\r\n" + PART % b"html"
AFTER = b"\r\n\r\n--%s--\r\n" % BOUNDARY


class BadMail(ValueError):
    """The mail cannot be written down safely; the words say why."""


def parcel(mail: Mail) -> Parcel:
    """The mail with its envelope, as SMTP gives it. Raises BadMail."""
    body = compose(mail)  # also looks at the address
    envelope = [
        f"MAIL FROM:{_returns_to(mail)}\r\n".encode(),
        f"RCPT TO:<{mail.recipient}>\r\n".encode(),
        b"DATA\r\n",
    ]
    return Parcel(mail.number, envelope, body + b".\r\n")  # no line of it begins with a dot


def compose(mail: Mail) -> bytes:
    """The whole message, CRLF line ends, both texts in base64.

    Raises:
        BadMail: a header would hold a line break, or the address is none.
    """
    if not (mail.recipient.isascii() and ADDRESS.fullmatch(mail.recipient)):
        raise BadMail(BAD_ADDRESS)
    if CONTROL.search(mail.id) or CONTROL.search(mail.unsubscribe_url):
        raise BadMail(BAD_HEADER)
    head = (
        f"Message-ID: <{mail.id}>\r\n"
        f"Date: {_date(int(mail.at.timestamp()))}\r\n"
        f"From: {_sender(mail.sender)}\r\n"
        f"To: {mail.recipient}\r\n"
        f"Subject: {_words(mail.subject)}\r\n"
        f"List-Unsubscribe: <{mail.unsubscribe_url}>\r\n"
    )
    return b"".join(
        (head.encode("ascii"), BEFORE, _base64(mail.text), BETWEEN, _base64(mail.html), AFTER)
    )


def _base64(text: str) -> bytes:
    """In lines of the length that MIME asks for, several times as fast as `encodebytes`."""
    whole = b2a_base64(text.encode(), newline=False)
    return b"\r\n".join([whole[at : at + 76] for at in range(0, len(whole), 76)])


def _words(text: str) -> str:
    """Text for a header: as it is, or in RFC 2047's encoding, folded."""
    if CONTROL.search(text):
        raise BadMail(BAD_HEADER)
    if text.isascii() and len(text) < 200 and "=?" not in text:
        return text
    # Ten characters are at most forty bytes, so no word grows past the 75 that one may have.
    parts = (text[at : at + 10].encode() for at in range(0, len(text), 10))
    return "\r\n ".join(f"=?utf-8?b?{b2a_base64(one, newline=False).decode()}?=" for one in parts)


@lru_cache(maxsize=8)
def _date(second: int) -> str:
    return format_datetime(dt.datetime.fromtimestamp(second, dt.UTC))


def _returns_to(mail: Mail) -> str:
    if not mail.return_path:
        return angled(mail.sender)
    if not (mail.return_path.isascii() and ADDRESS.fullmatch(mail.return_path)):
        raise BadMail(BAD_ADDRESS)
    return f"<{mail.return_path}>"


@lru_cache(maxsize=8)
def angled(sender: str) -> str:
    """The bare address of a sender, as SMTP wants it."""
    return f"<{parseaddr(sender)[1]}>"


@lru_cache(maxsize=8)
def _sender(sender: str) -> str:
    name, address = parseaddr(sender)
    if CONTROL.search(sender) or not address.isascii():
        raise BadMail(BAD_HEADER)
    return formataddr((name, address))
