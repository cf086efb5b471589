"""The addresses that stand in our mails: signed, so that nobody can make one up."""

import hashlib
import hmac
import html
import json
import re
from binascii import b2a_base64
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

OPEN, CLICK, UNSUBSCRIBE = "campaigns.open", "campaigns.click", "campaigns.unsubscribe"
TRAP = "campaigns.trap"
# In HTML that was parsed and written anew: attributes stand in double quotes.
HREF = re.compile(r"""(<a\s(?:[^">]|"[^"]*")*?\bhref=")(https?://[^"]*)(")""", re.IGNORECASE)


class BadLink(Exception):
    """The address was not made here, or not for this purpose."""


def open_url(message_id: int) -> str:
    return _absolute("tracked-open", _sign(OPEN, str(message_id)))


def click_url(message_id: int, target: str) -> str:
    return _absolute("tracked-click", _sign(CLICK, f"[{message_id},{_as_json(target)}]"))


def trap_url(message_id: int) -> str:
    """A link that no person sees: whoever follows it is a machine."""
    return _absolute("tracked-trap", _sign(TRAP, str(message_id)))


def unsubscribe_url(message_id: int) -> str:
    return _absolute("unsubscribe", _sign(UNSUBSCRIBE, str(message_id)))


def preferences_url(message_id: int) -> str:
    """Where one chooses what to hear; with the same token, because it lets one do the same."""
    return _absolute("preferences", _sign(UNSUBSCRIBE, str(message_id)))


def read_open(token: str) -> int:
    """The message's number. Raises BadLink."""
    return int(_read(OPEN, token))


def read_trap(token: str) -> int:
    """The message's number. Raises BadLink."""
    return int(_read(TRAP, token))


def read_unsubscribe(token: str) -> int:
    """The message's number. Raises BadLink."""
    return int(_read(UNSUBSCRIBE, token))


def read_click(token: str) -> tuple[int, str]:
    """The message's number and where the link leads. Raises BadLink."""
    message_id, target = _read(CLICK, token)
    if not is_web(target):
        raise BadLink
    return int(message_id), target


def is_web(target: str) -> bool:
    return target.startswith(("http://", "https://"))


def rewrite(body: str, to: Callable[[str], str]) -> str:
    """Give every link to the web another address; `mailto:`, `tel:` and anchors stay."""

    def anew(found: re.Match[str]) -> str:
        return found[1] + html.escape(to(html.unescape(found[2]))) + found[3]

    return HREF.sub(anew, body)


def _sign(purpose: str, payload: str) -> str:
    """What `Signer(salt=purpose).sign_object` makes of this JSON, in a twentieth of its time.

    Several are made for every mail, and Django's derives the key each time anew.
    """
    said = _web(payload.encode())
    seal = _web(hmac.digest(_key(purpose, settings.SECRET_KEY), said, "sha256"))
    return f"{said.decode()}:{seal.decode()}"


def _web(plain: bytes) -> bytes:
    """Base64 for addresses, without the signs that only fill it up."""
    return b2a_base64(plain, newline=False).translate(_WEB, b"=")


_WEB = bytes.maketrans(b"+/", b"-_")


@lru_cache(maxsize=8)
def _key(purpose: str, secret: str) -> bytes:
    return hashlib.sha256(f"{purpose}signer{secret}".encode()).digest()


@lru_cache(maxsize=1024)
def _as_json(target: str) -> str:
    return json.dumps(target)


def _read(purpose: str, token: str) -> Any:
    try:
        return Signer(salt=purpose).unsign_object(token)
    except (BadSignature, ValueError) as wrong:
        raise BadLink from wrong


def _absolute(name: str, token: str) -> str:
    before, after = _around(name)
    return f"{before}{token}{after}"


@lru_cache(maxsize=8)
def _around(name: str) -> tuple[str, str]:
    """What stands before and behind the token: five are made for every mail."""
    before, _token, after = reverse(name, args=["token"]).partition("token")
    return settings.PUBLIC_URL.rstrip("/") + before, after
