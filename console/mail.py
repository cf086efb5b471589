"""Reading a received mail: its parts, as a mail program would show them."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape

import nh3

LINK = re.compile(r"""(<a\b[^>]*?\bhref\s*=\s*["']([^"']+)["'][^>]*>)(.*?)</a>""", re.I | re.S)
UNSEEN = re.compile(r"""\bdisplay\s*:\s*none\b|\baria-hidden\s*=\s*["']?true\b""", re.I)


@dataclass(frozen=True)
class Mail:
    """A mail taken apart. `html` is as it came: show it in a closed frame only."""

    headers: list[tuple[str, str]]
    html: str
    text: str
    links: list[tuple[str, str]]  # address, words


def read(raw: bytes) -> Mail:
    """Take a mail apart; what cannot be decoded is replaced, never refused."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    html = _part(message, "html")
    return Mail(
        headers=[(name, str(value)) for name, value in message.items()],
        html=html,
        text=_part(message, "plain"),
        links=_links(html),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    content = part.get_payload(decode=True)
    charset = part.get_content_charset() or "utf-8"
    try:
        return content.decode(charset, "replace") if isinstance(content, bytes) else ""
    except LookupError:  # a character set that nobody knows
        return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _links(html: str) -> list[tuple[str, str]]:
    """The web links of a mail that a person sees, with their words, in order, each once."""
    found: dict[str, str] = {}
    for tag, address, words in LINK.findall(html):
        address = unescape(address)
        # Who follows a link that nobody sees is taken for a machine.
        if address.startswith(("http://", "https://")) and not UNSEEN.search(tag):
            found.setdefault(address, unescape(nh3.clean(words, tags=set())).strip() or address)
    return list(found.items())
