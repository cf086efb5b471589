"""Everything that segments knows of one person, for a copy that is given to them."""

import json
from typing import Any

from django.db.models import Model, QuerySet

from segments import bits, history, standing, traits
from segments.models import (
    Consent,
    ConsentChange,
    Customer,
    CustomerList,
    CustomerNote,
    Identifier,
    InboxEvent,
    Merge,
    Segment,
    StageSet,
    Tag,
)
from segments.sought import Sought

Rows = list[dict[str, Any]]


def sections(sought: Sought) -> dict[str, Rows]:
    """Each kind of what we know, as rows of plain values."""
    theirs = {"customer__in": sought.numbers}
    members = bits.find(Segment, "members", sought.numbers)
    return {
        "profile": _rows(
            Customer.objects.filter(pk__in=sought.numbers),
            ("id", "name", "email", "phone", "language", "attributes", "created_at"),
        ),
        "identifiers": _rows(Identifier.objects.filter(**theirs), ("kind", "value")),
        "consents": _rows(
            Consent.objects.filter(**theirs), ("channel", "purpose", "granted", "at", "source")
        ),
        "consent_changes": _rows(
            ConsentChange.objects.filter(**theirs), ("channel", "purpose", "granted", "at")
        ),
        "notes": _rows(CustomerNote.objects.filter(**theirs), ("kind", "text", "at")),
        "computed_traits": [
            {"customer": customer} | known
            for customer, known in traits.of(sought.numbers).items()
            if known
        ],
        "stages": [
            {"in_stage": stand.stage.key, "since_on": stand.since}
            for theirs_now in standing.of(sought.numbers, StageSet.objects.all()).values()
            for stand in theirs_now.values()
        ],
        "stage_moves": [
            {
                "on": move.on,
                "was": move.from_stage and move.from_stage.key,
                "became": move.to_stage and move.to_stage.key,
            }
            for move in reversed(standing.moves_of(sought.numbers))
        ],
        "segments": _rows(
            Segment.objects.filter(pk__in=members, archived_at=None), ("name", "description")
        ),
        "tags": _rows(_having(Tag, sought), ("name", "description")),
        "lists": _rows(_having(CustomerList, sought), ("name", "at")),
        "merged_records": _rows(
            Merge.objects.filter(kept__in=sought.numbers), ("absorbed_id", "at", "reason", "status")
        ),
        "events": _events(sought),
    }


def _having(model: type[Model], sought: Sought) -> QuerySet[Any]:
    """The records whose set has the person."""
    return model._default_manager.filter(pk__in=bits.find(model, "members", sought.numbers))


def _rows(found: Any, names: tuple[str, ...]) -> Rows:
    return list(found.order_by("pk").values(*names))


def _events(sought: Sought) -> Rows:
    """Everything that they did: what waits in the inbox, and what the lake has, oldest first."""
    waiting = InboxEvent.objects.filter(customer_id__in=sought.numbers)
    found = _rows(waiting, ("time", "name", "amount", "properties")) + _from_lake(sought)
    return sorted(found, key=lambda event: event["time"])


def _from_lake(sought: Sought) -> Rows:
    from segments.lake import questions  # heavy: not in the web process

    with history.opened() as lake:
        found = questions.everything_of(lake, sought.numbers).to_pylist()
    return [
        {
            "time": one["time"],
            "name": one["event"],
            "amount": one["amount"],
            "properties": json.loads(one["properties"] or "{}"),
        }
        for one in found
    ]
