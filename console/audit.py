"""The audit log's pen: who is acting now, and one line for each deed."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from console.models import AuditEntry, Staff


@dataclass(frozen=True)
class Actor:
    """Whoever is behind the current work, and the door they came through."""

    staff: Staff | None
    via: str
    ref: str = ""


# Code that nobody announced runs from a command line.
NOBODY_ANNOUNCED = Actor(staff=None, via="shell")
_actor: ContextVar[Actor] = ContextVar("actor", default=NOBODY_ANNOUNCED)


def actor() -> Actor:
    return _actor.get()


@contextmanager
def acting(*, staff: Staff | None = None, via: str, ref: str = "") -> Iterator[None]:
    """Say who is behind everything that happens inside the block."""
    token = _actor.set(Actor(staff=staff, via=via, ref=ref))
    try:
        yield
    finally:
        _actor.reset(token)


def log(
    action: str, subject: Model | None = None, *, by: Staff | None = None, **details: Any
) -> AuditEntry:
    """Write one line, `noun.verb`, in the transaction of the deed itself.

    `by` names the person when a verb was told; otherwise the current actor stands.
    """
    who = actor()
    entry = AuditEntry(
        staff=by or who.staff, via=who.via, ref=who.ref, action=action, details=details
    )
    if subject is not None:
        entry.subject_type = ContentType.objects.get_for_model(subject)
        entry.subject_id = str(subject.pk)
        # A record whose name people write about customers says how the log is to call it.
        entry.subject_label = str(getattr(subject, "logged_as", subject))[:200]
    entry.save(force_insert=True)
    return entry
