"""Everything that segments knows of one person, for a copy that is given to them."""

import json
from typing import Any

from django.db.models import F

from segments import bits, history, traits
from segments.models import (
    Consent,
    ConsentChange,
    Customer,
    CustomerNote,
    CustomerStage,
    Identifier,
    InboxEvent,
    Merge,
    Segment,
    StageMove,
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
        "stages": _rows(
            CustomerStage.objects.filter(**theirs).annotate(in_stage=F("stage__key")),
            ("in_stage", "since_on"),
        ),
        "stage_moves": _rows(
            StageMove.objects.filter(**theirs).annotate(
                was=F("from_stage__key"), became=F("to_stage__key")
            ),
            ("on", "was", "became"),
        ),
        "segments": _rows(
            Segment.objects.filter(pk__in=members, archived_at=None), ("name", "description")
        ),
        "merged_records": _rows(
            Merge.objects.filter(kept__in=sought.numbers), ("absorbed_id", "at", "reason", "status")
        ),
        "events": _events(sought),
    }


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
