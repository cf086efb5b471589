"""Where segments keeps something of a person, how it is forgotten there, and what is left."""

import datetime as dt
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from segments import bits, deliveries, history, identity, ingest, live_sets, sealing, sheet
from segments.models import (
    Consent,
    ConsentChange,
    Customer,
    CustomerExport,
    CustomerImportRow,
    CustomerList,
    CustomerNote,
    DaySet,
    DeadLetter,
    Delivery,
    EventImport,
    HeardEvent,
    Identifier,
    InboxEvent,
    LiveSet,
    Merge,
    PrivacyRequest,
    Segment,
    SegmentSnapshot,
    StageFlow,
    Suspect,
    Tag,
    TagChange,
    TierFlow,
    TraitPreview,
)
from segments.sought import Sought


@dataclass(frozen=True)
class Place:
    """One place that may tell of a person. Both functions are safe to call again."""

    key: str
    label: str | Promise
    left: Callable[[Sought], int]  # how much there is of them
    forget: Callable[[Sought], object]


# --- who they are -----------------------------------------------------------


def _told(sought: Sought) -> QuerySet[Customer]:
    """The rows of the customer that say more than a number."""
    empty = Q(name="", email="", phone="", language="", attributes={}, erased_at__isnull=False)
    return Customer.objects.filter(pk__in=sought.numbers).exclude(empty)


def _empty(sought: Sought) -> None:
    _told(sought).update(name="", email="", phone="", language="", attributes={})


def _rows(model: type[models.Model]) -> tuple[Callable[[Sought], int], Callable[[Sought], object]]:
    """Of a table whose rows are all about one customer: count them, delete them."""

    def found(sought: Sought) -> QuerySet[Any]:
        return model._default_manager.filter(customer_id__in=sought.numbers)

    return lambda sought: found(sought).count(), lambda sought: found(sought).delete()


# --- what they did ----------------------------------------------------------


def _events_left(sought: Sought) -> int:
    from segments.lake import rewrite  # heavy: not in the web process

    waiting = InboxEvent.objects.filter(customer_id__in=sought.numbers).count()
    return waiting + rewrite.count(history.place(), sought.numbers)


def _forget_events(sought: Sought) -> None:
    """Inbox and lake under one lock: nothing moves from the one to the other meanwhile."""
    from segments.lake import rewrite  # heavy: not in the web process

    with ingest.lake_lock(wait=True):
        InboxEvent.objects.filter(customer_id__in=sought.numbers).delete()
        rewrite.remove(history.place(), sought.numbers)


def _waiting(sought: Sought) -> list[tuple[Delivery, list[Any]]]:
    """Deliveries with items of theirs from before the erasure, each with what is to stay."""
    ids, before = set(sought.ids), dt.datetime.fromisoformat(sought.erased_at).timestamp() * 1e6
    found = []
    for delivery in Delivery.objects.filter(speaks("items", sought)):
        items = deliveries.decode(delivery.items)
        kept = [one for one in items if one.at >= before or not ids & set(deliveries.ids_of(one))]
        if len(kept) < len(items):
            found.append((delivery, kept))
    return found


@transaction.atomic
def _forget_deliveries(sought: Sought) -> None:
    identity.alone()  # nobody sorts deliveries meanwhile
    for delivery, kept in _waiting(sought):
        if kept:
            delivery.items, delivery.count = deliveries.encode(kept), len(kept)
            delivery.save(update_fields=["items", "count"])
        else:
            delivery.delete()


def _dead_letters(sought: Sought) -> QuerySet[DeadLetter]:
    return DeadLetter.objects.filter(speaks("raw", sought) | says("detail", sought))


def speaks(column: str, sought: Sought) -> Q:
    """Bytes of JSON that have one of the ids as a value, or a telling text anywhere."""
    marks = [f'"{value}"' for _kind, value in sought.ids] + sought.texts
    return _any(f'position(%s::bytea in "{column}") > 0', [mark.encode() for mark in marks])


def says(column: str, sought: Sought) -> Q:
    return _any(f'position(%s in "{column}") > 0', sought.texts)


def _any(condition: str, texts: Collection[str | bytes]) -> Q:
    """One of the texts fits the condition; without any text nothing does."""
    if not texts:
        return Q(pk__in=[])
    whole = " OR ".join([condition] * len(texts))
    return Q(RawSQL(f"({whole})", list(texts), models.BooleanField()))  # noqa: S611  (ours)


# --- what was made of them --------------------------------------------------


def _of_sets(model: type[models.Model]) -> Callable[[Sought], int]:
    return lambda sought: len(bits.find(model, "members", sought.numbers))


def _out_of_sets(model: type[models.Model]) -> Callable[[Sought], object]:
    return lambda sought: bits.clear(model, "members", sought.numbers)


def _out_of_live_sets(sought: Sought) -> None:
    """What happened first, so that it does not bring them back."""
    live_sets.gather()
    bits.clear(LiveSet, "members", sought.numbers)


def _merges(sought: Sought) -> QuerySet[Merge]:
    theirs = Q(kept__in=sought.numbers) | Q(absorbed__in=sought.numbers)
    told = ~Q(before={}, evidence={}) | Q(status=Merge.Status.DONE, settled_at=None)
    return Merge.objects.filter(theirs & told)


def _forget_merges(sought: Sought) -> None:
    """That two numbers were one stays known; nothing else, and nobody can undo it."""
    at = sought.erased_at
    _merges(sought).filter(settled_at=None).update(settled_at=at, told_at=at)
    _merges(sought).update(before={}, evidence={})


# --- files ------------------------------------------------------------------


def _import_rows(sought: Sought) -> QuerySet[CustomerImportRow]:
    values = {form for kind, value in sought.ids for form in (value, sealing.seal_id(kind, value))}
    named = Q(customer_id__in=sought.numbers) | Q(identifier__in=values)
    return CustomerImportRow.objects.filter(named | says("reason", sought))


def _exports(_sought: Sought) -> QuerySet[CustomerExport]:
    """All of them: a file is not read for one person, and can be made anew."""
    return CustomerExport.objects.exclude(path="")


def _forget_exports(sought: Sought) -> None:
    for export in _exports(sought):
        Path(export.path).unlink(missing_ok=True)
        CustomerExport.objects.filter(pk=export.pk).update(path="")


def _copies(sought: Sought) -> QuerySet[PrivacyRequest]:
    return PrivacyRequest.objects.filter(customer__in=sought.numbers).exclude(path="")


def _forget_copies(sought: Sought) -> None:
    for request in _copies(sought):
        Path(request.path).unlink(missing_ok=True)
        PrivacyRequest.objects.filter(pk=request.pk).update(path="")


def _unknown_lines(sought: Sought) -> QuerySet[CustomerList]:
    """Lists that show lines in which the person was named before we knew them."""
    marks = [json.dumps(value) for _kind, value in sought.ids] + sought.texts
    return CustomerList.objects.filter(_any('position(%s in "unknown_sample"::text) > 0', marks))


def _complaints(sought: Sought) -> QuerySet[EventImport]:
    """Imports whose error quotes a row."""
    return EventImport.objects.filter(says("error", sought))


PLACES = [
    Place("profile", _("profile: name, addresses, attributes"), lambda s: _told(s).count(), _empty),
    Place("identifiers", _("identifiers"), *_rows(Identifier)),
    Place("consents", _("consents"), *_rows(Consent)),
    Place("consent_changes", _("changes of consents"), *_rows(ConsentChange)),
    Place("notes", _("notes"), *_rows(CustomerNote)),
    Place("heard", _("events that somebody waits for"), *_rows(HeardEvent)),
    Place(
        "columns",
        _("what was computed of them"),
        lambda s: sheet.told(s.numbers),
        lambda s: sheet.forget(s.numbers),
    ),
    *(
        Place(key, label, _of_sets(model), _out_of_sets(model))
        for key, label, model in (
            ("stage_flows", _("moves between stages"), StageFlow),
            ("tier_flows", _("moves between tiers of value"), TierFlow),
            ("tags", _("tags"), Tag),
            ("tag_changes", _("changes of tags"), TagChange),
            ("customer_lists", _("uploaded lists of customers"), CustomerList),
        )
    ),
    Place(
        "unknown_lines",
        _("lines of uploaded lists that named nobody"),
        lambda s: _unknown_lines(s).count(),
        lambda s: _unknown_lines(s).update(unknown_sample=[]),
    ),
    Place("suspects", _("customers with many ids"), *_rows(Suspect)),
    Place(
        "deliveries",
        _("deliveries that wait to be sorted"),
        lambda s: len(_waiting(s)),
        _forget_deliveries,
    ),
    Place(
        "dead_letters",
        _("events that could not be taken"),
        lambda s: _dead_letters(s).count(),
        lambda s: _dead_letters(s).delete(),
    ),
    Place("merges", _("evidence of merges"), lambda s: _merges(s).count(), _forget_merges),
    Place(
        "import_rows",
        _("rows of customer files"),
        lambda s: _import_rows(s).count(),
        lambda s: _import_rows(s).delete(),
    ),
    Place("exports", _("exported files"), lambda s: _exports(s).count(), _forget_exports),
    Place(
        "trait_previews",
        _("customers shown beside a trait that is tried"),
        lambda _s: TraitPreview.objects.count(),  # all of them: they can be made anew
        lambda _s: TraitPreview.objects.all().delete(),
    ),
    Place("copies", _("copies made for the person"), lambda s: _copies(s).count(), _forget_copies),
    Place(
        "complaints",
        _("errors of imports"),
        lambda s: _complaints(s).count(),
        lambda s: _complaints(s).update(error="…"),
    ),
    Place("events", _("events, in the inbox and the lake"), _events_left, _forget_events),
    Place("live_sets", _("sets that follow every change"), _of_sets(LiveSet), _out_of_live_sets),
    Place("day_sets", _("day sets"), _of_sets(DaySet), _out_of_sets(DaySet)),
    Place("segments", _("segments"), _of_sets(Segment), _out_of_sets(Segment)),
    Place(
        "snapshots",
        _("snapshots of segments"),
        _of_sets(SegmentSnapshot),
        _out_of_sets(SegmentSnapshot),
    ),
]
