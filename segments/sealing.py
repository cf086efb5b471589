"""Contacts at rest: names, addresses and numbers sealed with a key that the database never sees.

AES-SIV is deterministic: the same text has the same sealed form, so that equality, uniqueness
and joins work on the sealed columns; a beginning or a sort order does not. Without
`CONTACT_KEY` everything stays plain, and each function here gives back what it got.

Columns of `models.fields.SealedCharField` do this by themselves. Raw SQL that writes or
compares such a column passes `seal(text)`; what a cursor read from one goes through
`open_(text)`. Of identifiers only `CONTACT_KINDS` are sealed: use `seal_id` and `open_`.
E-mail addresses are kept as `address(text)`, so that they compare as they are.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

CONTACT_KINDS = ("email", "phone")  # kinds of identifiers that one could write to or call
SHORTEST_KEY = 32  # characters
PREFIX = "sealed."
PURPOSE = [b"contact"]  # one for all columns: an address is joined with addresses elsewhere


class CannotOpen(Exception):
    """A sealed text whose key is not here."""


def seal(text: str) -> str:
    """The text as the columns keep it; the empty text stays empty."""
    key = _current()
    return key.seal(text) if key and text else text


def open_(text: str) -> str:
    """What `seal` was given, under the present key or an old one; a plain text stays as it is.

    Raises:
        CannotOpen: it is sealed, and its key is not here.
    """
    if not text.startswith(PREFIX):
        return text
    hint = text[len(PREFIX) :].partition(".")[0]
    for one in (settings.CONTACT_KEY, *settings.CONTACT_KEYS_OLD):
        if one and (key := Key.of(one)).hint == hint:
            return key.open_(text)
    raise CannotOpen("A contact is sealed with a key that CONTACT_KEY does not have.")


def peek(text: str) -> str:
    """As `open_`, for texts that somebody else may have made to look sealed: those stay."""
    try:
        return open_(text)
    except CannotOpen:
        return text


def seal_id(kind: str, value: str) -> str:
    """An identifier's value as the column keeps it."""
    if kind not in CONTACT_KINDS:
        return value
    return seal(address(value) if kind == "email" else value)


def seal_ids(kind: str, values: Sequence[str]) -> dict[str, str]:
    """The values by the form in which the column keeps them."""
    return {seal_id(kind, value): value for value in values}


def address(text: str) -> str:
    """The one form of an e-mail address, in which it is kept and compared."""
    return text.strip().lower()


def hint() -> str:
    """Which key seals now, without telling anything about it; empty: none does."""
    key = _current()
    return key.hint if key else ""


class Key:
    """A key, made of a secret text."""

    def __init__(self, secret: str) -> None:
        made = hashlib.sha512(b"contacts at rest\0" + secret.encode()).digest()
        self.hint = hashlib.sha256(b"hint\0" + made).hexdigest()[:6]
        self._box = AESSIV(made)  # 64 bytes: AES-256 for either half

    @staticmethod
    @lru_cache(maxsize=8)
    def of(secret: str) -> "Key":
        return Key(secret)

    def seal(self, text: str) -> str:
        sealed = base64.urlsafe_b64encode(self._box.encrypt(text.encode(), PURPOSE))
        return f"{PREFIX}{self.hint}.{sealed.decode().rstrip('=')}"

    def open_(self, text: str) -> str:
        sealed = text.rpartition(".")[2]
        try:
            raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
            return self._box.decrypt(raw, PURPOSE).decode()
        except (InvalidTag, ValueError) as broken:
            raise CannotOpen("A sealed contact was changed by somebody.") from broken


def _current() -> Key | None:
    return Key.of(settings.CONTACT_KEY) if settings.CONTACT_KEY else None
