"""Mail through providers' own APIs, by django-anymail."""

import threading
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
)
from django.core.mail import EmailMultiAlternatives, get_connection

from campaigns.channels.base import (
    LOST,
    Accepted,
    Failed,
    Journal,
    Mail,
    Outcome,
    Refused,
    Unsure,
    because,
)
from campaigns.channels.http import ABOUT_US, NOT_TAKEN, PROVIDER_ID
from campaigns.channels.note import Note
from campaigns.channels.together import Together

CONNECTIONS = 8
TIMEOUT = 30  # seconds
# What each backend calls the two keys.
KEYS = {
    "mailgun": ("api_key", ""),  # its second key is for webhooks
    "sendgrid": ("api_key", ""),
    "postmark": ("server_token", ""),
    "brevo": ("api_key", ""),
    "mailjet": ("api_key", "secret_key"),
    "sparkpost": ("api_key", ""),
}
NOT_GIVEN = (requests.ConnectTimeout, requests.exceptions.SSLError)
NO_MONEY = 402
# Postmark answers 422 to all that it does not take; only these ErrorCodes are of this one mail.
POSTMARK_OF_THE_MAIL = {300, 406}
FROM_IS_WRONG = "'From'"


class MailProvider:
    """A `Channel` to one provider; each thread has a session of its own."""

    def __init__(self, given: Mapping[str, str]) -> None:
        provider = given["provider"]
        first, second = KEYS[provider]
        options: dict[str, Any] = {first: given["api_key"], "timeout": TIMEOUT}
        options |= {second: given["second_key"]} if second else {}
        options |= {"api_url": given["api_url"]} if given["api_url"] else {}
        self._path = f"anymail.backends.{provider}.EmailBackend"
        self._options = options
        self._together = Together(CONNECTIONS, "mail-api")
        self._mine = threading.local()

    def connect(self) -> None:
        """A provider's API is there, or each request says that it is not."""

    def send(self, messages: Iterable[Mail], journal: Journal) -> None:
        """Give mails, so many at a time as there are sessions."""

        def give(mail: Mail) -> None:
            journal.begun(mail.number)
            journal.ended(mail.number, self._give(mail))

        self._together.run(messages, give)

    def close(self) -> None:
        self._together.close()

    def _give(self, mail: Mail) -> Outcome:
        message = composed(mail, self._session())
        try:
            message.send()
        except AnymailRecipientsRefused as refused:  # an address that they know to be of no use
            return Refused(_refusal(refused), is_gone=True)
        except AnymailInvalidAddress as refused:
            return Refused(_words(refused))
        except AnymailAPIError as problem:
            return _failed(problem)
        except AnymailError as wrong:  # this provider cannot carry this mail
            return Refused(_words(wrong))
        status: Any = message.anymail_status  # type: ignore[attr-defined]
        return Accepted(str(status.message_id or "")[:PROVIDER_ID])

    def _session(self) -> Any:
        """This thread's kept session."""
        if not hasattr(self._mine, "backend"):
            self._mine.backend = get_connection(self._path, **self._options)
            self._mine.backend.open()
            # An API does not send us elsewhere: what would follow has our key and a customer.
            self._mine.backend.session.max_redirects = 0
        return self._mine.backend


def composed(mail: Mail, session: Any = None) -> EmailMultiAlternatives:
    """A mail as Django has it, with our number on it, so that reports find it."""
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=mail.sender,
        to=[mail.recipient],
        connection=session,
        headers=_headers(mail),
    )
    message.attach_alternative(mail.html, "text/html")
    message.metadata = {"message": str(mail.number)}  # type: ignore[attr-defined]
    # Ours are told from machines' and lead to the customer; theirs would count twice.
    message.track_opens = message.track_clicks = False  # type: ignore[attr-defined]
    return message


def _headers(mail: Mail) -> dict[str, str]:
    if not mail.unsubscribe_url:
        return {}
    return {
        "List-Unsubscribe": f"<{mail.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def mail_of(note: Note, *, sender: str) -> Mail:
    """A mail that only says what a note says."""
    return Mail(
        number=note.number,
        id=f"{note.id}@{sender.rpartition('@')[2].rstrip('>') or 'localhost'}",
        sender=sender,
        recipient=note.recipient,
        subject=note.title or note.text[:60],
        html=f"<p>{escape(note.text)}</p>",
        text=note.text,
        unsubscribe_url="",
        at=note.at,
    )


def _failed(problem: AnymailAPIError) -> Outcome:
    """By what the API said, or by how contact was lost."""
    status, said = problem.status_code, _words(problem)
    if isinstance(problem, requests.TooManyRedirects):
        return Failed(said)
    if status is None:
        nobody = isinstance(problem, NOT_GIVEN) or _no_connection(problem)
        lost = because(LOST, said)
        return Failed(lost, answered=False) if nobody else Unsure(lost)
    if status in NOT_TAKEN:
        return Failed(said, wait=_wait(problem))
    if status in ABOUT_US or status == NO_MONEY or _is_about_us(problem):
        return Failed(said)
    return Refused(said) if 400 <= status < 500 else Unsure(said)


def _is_about_us(problem: AnymailAPIError) -> bool:
    """Postmark's own codes: no credits, an unconfirmed sender. Nothing is wrong with the mail."""
    said = _said(problem)
    code = said.get("ErrorCode")
    if not isinstance(code, int) or code == 0 or not 200 <= (problem.status_code or 0) < 500:
        return False
    return code not in POSTMARK_OF_THE_MAIL or FROM_IS_WRONG in str(said.get("Message", ""))


def _refusal(refused: AnymailRecipientsRefused) -> str:
    """The provider's words where it has some."""
    return str(_said(refused).get("Message") or _words(refused))[:200]


def _said(problem: AnymailError) -> dict[str, Any]:
    try:
        said = problem.response.json()
    except (AttributeError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _no_connection(problem: BaseException) -> bool:
    """A ConnectionError is said of a door that is closed and of a line that was cut."""
    words = str(problem.__cause__)
    return "NewConnectionError" in words or "NameResolutionError" in words


def _wait(problem: AnymailAPIError) -> float:
    given = problem.response.headers.get("Retry-After", "") if problem.response is not None else ""
    return min(float(given), 3600) if given.isdecimal() else 0


def _words(problem: Exception) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return " ".join(lines)[:200]
