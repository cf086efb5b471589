"""Words that messages avoid: kept by people, and found in a text however it is spaced."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from django.db import transaction

from campaigns.models import Phrase
from console import audit, once, roles
from console import seen as marks
from console.models import Staff

ACTION = "phrases.change"
EDITABLE = ("text", "kind", "stops", "instead")
# Between two of these a space changes nothing for who reads it.
IDEOGRAPH = r"[\u3400-\u9fff\uf900-\ufaff]"
BETWEEN = re.compile(rf"(?<={IDEOGRAPH})[\s·*_\-.]+(?={IDEOGRAPH})")


@once.a_page_asks
def everything() -> list[Phrase]:
    """All of them."""
    return list(Phrase.objects.all())


def found_in(text: str, phrases: Iterable[Phrase]) -> list[Phrase]:
    """Those of the phrases that a text holds."""
    seen = _plain(text)
    return [one for one in phrases if _pattern(one.text).search(seen)]


def _plain(text: str) -> str:
    return BETWEEN.sub("", unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=512)
def _pattern(phrase: str) -> re.Pattern[str]:
    """Latin words are found as words: “free” is not in “freedom”."""
    said = r"\s+".join(re.escape(one) for one in _plain(phrase).split())
    first, last = (
        r"\b" if one.isascii() and one.isalnum() else "" for one in (said[:1], said[-1:])
    )
    return re.compile(f"{first}{said}{last}")


@transaction.atomic
def add(*, by: Staff, **fields: object) -> Phrase:
    """Raises NotAllowed: the role may not."""
    roles.require(by, ACTION)
    phrase = Phrase.objects.create(**fields)
    audit.log("phrase.added", phrase, by=by)
    return phrase


@transaction.atomic
def edit(phrase: Phrase, *, by: Staff, seen: str = "", **fields: object) -> None:
    """Raises NotAllowed: the role may not; Stale: somebody else changed it since it was `seen`."""
    roles.require(by, ACTION)
    kept = Phrase.objects.select_for_update().get(pk=phrase.pk)
    marks.require(kept, EDITABLE, seen)
    changed = {name: value for name, value in fields.items() if getattr(kept, name) != value}
    for name, value in changed.items():
        setattr(kept, name, value)
    if changed:
        kept.save(update_fields=list(changed))
        audit.log("phrase.changed", kept, by=by, fields=sorted(changed))
    phrase.refresh_from_db()


@transaction.atomic
def drop(phrase: Phrase, *, by: Staff) -> None:
    """Raises NotAllowed: the role may not."""
    roles.require(by, ACTION)
    audit.log("phrase.dropped", phrase, by=by)
    phrase.delete()
