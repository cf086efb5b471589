"""Requests that come as a mail: a draft of who wrote it, and an answer that says what is missing.

The mailbox is internal and is emptied. Who writes has to be staff by their address; a machine's
mail, and what comes a second time, make nothing. Because anybody can write anybody's name on a
mail, it becomes no more than a draft: only its owner, signed in, asks the other team.
"""

import datetime as dt
import functools
import hashlib
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.cache import caches
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from console import audit, kept_words, postbox
from console.models import Staff, Team, TeamRequest
from console.states import NotAllowed
from console.team_requests import drafting, files, kinds, letters, news
from console.team_requests.letters import Letter

LARGEST = 25 << 20  # bytes of a mail
A_DAY = 20  # mails of somebody that are answered in a day, whatever comes of them
DAY = 86_400  # seconds
LONGEST_WHY = 4000
log = structlog.get_logger(__name__)


def fetch(*, at: dt.datetime) -> int:
    """Read the mails that wait, and delete them there; how many requests came of them."""
    take_one = functools.partial(take, at=at)
    return postbox.empty(settings.REQUESTS_URL, take_one, largest=LARGEST)


def take(raw: bytes, *, at: dt.datetime) -> int:
    """A draft of one mail; 0 for what makes none. Nothing that is in a mail stops the others."""
    letter = letters.read(raw)
    if letter is None or letter.is_automatic or _is_ours(letter.sender):
        return 0
    sender = _staff(letter.sender)
    if sender is None:
        log.info("requests.stranger")
        return 0
    with translation.override(settings.LANGUAGE_CODE), audit.acting(staff=sender, via="task"):
        return _take(letter, sender, at)


def _take(letter: Letter, sender: Staff, at: dt.datetime) -> int:
    once = "mail:" + hashlib.sha256(letter.message_id.encode()).hexdigest()
    if TeamRequest.objects.filter(once=once).exists():
        return 0
    if _is_flood(sender, at):
        log.warning("requests.flood", staff=sender.pk)
        return 0
    try:
        made, refused = _write_down(letter, sender, once, at)
    except NotAllowed as problem:
        _refuse(sender, letter, problem)
        return 0
    _answer(sender, letter, _told(made, refused))
    return 1


@transaction.atomic
def _write_down(
    letter: Letter, sender: Staff, once: str, at: dt.datetime
) -> tuple[TeamRequest, list[str]]:
    """The draft with its files, and why a file was left out."""
    made = drafting.make(
        kind=_kind(letter),
        title=(letter.subject or letter.text.partition("\n")[0])[:160],
        to_team=_team(letter),
        content={"why": letter.text[:LONGEST_WHY], "spec": letter.text[LONGEST_WHY:40_000]},
        once=once,
        by=sender,
        at=at,
    )
    refused = []
    for name, content in letter.files:
        try:
            files.attach(made, name=name, content=content, by=sender, at=at)
        except NotAllowed as problem:
            refused.append(f"{files.tidy(name)}: {problem}")
    return made, refused


def _is_flood(sender: Staff, at: dt.datetime) -> bool:
    """Whether two machines may be answering each other; nothing is made or said any more."""
    theirs = TeamRequest.objects.filter(asked_by=sender, once__startswith="mail:")
    made = theirs.filter(created_at__gt=at - dt.timedelta(days=1)).count()
    return made + caches["shared"].get(_refusals_of(sender), 0) >= A_DAY


def _refuse(sender: Staff, letter: Letter, problem: NotAllowed) -> None:
    """Say why nothing came of a mail. No row remembers it, so it is counted here."""
    shared, count = caches["shared"], _refusals_of(sender)
    if shared.add(f"{count}:{letter.message_id}", True, DAY):  # else it is the same mail again
        shared.add(count, 0, DAY)
        shared.incr(count)
        _answer(sender, letter, [str(problem)])


def _refusals_of(sender: Staff) -> str:
    return f"requests.refused:{sender.pk}"


# --- whose, to whom, of which kind ----------------------------------------------


def _is_ours(address: str) -> bool:
    """Whether the console itself wrote it."""
    return address in settings.DEFAULT_FROM_EMAIL.lower()


def _staff(address: str) -> Staff | None:
    """Who has this address; nobody, where two have it."""
    found = list(Staff.objects.filter(email__iexact=address, is_active=True)[:2])
    return found[0] if len(found) == 1 else None


def _team(letter: Letter) -> Team:
    """The team that a tag names.

    Raises:
        NotAllowed: none does; the words say how to name one.
    """
    teams = list(Team.objects.all())
    for tag in letter.tags:
        for team in teams:
            if _plain(tag) in {_plain(one) for one in _names(team)}:
                return team
    names = ", ".join(str(team) for team in teams)
    raise NotAllowed(
        _("Name the team in brackets before the subject, such as [%(team)s]. There are: %(names)s.")
        % {"team": teams[0] if teams else "", "names": names}
    )


def _names(team: Team) -> list[str]:
    """What a team is called, in either language."""
    kept = str(kept_words.as_kept(team.name))
    return [kept, *kept.split(kept_words.JOINT)]


def _kind(letter: Letter) -> str:
    """The kind that a tag names, by its code or its label; a feature where none does."""
    for tag in letter.tags:
        for kind in TeamRequest.Kind:
            labels = {kind.value}
            for code, _label in settings.LANGUAGES:
                with translation.override(code):
                    labels.add(str(kind.label))
            if _plain(tag) in {_plain(label) for label in labels}:
                return kind.value
    return TeamRequest.Kind.FEATURE


def _plain(text: str) -> str:
    """A name without what people leave out in an address."""
    return "".join(one for one in text.casefold() if one.isalnum())


# --- the answer -----------------------------------------------------------------


def _told(made: TeamRequest, refused: list[str]) -> list[str]:
    """What became of it, what it still needs, and where."""
    missing = [str(one) for one in kinds.missing(made.kind, kinds.content_of(made))]
    return [
        _("“%(what)s” is a draft of yours for %(team)s.")
        % {"what": made.title, "team": made.to_team},
        *([_("Before it can be asked:"), *(f"- {one}" for one in missing)] if missing else []),
        *([_("Left out:"), *(f"- {one}" for one in refused)] if refused else []),
        _("Look at it and ask: %(page)s") % {"page": news.page_of(made)},
    ]


def _answer(to: Staff, letter: Letter, lines: list[str]) -> None:
    """To the address that we know; what cannot be sent is lost, the draft is not."""
    subject = " ".join(f"Re: {letter.subject}".split())[:200]
    # A machine that reads this header does not answer an answer (RFC 3834).
    headers = {"Auto-Submitted": "auto-replied", "In-Reply-To": letter.message_id}
    try:
        EmailMessage(subject, "\n\n".join(lines), None, [to.email], headers=headers).send()
    except (SMTPException, OSError):
        log.warning("requests.answer_not_sent", staff=to.pk)
