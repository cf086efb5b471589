"""Kinds of events as people keep them: named, described, planned, blocked, taken as another."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from console import audit, formats, jobs, roles
from console.models import Staff, Team
from console.states import NotAllowed
from segments import catalogue, definitions, history, ingest
from segments.models import (
    EventDay,
    EventProperty,
    EventType,
    Segment,
    Stage,
)
from segments.models.event import OTHERS, SHIPPED_TITLES
from segments.rules import tree

ACTION = "events.change"


@dataclass(frozen=True)
class Use:
    """Something that speaks of an event by its name: what it is, its name and its number."""

    kind: str  # "segment", "stage" or "definition"
    label: str
    pk: int | None


@dataclass(frozen=True)
class Wanted:
    """What the tracking plan says about one property."""

    is_required: bool = False
    kind: str = ""
    description: str = ""


# --- saying what it is ----------------------------------------------------------


@transaction.atomic
def describe(
    event_type: EventType,
    *,
    by: Staff,
    title: str,
    description: str,
    amount_property: str,
    owner: Team | None,
) -> None:
    """Say what people call it, what it means, which property is its amount, and whose it is.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    given = {
        "title": title.strip(),
        "description": description.strip(),
        "amount_property": amount_property.strip(),
        "owner": owner,
    }
    _set(event_type, "eventtype.described", by, given)


@transaction.atomic
def plan(
    event_type: EventType, *, by: Staff, is_planned: bool, wanted: Mapping[str, Wanted]
) -> None:
    """Say whether it belongs to the tracking plan and what its properties have to be.

    Properties that were never seen get their row; those that are not named want nothing.

    Raises:
        NotAllowed: the role may not, or there is no room for so many properties.
    """
    roles.require(by, ACTION)
    kept = {one.name: one for one in event_type.properties.select_for_update()}
    missing = [name for name in wanted if name not in kept]
    _refuse_properties(missing, len(kept))
    EventProperty.objects.bulk_create(
        EventProperty(event_type=event_type, name=name) for name in missing
    )
    changed = []
    for one in event_type.properties.all():
        want = wanted.get(one.name, Wanted())
        said = (want.is_required, want.kind, want.description)
        if said != (one.is_required, one.planned_kind, one.description):
            one.is_required, one.planned_kind, one.description = said
            changed.append(one)
    EventProperty.objects.bulk_update(changed, ["is_required", "planned_kind", "description"])
    if changed:
        names = sorted(one.name for one in changed)
        audit.log("eventtype.properties_planned", event_type, by=by, properties=names)
    _set(event_type, "eventtype.planned", by, {"is_planned": is_planned})


@transaction.atomic
def expect(name: str, *, by: Staff) -> EventType:
    """The kind of event of this name; planned before it was ever seen, it gets its row.

    Raises:
        NotAllowed: the role may not, or the name cannot be one.
    """
    roles.require(by, ACTION)
    if not 0 < len(name) <= ingest.LONGEST_NAME or "\0" in name or name == OTHERS:
        raise NotAllowed(_("“%(name)s” cannot be the name of an event.") % {"name": name[:80]})
    found = catalogue.register([name])[name]
    if found.name != name:
        raise NotAllowed(
            _("There is no room for more than %(most)d kinds of events.")
            % {"most": catalogue.MOST_TYPES}
        )
    return found


def _refuse_properties(names: Collection[str], there: int) -> None:
    if there + len(names) > catalogue.MOST_PROPERTIES:
        raise NotAllowed(
            _("An event has at most %(most)d properties.") % {"most": catalogue.MOST_PROPERTIES}
        )
    for name in names:
        if not 0 < len(name) <= catalogue.LONGEST_PROPERTY or "\0" in name:
            raise NotAllowed(_("“%(name)s” cannot be a property.") % {"name": name[:80]})


def _set(event_type: EventType, action: str, by: Staff, given: Mapping[str, object]) -> None:
    """Write what is different, with one line about it."""
    changed = [name for name, value in given.items() if getattr(event_type, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(event_type, name, given[name])
    event_type.save(update_fields=changed)
    audit.log(action, event_type, by=by, fields=sorted(changed))


# --- keeping it out ---------------------------------------------------------------


@transaction.atomic
def block(event_type: EventType, *, by: Staff) -> None:
    """From now on drop and count what comes in under this name; what is there stays.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    _set(event_type, "eventtype.blocked", by, {"blocked": True})


@transaction.atomic
def unblock(event_type: EventType, *, by: Staff) -> None:
    """Take it in again; what was dropped is gone.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    _set(event_type, "eventtype.unblocked", by, {"blocked": False})


# --- taking it as another -----------------------------------------------------------


def uses(name: str) -> list[Use]:
    """The segments, stages and definitions that count on an event by its name."""
    segments = Segment.objects.filter(archived_at=None).only("name", "rule").order_by("name")
    stages = Stage.objects.filter(retired_at=None, stage_set__archived_at=None)
    return [
        *(Use("segment", one.name, one.pk) for one in segments if _names(one.rule, name)),
        *(
            Use("stage", f"{one.stage_set} · {one}", one.stage_set_id)
            for one in stages.select_related("stage_set")
            if _names(one.rule, name)
        ),
        *(
            Use("definition", str(one), None)
            for one in definitions.everything().values()
            if one.pk and not one.all_but and name in one.events
        ),
    ]


def _names(rule: object, name: str) -> bool:
    return name in tree.events_in(rule)


@transaction.atomic
def take_as(event_type: EventType, other: EventType, *, by: Staff) -> None:
    """Take what comes in under one name as another event; `rename_past` sees to the past.

    Raises:
        NotAllowed: the role may not, something still speaks of the name, or it makes no sense.
    """
    roles.require(by, ACTION)
    both = EventType.objects.select_for_update().filter(pk__in=[event_type.pk, other.pk])
    locked = {one.pk: one for one in both.order_by("pk")}
    _refuse_taking(locked[event_type.pk], locked[other.pk])
    if users := uses(event_type.name):
        raise NotAllowed(
            _("These speak of “%(event)s”; change them first: %(names)s.")
            % {"event": event_type.label, "names": formats.listed(use.label for use in users)}
        )
    _set(event_type, "eventtype.taken_as", by, {"taken_as": other})


def _refuse_taking(event_type: EventType, other: EventType) -> None:
    if event_type.name in SHIPPED_TITLES or OTHERS in {event_type.name, other.name}:
        raise NotAllowed(_("The console itself uses this event."))
    if event_type.pk == other.pk or other.taken_as_id or event_type.aliases.exists():
        raise NotAllowed(
            _("An event is taken as one that stands for itself, and as no other's other name.")
        )
    if other.blocked:
        raise NotAllowed(_("“%(event)s” is blocked.") % {"event": other.label})


@transaction.atomic
def stand_alone(event_type: EventType, *, by: Staff) -> None:
    """From now on it stands for itself again; what was renamed stays renamed.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    _set(event_type, "eventtype.stood_alone", by, {"taken_as": None})


def rename_past(*, progress: jobs.Progress = jobs.silent) -> int:
    """Give all events that are kept under another event's other name their right one.

    Tells how many. Safe to do again: what came in meanwhile is renamed the next time.
    """
    from segments.lake import rewrite  # heavy: not in the web process

    taken = EventType.objects.exclude(taken_as=None).values_list("name", "taken_as__name")
    names = {was: now for was, now in taken if now is not None}
    with ingest.lake_lock(wait=True):
        progress(0, 2)
        _rename_waiting(names)
        kept = EventDay.objects.filter(event_type__name__in=names)
        days = sorted(set(kept.values_list("day", flat=True)))
        if not days:
            return 0
        moved = rewrite.rename(history.place(), names, days=days)
        progress(1, 2)
        _count_again(days, names)
    progress(2, 2)
    return moved


def _rename_waiting(names: Mapping[str, str]) -> None:
    """Those that wait in the inbox; a batch with a number never changes."""
    for was, now in names.items():
        ingest.waiting().filter(name=was).update(name=now)


@transaction.atomic
def _count_again(days: Collection[dt.date], names: Mapping[str, str]) -> None:
    ingest.mark_dirty(days)
    catalogue.recount(days)
    audit.log("events.renamed", names=dict(sorted(names.items())), days=len(days))
