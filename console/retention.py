"""How long data is kept: what each kind is, what would go, and what goes at night."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, ManyToOneRel, OuterRef, QuerySet
from django.utils.translation import gettext as _

from campaigns.models import Message
from console import audit, clock, roles
from console.models import Job, MailboxMessage, RetentionPeriod, Staff
from console.states import NotAllowed
from segments import activity, history, ingest
from segments.models import DeadLetter, Merge, PrivacyRequest

VIEW, CHANGE = "privacy.view", "privacy.carry_out"
SHORTEST, LONGEST = 1, 36_500  # days
AT_A_TIME = 10_000  # rows in one transaction
Kind = RetentionPeriod.Kind
# Until somebody decides: what could not be taken is of no use for ever, and may be large.
AT_FIRST = {Kind.DEAD_LETTERS.value: 90}
# What we would begin with. Orders have to be kept for three years (PRC E-Commerce Law, art. 31),
# and so the events that tell of them and the proof of what was answered to whom.
SENSIBLE = {
    Kind.EVENTS.value: 1095,
    Kind.DEAD_LETTERS.value: 90,
    Kind.ADDRESSES.value: 365,
    Kind.MAILBOX.value: 30,
    Kind.JOBS.value: 90,
    Kind.MERGES.value: 365,
    Kind.COPIES.value: 1095,
}


@dataclass(frozen=True)
class Keeping:
    """One kind of data: how much is from before a day, and how that goes."""

    count: Callable[[dt.date], int]
    drop: Callable[[dt.date], int]
    shortest: int = SHORTEST


def periods() -> dict[str, int | None]:
    """The days of each kind; None: it is kept."""
    kept = dict(RetentionPeriod.objects.values_list("kind", "days"))
    return {kind.value: kept.get(kind, AT_FIRST.get(kind.value)) for kind in Kind}


def would_go(wanted: Mapping[str, int | None], *, today: dt.date) -> dict[str, int]:
    """How much of each kind would go the next night."""
    check(wanted)
    return {
        kind: KEEPINGS[kind].count(today - dt.timedelta(days=days)) if days else 0
        for kind, days in wanted.items()
    }


def check(wanted: Mapping[str, int | None]) -> None:
    """Refuse what is no period.

    Raises:
        NotAllowed: in words.
    """
    for kind, days in wanted.items():
        shortest = KEEPINGS[kind].shortest
        if days is not None and not shortest <= days <= LONGEST:
            raise NotAllowed(
                _("“%(kind)s”: write %(from)d to %(to)d days, or nothing to keep them.")
                % {"kind": Kind(kind).label, "from": shortest, "to": LONGEST}
            )


@transaction.atomic
def save(wanted: Mapping[str, int | None], *, by: Staff) -> None:
    """Keep each kind for so many days from the next night on.

    Raises:
        NotAllowed: the role, or a number of days that cannot be.
    """
    roles.require(by, CHANGE)
    check(wanted)
    before = periods()
    for kind, days in wanted.items():
        RetentionPeriod.objects.update_or_create(kind=kind, defaults={"days": days})
    changed = {kind: days for kind, days in wanted.items() if before[kind] != days}
    audit.log("retention.changed", None, by=by, was={k: before[k] for k in changed}, now=changed)


def enforce(*, today: dt.date) -> dict[str, int]:
    """Let go what is older than its period; how much of each kind went."""
    gone = {
        kind: KEEPINGS[kind].drop(today - dt.timedelta(days=days))
        for kind, days in periods().items()
        if days
    }
    if any(gone.values()):
        audit.log("retention.enforced", None, day=today, gone=gone)
    return gone


# --- the kinds --------------------------------------------------------------


def _start(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), clock.zone())


def _rows(found: Callable[[dt.date], QuerySet], finish: Callable[[QuerySet], int]) -> Keeping:
    """Rows of a table, which go some at a time."""

    def drop(before: dt.date) -> int:
        total = 0
        while some := list(found(before).order_by("pk").values_list("pk", flat=True)[:AT_A_TIME]):
            total += finish(found(before).filter(pk__in=some))
        return total

    return Keeping(lambda before: found(before).count(), drop)


def _delete(rows: QuerySet) -> int:
    return int(rows.delete()[0])


def _old_days(before: dt.date) -> Iterable[dt.date]:
    from segments.lake import store  # heavy: not in the web process

    return store.days(history.place(), until=before - dt.timedelta(days=1))


def _count_events(before: dt.date) -> int:
    from segments.lake import rewrite  # heavy: not in the web process

    return rewrite.rows(history.place(), _old_days(before))


def _drop_events(before: dt.date) -> int:
    """Days leave the lake whole; their day sets follow, and their files after the grace."""
    from segments.lake import rewrite  # heavy: not in the web process

    with ingest.lake_lock(wait=True):
        days = list(_old_days(before))
        gone = rewrite.drop(history.place(), days)
        ingest.mark_dirty(days)
        rewrite.purge(history.place())
    activity.catch_up()
    return gone


def _copies(before: dt.date) -> QuerySet[PrivacyRequest]:
    """Answered requests for a copy; those for an erasure are the proof of it, and stay."""
    answered = ["done", "withdrawn"]
    return PrivacyRequest.objects.filter(
        kind="export", status__in=answered, path="", created_at__lt=_start(before)
    )


def _jobs() -> QuerySet[Job]:
    """Jobs that are over, and that no import or export speaks of."""
    over = Job.objects.filter(status__in=[Job.Status.DONE, Job.Status.FAILED])
    for field in Job._meta.get_fields(include_hidden=True):
        if isinstance(field, ManyToOneRel):
            speaking = field.related_model._default_manager.filter(
                **{field.field.name: OuterRef("pk")}
            )
            over = over.exclude(Exists(speaking))
    return over


KEEPINGS: dict[str, Keeping] = {
    Kind.EVENTS: Keeping(_count_events, _drop_events, shortest=31),
    Kind.DEAD_LETTERS: _rows(
        lambda before: DeadLetter.objects.filter(received_at__lt=_start(before)), _delete
    ),
    Kind.ADDRESSES: _rows(
        lambda before: (
            Message.objects.filter(created_at__lt=_start(before))
            .exclude(address="")
            .exclude(status__in=["sending", "retry"])
        ),
        lambda rows: rows.update(address=""),
    ),
    Kind.MAILBOX: _rows(
        lambda before: MailboxMessage.objects.filter(received_at__lt=_start(before)), _delete
    ),
    Kind.JOBS: _rows(
        lambda before: _jobs().filter(created_at__lt=_start(before)),
        _delete,
    ),
    Kind.MERGES: _rows(
        lambda before: Merge.objects.exclude(before={}, evidence={}).filter(
            at__lt=_start(before), settled_at__isnull=False
        ),
        lambda rows: rows.update(before={}, evidence={}),
    ),
    Kind.COPIES: _rows(_copies, _delete),
}
