"""What customers answer to mails: who wrote, about which mail of ours, and in which words."""

import re
from dataclasses import dataclass
from email.utils import parseaddr
from html import unescape

import nh3

from campaigns.channels import returned
from console import mail

LONGEST = 2_000  # characters that are read of an answer
READ = 50_000  # of a mail in HTML
MOST_IDS = 20
ID = re.compile(r"<([^<>\s]{3,250})>")
# Where mail programs begin what was written before.
BEFORE = re.compile(
    r"^[ \t]*(?:>|On\b.{5,200}\bwrote:|在.{2,200}写道[:：]|-{2,}\s*(?:Original Message|原始邮件|"
    r"回复的原邮件)|_{10,}|(?:From|发件人)[:：][^\n]*@)",
    re.M | re.I,
)
BREAKS = re.compile(r"<(?:br|/p|/div|/li|/tr)\b[^>]*>", re.I)
# Under which names holiday notes come that do not say so in a header.
AWAY = re.compile(r"自动回复|自動回覆|auto(?:matic)?[ -](?:reply|response)|out of office", re.I)
PASSED_ON = {"bulk", "junk", "list", "auto_reply"}
MACHINES = {"list-id", "x-autoreply", "x-autorespond", "x-loop", "x-failed-recipients"}
TO = ("delivered-to", "x-original-to", "envelope-to", "to")


@dataclass(frozen=True)
class Answer:
    """What a person wrote back."""

    sender: str
    came_to: tuple[str, ...]
    about: tuple[str, ...]  # numbers of the mails that it answers, the nearest first
    text: str


def read(raw: bytes) -> Answer | None:
    """The answer that a mail is; None for what machines and lists send."""
    found = mail.read(raw)
    said = {
        name.lower(): returned.kept(" ".join(value.split()))
        for name, value in reversed(found.headers)
    }
    about = _ids(said.get("in-reply-to", "")) + _ids(said.get("references", ""))[::-1]
    sender = parseaddr(said.get("from", ""))[1]
    if not sender or _is_automatic(said):
        return None
    came_to = tuple(said[name] for name in TO if name in said)
    return Answer(sender, came_to, tuple(dict.fromkeys(about))[:MOST_IDS], _words(found))


def _ids(text: str) -> list[str]:
    return ID.findall(text[:5_000])


def _is_automatic(said: dict[str, str]) -> bool:
    """Whether a machine wrote it on somebody's behalf (RFC 3834), or a list passed it on."""
    submitted = said.get("auto-submitted", "no").partition(";")[0].strip().lower()
    return (
        submitted != "no"
        or said.get("precedence", "").lower() in PASSED_ON
        or not MACHINES.isdisjoint(said)
        or said.get("return-path", "").replace(" ", "") == "<>"
        or "mailer-daemon" in said.get("from", "").lower()
        or AWAY.match(said.get("subject", "")) is not None
    )


def _words(found: mail.Mail) -> str:
    """What is new in it: nothing of what it answers."""
    text = found.text
    if not text.strip():
        lines = BREAKS.sub("\n", found.html[:READ])
        text = unescape(nh3.clean(lines, tags=set(), clean_content_tags={"script", "style"}))
    text = returned.kept(text[:READ].replace("\r\n", "\n"))
    before = BEFORE.search(text)
    return text[: before.start() if before else None].strip()[:LONGEST]
