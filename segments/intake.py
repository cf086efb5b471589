"""Sorting what was delivered: deliveries become customers, profiles, consents and inbox events.

One worker at a time takes a bounded batch, and everything that it comes to is one
transaction, with the deliveries deleted in it: a crash leaves the batch as it was, to be
taken again. `ingest.flush` then moves the inbox into the lake.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import structlog
from babel.numbers import get_currency_precision
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from console import clock
from segments import catalogue, deliveries, event_sources, identity, sorting
from segments.entries import Parcel, Rules
from segments.models import Delivery, EventSource

log = structlog.get_logger(__name__)
LOCK = 0x1A7A  # the advisory lock of who sorts
# Of one batch: enough that statements are few, little enough that it fits into 300 MB.
MOST_ITEMS, MOST_BYTES, MOST_DELIVERIES = 20_000, 16 * 2**20, 5_000
TRIES = 5  # when somebody else names a new customer at the same moment


@dataclass
class Tally:
    """What became of the items: how many of each fate of `sorting.Fate`."""

    deliveries: int = 0
    fates: Counter[str] = field(default_factory=Counter)

    @property
    def items(self) -> int:
        return sum(self.fates.values())


def run(*, at: dt.datetime) -> Tally:
    """Sort everything that waits by now; does nothing while another process is at it.

    `at` is the real time: a project's pinned date is added to what is not history.
    """
    total = Tally()
    with _alone() as is_ours:
        newest = Delivery.objects.aggregate(newest=Max("pk"))["newest"] or 0
        while is_ours and (waiting := _next(newest)):
            fates = _take(waiting, at)
            total.deliveries += len(waiting)
            total.fates.update(fates)
            log.info("intake.batch", deliveries=len(waiting), **fates)
    return total


@contextmanager
def _alone() -> Iterator[bool]:
    """Be the only one that sorts; the database lets go of it should we die."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (is_ours,) = cursor.fetchone()
        try:
            yield is_ours
        finally:
            if is_ours:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _next(newest: int) -> list[int]:
    """The oldest deliveries, as many as one batch holds; one, however large it is."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [newest, MOST_DELIVERIES, MOST_ITEMS, MOST_BYTES])
        return [number for (number,) in cursor.fetchall()]


_NEXT = """
    SELECT id FROM (
        SELECT id, sum(count) OVER before AS items, sum(octet_length(items)) OVER before AS bytes,
            row_number() OVER before AS place
        FROM (SELECT * FROM segments_delivery WHERE id <= %s ORDER BY id LIMIT %s) oldest
        WINDOW before AS (ORDER BY id ROWS UNBOUNDED PRECEDING)
    ) counted
    WHERE place = 1 OR (items <= %s AND bytes <= %s)
    ORDER BY id
"""


# --- a batch ----------------------------------------------------------------


def _take(numbers: list[int], at: dt.datetime) -> Counter[str]:
    """Sort a batch; when something breaks it, one delivery at a time."""
    try:
        return _sort(numbers, at)
    except (OperationalError, InterfaceError):
        raise  # the database is away, and no delivery is to blame
    except Exception:
        log.exception("intake.broken", deliveries=len(numbers), first=numbers[0])
        if len(numbers) == 1:
            return _one_by_one(numbers[0], at)
    fates: Counter[str] = Counter()
    for number in numbers:
        fates += _take([number], at)
    return fates


def _sort(numbers: list[int], at: dt.datetime) -> Counter[str]:
    """A batch in one transaction, once more when somebody else was faster with a new id."""
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                rules = _rules()
                parcels = [_open(one) for one in _rows(numbers)]
                fates = sorting.sort(parcels, rules, at=at)
                event_sources.count(_received(parcels, rules), day=clock.day_of(at))
                Delivery.objects.filter(pk__in=numbers).delete()
                return fates
        except identity.Raced:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _received(parcels: Sequence[Parcel], rules: Rules) -> dict[int, tuple[int, dt.datetime]]:
    """How many items each source sent, and when the latest came."""
    found: dict[int, tuple[int, dt.datetime]] = {}
    for one in parcels:
        items, last = found.get(one.source_id, (0, one.received_at))
        if one.source_id in rules.sources:
            found[one.source_id] = items + len(one.items), max(last, one.received_at)
    return found


def _rows(numbers: list[int]) -> QuerySet[Delivery]:
    """The deliveries, which nobody else can take or delete until the transaction ends."""
    return Delivery.objects.select_for_update().filter(pk__in=numbers).order_by("pk")


def _open(delivery: Delivery) -> Parcel:
    return replace(_parcel(delivery), items=deliveries.decode(delivery.items))


def _parcel(delivery: Delivery) -> Parcel:
    return Parcel(delivery.source_id, delivery.received_at, [])


def _rules() -> Rules:
    project = clock.project()
    shift = clock.now(project) - timezone.now() if project.today_on else dt.timedelta()
    return Rules(
        known=catalogue.names(),
        currency=project.currency,
        decimals=get_currency_precision(project.currency),
        shift=dt.timedelta(minutes=round(shift / dt.timedelta(minutes=1))),
        sources=dict(EventSource.objects.values_list("pk", "name")),
    )


# --- what breaks a batch ----------------------------------------------------


@transaction.atomic
def _one_by_one(number: int, at: dt.datetime) -> Counter[str]:
    """Sort one delivery item by item; what breaks again becomes a dead letter."""
    fates: Counter[str] = Counter()
    for delivery in _rows([number]):
        try:
            parcel = _open(delivery)
        except Exception as unreadable:
            raw = bytes(delivery.items)
            fates += sorting.bury(_parcel(delivery), raw, _rules(), unreadable, delivery.count)
        else:
            for item in parcel.items:
                fates += _one(replace(parcel, items=[item]), at)
        delivery.delete()
    return fates


def _one(parcel: Parcel, at: dt.datetime) -> Counter[str]:
    rules = _rules()
    try:
        with transaction.atomic():
            return sorting.sort([parcel], rules, at=at)
    except (OperationalError, InterfaceError):
        raise
    except Exception as broken:
        log.exception("intake.item_broken", source=parcel.source_id)
        return sorting.bury(parcel, deliveries.encode(parcel.items), rules, broken, 1)
