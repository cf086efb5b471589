"""In-app messages: laid down for the app to fetch, seen, clicked and put away there."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from campaigns.channels.note import Note
from campaigns.models import InAppMessage, Message

MOST = 50  # that an app gets at a time


def keep(notes: Sequence[Note]) -> None:
    """Lay messages down; those that lie there already stay as they are."""
    numbers = [note.number for note in notes]
    whose = dict(Message.objects.filter(pk__in=numbers).values_list("pk", "customer_id"))
    InAppMessage.objects.bulk_create(
        (
            InAppMessage(
                message_id=note.number,
                customer_id=whose[note.number],
                title=_clean(note.title)[:200],
                text=_clean(note.text),
                url=_clean(note.url),
                data=dict(note.data),
                expires_at=note.expires_at,
            )
            for note in notes
            if note.number in whose
        ),
        ignore_conflicts=True,
    )


def waiting(customers: Sequence[int], *, now: dt.datetime) -> QuerySet[InAppMessage]:
    """What the app shows to one person, newest first. `now` is real time."""
    valid = Q(expires_at=None) | Q(expires_at__gt=now)
    return (
        InAppMessage.objects.filter(valid, customer__in=customers, closed_at=None)
        .select_related("message")
        .order_by("-message")[:MOST]
    )


def close(shown: InAppMessage, *, now: dt.datetime) -> bool:
    """Show it no more; whether that was news."""
    found = InAppMessage.objects.filter(pk=shown.pk, closed_at=None)
    return bool(found.update(closed_at=now))


def _clean(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()
