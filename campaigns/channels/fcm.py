"""Firebase Cloud Messaging, HTTP v1: a service account's token, and one POST a message."""

import base64
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from urllib3.exceptions import HTTPError

from campaigns.channels import http
from campaigns.channels.base import Accepted, Outcome, Refused, Unreachable, Unsure
from campaigns.channels.http import Answer, Ask
from campaigns.channels.note import Note, need_text
from campaigns.channels.outside import Network

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
RENEWED = 300  # seconds before its end
# The device or this message is at fault; quotas and a broken service are not.
FOR_GOOD = {"UNREGISTERED", "NOT_FOUND", "INVALID_ARGUMENT", "SENDER_ID_MISMATCH"}
GONE = "UNREGISTERED"  # the app is not on this device any more


class BadAccount(ValueError):
    """The service account's JSON is not one."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What Google's JSON file says of it."""

    project: str
    email: str
    private_key: str
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105  (an address)

    @staticmethod
    def read(text: str) -> "ServiceAccount":
        """Raises BadAccount."""
        try:
            said = json.loads(text)
            made = ServiceAccount(
                said["project_id"],
                said["client_email"],
                said["private_key"],
                said.get("token_uri") or "https://oauth2.googleapis.com/token",
            )
            made.key()
        except (ValueError, TypeError, KeyError, AttributeError) as wrong:
            raise BadAccount(f"{type(wrong).__name__}: {wrong}") from None
        return made

    def key(self) -> rsa.RSAPrivateKey:
        """Raises ValueError."""
        key = serialization.load_pem_private_key(self.private_key.encode(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("the private key is not RSA")
        return key

    def assertion(self, now: int) -> str:
        """A JWT that says who we are, good for an hour (RFC 7523)."""
        claims = {
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_url,
            "iat": now,
            "exp": now + 3600,
        }
        signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
        signature = self.key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_unpadded(signature)}"


@dataclass(slots=True)
class Tokens:
    """The account's present token; one for all connections."""

    account: ServiceAccount
    private: Sequence[Network] = ()  # networks in which whoever gives tokens may be
    _token: str = ""
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> str:
        """Raises Unreachable: whoever gives tokens gives none, and nothing can be sent."""
        with self._lock:
            if time.time() > self._until - RENEWED:
                self._fetch()
            return self._token

    def forget(self) -> None:
        with self._lock:
            self._until = 0.0

    def _fetch(self) -> None:
        assertion = self.account.assertion(int(time.time()))
        body = urlencode({"grant_type": GRANT, "assertion": assertion}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            with http.pool(1, 10, self.private) as pool:
                answer = http.post(pool, Ask(self.account.token_url, body, kind), 10)
        except (HTTPError, OSError, http.TooSlow) as problem:
            raise Unreachable(str(problem)) from problem
        said: Any = answer.json()
        if answer.status != 200 or not isinstance(said, dict) or "access_token" not in said:
            raise Unreachable(f"{answer.status} {answer.body[:120].decode(errors='replace')}")
        self._token = str(said["access_token"])
        self._until = time.time() + float(said.get("expires_in", 3600))


class Fcm:
    """A `Provider`."""

    repeatable = False

    def __init__(self, account: ServiceAccount, base: str = "https://fcm.googleapis.com") -> None:
        self.url = f"{base.rstrip('/')}/v1/projects/{quote(account.project)}/messages:send"
        self.tokens = Tokens(account)

    def ask(self, note: Note) -> Ask:
        need_text(note)
        data = {name: str(value) for name, value in note.data.items()}  # FCM takes only texts
        data |= {"message": note.id} | ({"url": note.url} if note.url else {})
        message: dict[str, Any] = {
            "token": note.recipient,
            "notification": {"title": note.title, "body": note.text},
            "data": data,
        }
        if note.expires_at:
            seconds = max(0, int((note.expires_at - note.at).total_seconds()))
            message["android"] = {"ttl": f"{seconds}s"}
            until = str(int(note.expires_at.timestamp()))
            message["apns"] = {"headers": {"apns-expiration": until}}
        bearer = {"Authorization": f"Bearer {self.tokens.now()}"}
        return Ask(self.url, http.as_json({"message": message}), http.JSON | bearer)

    def read(self, answer: Answer) -> Outcome:
        said = answer.json()
        said = said if isinstance(said, dict) else {}
        if answer.status == 200 and said.get("name"):
            return Accepted(str(said["name"]))
        if answer.status == 401:
            self.tokens.forget()
        error = said.get("error")
        code, words = _code(error) if isinstance(error, dict) else (None, "")
        outcome = http.by_code(answer, code, words, good=object(), for_good=FOR_GOOD)
        if isinstance(outcome, Refused):
            return Refused(outcome.reason, is_gone=code == GONE)
        # FCM says itself that INTERNAL and UNAVAILABLE were not taken.
        return http.again(outcome) if code and isinstance(outcome, Unsure) else outcome


def _code(error: dict[str, Any]) -> tuple[Any, Any]:
    """FCM's own code stands in the details; Google's general one in the status."""
    details = error.get("details")
    for one in details if isinstance(details, list) else []:
        if isinstance(one, dict) and one.get("errorCode"):
            return one["errorCode"], error.get("message")
    return error.get("status"), error.get("message")


def _part(content: dict[str, Any]) -> str:
    return _unpadded(json.dumps(content, separators=(",", ":")).encode())


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
