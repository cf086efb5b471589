"""Links of short messages: a code in the place of a signed token, which is six times as long."""

import secrets
import string

from django.conf import settings

from campaigns.models import ShortLink

LETTERS = string.ascii_letters + string.digits
LENGTH = 9  # letters by chance: too many to be guessed
EXAMPLE = "x" * LENGTH


def url(message: int, target: str) -> str:
    """The short address of a link; the same again when the message is tried once more."""
    known = ShortLink.objects.filter(message=message, target=target).first()
    if known is None:
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        known = ShortLink.objects.create(code=code, message_id=message, target=target)
    return address(known.code)


def address(code: str) -> str:
    return f"{settings.SHORT_URL.rstrip('/')}/{code}"


def find(code: str) -> ShortLink | None:
    """The link with its message and customer."""
    found = ShortLink.objects.select_related("message__customer")
    return found.filter(code=code).first() if code.isalnum() else None
