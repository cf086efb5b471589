"""The mail providers of the local phone: Postmark's API and Mailgun's, with their webhooks.

The last four digits before an address's @ decide what goes wrong, as with numbers of phones:
9402 no money, 9404 nobody there, 9429 too quick, 9500 broken, 9504 taken but not told. What is
taken is reported as delivered to the webhooks that were registered; 9550 then bounces, 9551 calls
it spam.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import requests

from console.embedded.spoken import Got, Heard, Said

# What is told to a webhook: its address, and the body as JSON.
Tell = Callable[[str, Mapping[str, Any]], None]
KEPT = 10_000  # mails that can be asked for again
BOUNCES, COMPLAINS = "9550", "9551"
SECONDS_TO_TELL = 10


def tell(url: str, body: Mapping[str, Any]) -> None:
    """Post a report a moment later, as a provider would; a console that is away misses it."""
    threading.Thread(target=_post, args=(url, json.dumps(body).encode()), daemon=True).start()


def _post(url: str, body: bytes) -> None:
    time.sleep(0.2)  # so that the answer to the mail itself comes first
    with suppress(requests.RequestException):
        headers = {"Content-Type": "application/json"}
        requests.post(url, body, headers=headers, timeout=SECONDS_TO_TELL).close()


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that was taken."""

    id: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    metadata: Mapping[str, str]

    @property
    def ending(self) -> str:
        return _ending(self.recipient)

    def source(self) -> bytes:
        """The mail as it would arrive."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, self.recipient, self.subject
        mail["Message-ID"] = f"<{self.id}>"
        for name, value in self.headers.items():
            mail[name] = value
        mail.set_content(self.text)
        mail.add_alternative(self.html, subtype="html")
        return mail.as_bytes()


class MailDoor:
    """What both have: what was taken, and who wants to hear of it."""

    under: ClassVar[str]  # where its API begins

    def __init__(self, key: str, keep: Callable[[Got], None], tell: Tell) -> None:
        self.key, self._keep, self._tell = key, keep, tell
        self._sent: deque[Sent] = deque(maxlen=KEPT)
        self._hooks: dict[str, set[str]] = {}  # by what they want to hear of

    def _take(self, sent: Sent, raw: Mapping[str, Any]) -> None:
        where = parseaddr(sent.recipient)[1]
        self._keep(
            Got(
                "email",
                where,
                sent.subject,
                sent.text,
                raw,
                sender=parseaddr(sent.sender)[1],
                source=sent.source(),
            )
        )
        self._sent.append(sent)
        what = {BOUNCES: "bounce", COMPLAINS: "complaint"}.get(sent.ending)
        for each in ("delivered", what) if what != "bounce" else ("bounce",):
            for url in sorted(self._hooks.get(each or "", ())):
                self._tell(url, self.report(sent, each or ""))

    def report(self, sent: Sent, what: str) -> dict[str, Any]:
        """What the provider posts of a mail: delivered, bounce or complaint."""
        raise NotImplementedError


class Postmark(MailDoor):
    """POST /email and /email/batch, GET /messages/outbound, POST /webhooks."""

    under = "/postmark/"
    TRIGGERS: ClassVar = {
        "Delivery": "delivered",
        "Bounce": "bounce",
        "SpamComplaint": "complaint",
    }
    # By the ending: HTTP status, ErrorCode and words.
    TROUBLE: ClassVar = {
        "9402": (422, 405, "You are not allowed to send: you have run out of credits."),
        "9429": (429, 429, "Rate limit exceeded."),
        "9500": (500, 500, "Internal server error."),
        "9504": (504, 504, "Gateway timeout."),
    }

    def answer(self, heard: Heard) -> Said:
        if not _same(heard.headers.get("x-postmark-server-token"), self.key):
            return self._wrong(401, 10, "Request does not contain a valid Server token.")
        match heard.method, heard.path.removeprefix(self.under).strip("/"):
            case "POST", "email":
                return self._one(heard.json())
            case "POST", "email/batch":
                return Said([dict(self._one(one).body) for one in heard.listed()])
            case "POST", "webhooks":
                return self._webhook(heard.json())
            case "GET", "messages/outbound":
                return self._look(heard.query)
        return self._wrong(404, 404, "There is no such address.")

    def _one(self, said: Mapping[str, Any]) -> Said:
        recipient, sender = str(said.get("To", "")), str(said.get("From", ""))
        where = parseaddr(recipient)[1]
        if "@" not in parseaddr(sender)[1]:
            return self._wrong(422, 300, f"Invalid 'From' address: '{sender}'.")
        if "." not in where.partition("@")[2]:
            return self._wrong(422, 300, f"Invalid 'To' address: '{where}'.")
        if _ending(where) == "9404":
            words = (
                "You tried to send to a recipient that has been marked as inactive. Found inactive "
                f"addresses: {where.lower()}. Inactive recipients are ones that have generated "
                "a hard bounce, a spam complaint, or a manual suppression."
            )
            return self._wrong(422, 406, words)
        trouble = self.TROUBLE.get(_ending(where))
        if trouble and trouble[0] != 504:
            return self._wrong(*trouble)
        sent = Sent(
            id=str(uuid.uuid4()),
            sender=sender,
            recipient=recipient,
            subject=str(said.get("Subject", "")),
            text=str(said.get("TextBody", "")),
            html=str(said.get("HtmlBody", "")),
            headers={one["Name"]: one["Value"] for one in said.get("Headers") or []},
            metadata=dict(said.get("Metadata") or {}),
        )
        self._take(sent, said)
        if trouble:
            return self._wrong(*trouble)
        at = datetime.now(UTC).isoformat()
        body = {"To": recipient, "SubmittedAt": at, "MessageID": sent.id}
        return Said(body | {"ErrorCode": 0, "Message": "OK"})

    def _wrong(self, status: int, code: int, words: str) -> Said:
        wait = {"Retry-After": "2"} if status == 429 else {}
        return Said({"ErrorCode": code, "Message": words}, status, wait)

    def _webhook(self, said: Mapping[str, Any]) -> Said:
        url, triggers = str(said.get("Url", "")), said.get("Triggers") or {}
        for name, what in self.TRIGGERS.items():
            if (triggers.get(name) or {}).get("Enabled"):
                self._hooks.setdefault(what, set()).add(url)
        return Said({"ID": len(self._hooks), "Url": url, "Triggers": triggers})

    def _look(self, query: Mapping[str, str]) -> Said:
        wanted = {
            name.removeprefix("metadata_"): value
            for name, value in query.items()
            if name.startswith("metadata_")
        }
        found = [
            {
                "MessageID": one.id,
                "To": [{"Email": parseaddr(one.recipient)[1], "Name": None}],
                "Status": "Sent",
                "Metadata": dict(one.metadata),
            }
            for one in self._sent
            if query.get("recipient", "") in ("", parseaddr(one.recipient)[1])
            and wanted.items() <= one.metadata.items()
        ]
        return Said({"TotalCount": len(found), "Messages": found[: int(query.get("count", 50))]})

    def report(self, sent: Sent, what: str) -> dict[str, Any]:
        where, at = parseaddr(sent.recipient)[1], datetime.now(UTC).isoformat()
        common = {"MessageID": sent.id, "Metadata": dict(sent.metadata), "ServerID": 1}
        if what == "delivered":
            said = {"RecordType": "Delivery", "Recipient": where, "DeliveredAt": at}
            return common | said | {"Details": "smtp;250 2.0.0 OK"}
        kind = "HardBounce" if what == "bounce" else "SpamComplaint"
        record = "Bounce" if what == "bounce" else "SpamComplaint"
        said = {"RecordType": record, "Type": kind, "Email": where, "BouncedAt": at}
        return common | said | {"ID": 1, "Details": "smtp;550 5.1.1 no such user"}


class Mailgun(MailDoor):
    """POST /<domain>/messages, GET /<domain>/events, POST /domains/<domain>/webhooks."""

    under = "/mailgun/"
    HOOKS: ClassVar = {
        "delivered": "delivered",
        "permanent_fail": "bounce",
        "complained": "complaint",
    }
    TROUBLE: ClassVar = {
        "9402": (402, "Payment required: the account is disabled."),
        "9404": (400, "to parameter is not a valid address. please check documentation"),
        "9429": (429, "Too many requests"),
        "9500": (500, "Internal Server Error"),
        "9504": (504, "Gateway Timeout"),
    }

    def answer(self, heard: Heard) -> Said:
        basic = base64.b64encode(f"api:{self.key}".encode()).decode()
        if not _same(heard.headers.get("authorization"), f"Basic {basic}"):
            return Said({"message": "Invalid private key"}, 401)
        form = dict(parse_qsl(heard.body.decode("utf-8", "replace"), keep_blank_values=True))
        match heard.method, heard.path.removeprefix(self.under).strip("/").split("/"):
            case "POST", [_domain, "messages"]:
                return self._one(form)
            case "GET", [_domain, "events"]:
                return self._look(heard.query)
            case "POST", ["domains", _domain, "webhooks"]:
                if what := self.HOOKS.get(form.get("id", "")):
                    self._hooks.setdefault(what, set()).add(form.get("url", ""))
                    return Said({"message": "Webhook has been created"})
        return Said({"message": "not found"}, 404)

    def _one(self, form: Mapping[str, str]) -> Said:
        recipient = form.get("to", "")
        where = parseaddr(recipient)[1]
        trouble = self.TROUBLE.get(_ending(where) if "@" in where else "9404")
        if trouble and trouble[0] != 504:
            return self._wrong(*trouble)
        domain = parseaddr(form.get("from", ""))[1].partition("@")[2] or "localhost"
        sent = Sent(
            id=f"{uuid.uuid4().hex}@{domain}",
            sender=form.get("from", ""),
            recipient=recipient,
            subject=form.get("subject", ""),
            text=form.get("text", ""),
            html=form.get("html", ""),
            headers={name[2:]: value for name, value in form.items() if name.startswith("h:")},
            metadata={name[2:]: value for name, value in form.items() if name.startswith("v:")},
        )
        self._take(sent, form)
        if trouble:
            return self._wrong(*trouble)
        return Said({"id": f"<{sent.id}>", "message": "Queued. Thank you."})

    def _wrong(self, status: int, words: str) -> Said:
        return Said({"message": words}, status, {"Retry-After": "2"} if status == 429 else {})

    def _look(self, query: Mapping[str, str]) -> Said:
        who = query.get("recipient")
        theirs = [one for one in self._sent if who == parseaddr(one.recipient)[1]]
        return Said({"items": [self._event(one, {"event": "accepted"}) for one in theirs]})

    def report(self, sent: Sent, what: str) -> dict[str, Any]:
        said: dict[str, Any] = {"event": "delivered", "delivery-status": {"code": 250}}
        if what == "bounce":
            said = {"event": "failed", "severity": "permanent", "reason": "bounce"}
            said["delivery-status"] = {"code": 550, "message": "5.1.1 no such user"}
        if what == "complaint":
            said = {"event": "complained"}
        moment, token = str(int(time.time())), uuid.uuid4().hex
        right = hmac.new(self.key.encode(), f"{moment}{token}".encode(), hashlib.sha256)
        signature = {"timestamp": moment, "token": token, "signature": right.hexdigest()}
        return {"signature": signature, "event-data": self._event(sent, said)}

    def _event(self, sent: Sent, said: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": uuid.uuid4().hex,
            "timestamp": time.time(),
            "recipient": parseaddr(sent.recipient)[1],
            "user-variables": dict(sent.metadata),
            "message": {"headers": {"message-id": sent.id}},
            "tags": [],
            **said,
        }


def _ending(address: str) -> str:
    return parseaddr(address)[1].partition("@")[0][-4:]


def _same(given: object, right: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), right.encode())
