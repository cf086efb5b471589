"""Answers of reports: kept by question, with the version of the data that they were made from."""

import datetime as dt
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from django.db import transaction
from django.utils import timezone
from pyroaring import BitMap

from console import clock
from metrics.models import FoundSet, KeptAnswer
from segments import live_sets

DAYS_KEPT = 90  # of what nobody looks at
ROWS = 6  # zlib's level: about as fast to read as any


@dataclass(frozen=True)
class Question:
    """What is asked; two that say the same in the same form are one."""

    kind: str
    about: dict[str, Any]

    @property
    def digest(self) -> str:
        said = json.dumps([self.kind, self.about], sort_keys=True)
        return blake2b(said.encode(), digest_size=32).hexdigest()


@dataclass(frozen=True)
class Fresh:
    """What was just computed."""

    data: bytes
    as_of: dt.date
    version: str
    under: Mapping[str, int] = field(default_factory=dict)
    sets: Mapping[str, BitMap] = field(default_factory=dict)


def as_json(data: Any) -> bytes:
    return zlib.compress(json.dumps(data).encode(), ROWS)


def from_json(data: bytes | memoryview) -> Any:
    return json.loads(zlib.decompress(bytes(data)))


def find(question: Question) -> KeptAnswer | None:
    """What is kept, with its job, though it may be of older data or still be under way."""
    found = KeptAnswer.objects.select_related("job").filter(digest=question.digest).first()
    if found and found.used_on != (today := clock.today()):
        KeptAnswer.objects.filter(pk=found.pk).update(used_on=today)
    return found


def about(question: Question) -> KeptAnswer:
    """The row of a question, made where there is none yet."""
    found, _is_new = KeptAnswer.objects.get_or_create(
        digest=question.digest,
        defaults={"kind": question.kind, "question": question.about, "used_on": clock.today()},
    )
    return found


@transaction.atomic
def keep(question: Question, fresh: Fresh) -> KeptAnswer:
    """Put an answer in the place of an older one.

    Who was erased while it was worked out is in none of its sets.
    """
    row = KeptAnswer.objects.select_for_update().get(pk=about(question).pk)
    row.data, row.as_of, row.version = fresh.data, fresh.as_of, fresh.version
    row.under, row.computed_at = dict(fresh.under), timezone.now()
    row.save(update_fields=["data", "as_of", "version", "under", "computed_at"])
    row.sets.all().delete()
    living = live_sets.everyone() if fresh.sets else BitMap()
    found = {place: members & living for place, members in fresh.sets.items()}
    FoundSet.objects.bulk_create(
        FoundSet(answer=row, place=place, members=members, size=len(members))
        for place, members in found.items()
    )
    return row


def tidy(*, today: dt.date) -> int:
    """Let go of answers that nobody looked at for long; how many."""
    old = KeptAnswer.objects.filter(used_on__lt=today - dt.timedelta(days=DAYS_KEPT))
    gone, _each = old.delete()
    return gone
