"""The kinds of events that were ever seen, with how many and when."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction

from segments import history

# What is done to customers, or is a part of something that is counted already.
NOT_BEING_ACTIVE = {
    "campaign_received",
    "coupon_redeemed",
    "item_bought",
    "message_opened",  # machines open mails, too
    "message_sent",
    "message_unsubscribed",
}


@dataclass(frozen=True)
class Seen:
    """How often one kind of event was seen, and between which moments."""

    name: str
    volume: int
    first: dt.datetime | None
    last: dt.datetime | None


def add(seen: Iterable[Seen]) -> None:
    """Count further events; kinds that are new get their row."""
    _write(seen, volume="known.volume + excluded.volume")


@transaction.atomic
def recount() -> None:
    """Count everything in the lake anew. The caller keeps others from appending meanwhile."""
    from segments.lake import questions  # heavy: not in the web process

    with history.opened() as lake:
        found = questions.volumes(lake).to_pylist()
    seen = [Seen(row["event"], row["volume"], row["first"], row["last"]) for row in found]
    _write(seen, volume="excluded.volume")


def _write(seen: Iterable[Seen], *, volume: str) -> None:
    with connection.cursor() as cursor:
        for one in sorted(seen, key=lambda one: one.name):
            active = one.name not in NOT_BEING_ACTIVE
            cursor.execute(
                _UPSERT.format(volume=volume), [one.name, active, one.volume, one.first, one.last]
            )


_UPSERT = """
    INSERT INTO segments_eventtype AS known
        (name, counts_as_active, volume, first_seen_at, last_seen_at)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (name) DO UPDATE SET
        volume = {volume},
        first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
        last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
"""
