"""The work list of a sending campaign: its frozen audience in chunks, and who claims them.

A chunk belongs to the one database session that holds its advisory lock, which PostgreSQL frees
the moment that worker is gone; so what a dead worker left is taken up at once, and by one other.
"""

import datetime as dt
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from pyroaring import BitMap

from campaigns import sending
from campaigns.channels import email
from campaigns.channels.base import Channel
from campaigns.models import Campaign, OutboxChunk
from campaigns.sending import Tally
from console import states

CHUNK = 500  # customers that a worker claims at a time
WORKERS = 4  # that send one campaign at once
LOCK = 0x0B0C  # the advisory locks of chunks

# --- the work list ----------------------------------------------------------


@transaction.atomic
def fill(campaign: Campaign) -> int:
    """Write the frozen audience down as chunks; a second time changes nothing."""
    ids = array("I", campaign.audience.members)
    chunks = [
        OutboxChunk(campaign=campaign, number=number, members=BitMap(ids[first : first + CHUNK]))
        for number, first in enumerate(range(0, len(ids), CHUNK))
    ]
    OutboxChunk.objects.bulk_create(chunks, ignore_conflicts=True, batch_size=1000)
    return len(chunks)


def make_due(campaign: Campaign) -> None:
    """Forget earlier tries: a person looked, so everything left may go at once."""
    _to_do(campaign).update(tries=0, not_before=None)


def is_finished(campaign: Campaign) -> bool:
    return not _to_do(campaign).exists()


def with_work() -> list[int]:
    """Campaigns that are sending and have a chunk to send now, or are to be declared sent."""
    later = Q(status=OutboxChunk.Status.DONE) | Q(not_before__gt=Now())
    sending = Campaign.objects.filter(status=Campaign.Status.SENDING)
    waiting = sending.filter(pk__in=OutboxChunk.objects.exclude(later).values("campaign"))
    to_do = OutboxChunk.objects.exclude(status=OutboxChunk.Status.DONE).values("campaign")
    return [*waiting.union(sending.exclude(pk__in=to_do)).values_list("pk", flat=True)]


def _to_do(campaign: Campaign) -> QuerySet[OutboxChunk]:
    return OutboxChunk.objects.filter(campaign=campaign).exclude(status=OutboxChunk.Status.DONE)


# --- sending ----------------------------------------------------------------


@lru_cache(maxsize=1)
def mailer() -> Channel:
    """This process's kept connection to the mail server of the settings."""
    server = email.Server(
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        starttls=settings.EMAIL_USE_TLS,
        tls=settings.EMAIL_USE_SSL,
        timeout=settings.EMAIL_TIMEOUT or 30,
    )
    return email.SmtpChannel(server)


def send_next_chunk(campaign: Campaign, channel: Channel, *, at: dt.datetime) -> Tally | None:
    """Claim one chunk and send it; None when there is none to claim at the moment."""
    with _claimed(campaign, at) as chunk:
        return sending.Sender(campaign, chunk, channel, at).run() if chunk else None


@contextmanager
def _claimed(campaign: Campaign, at: dt.datetime) -> Iterator[OutboxChunk | None]:
    """The first chunk that nobody has; claimed ones whose worker is gone count as such.

    Only the first few are looked at: those are the ones being sent, so a campaign never has
    more workers than that.
    """
    due = _to_do(campaign).exclude(not_before__gt=Now()).order_by("number")
    for pk in due.values_list("pk", flat=True)[:WORKERS]:
        if not _locked("pg_try_advisory_lock", pk):
            continue
        try:
            # Looked at again under the lock: its worker may have finished in between.
            chunk = _to_do(campaign).filter(pk=pk).first()
            if chunk and sending.is_on(campaign):
                states.move_many(
                    OutboxChunk,
                    [pk],
                    frm=chunk.status,
                    to=OutboxChunk.Status.CLAIMED,
                    claimed_at=at,
                )
                yield chunk
                return
        finally:
            with suppress(DatabaseError):  # a broken connection has no lock any more
                _locked("pg_advisory_unlock", pk)
    yield None


def _locked(function: str, pk: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [LOCK, pk % 2**31])
        return bool(cursor.fetchone()[0])
