"""Tags: made, given to customers and taken from them, with a line for who gave what to whom."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import audit, clock, kept_words, roles
from console import seen as marks
from console.models import Staff, Team
from console.states import NotAllowed
from segments import (
    bitmaps,
    bits,
    columns,
    following,
    identity,
    live_sets,
    membership,
    sets,
    usage,
)
from segments.models import Customer, Tag, TagChange
from segments.rules.nodes import RuleError

ACTION = "tags.change"
GIVEN = ("segment", "is_lost", "is_badge")  # by which segment, and for whom
EDITABLE = ("name", "description", "color", "team", *GIVEN)
LONGEST = 60
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
STALE_DAYS = 90
FEW = 10_000  # customers, of whom each is looked at
_GONE = """
    SELECT id FROM segments_customer WHERE merged_into_id IS NOT NULL OR erased_at IS NOT NULL
"""


# --- making them --------------------------------------------------------------


@transaction.atomic
def add(
    *,
    name: str,
    by: Staff,
    description: str = "",
    color: str = "",
    team: Team | None = None,
    **given: Any,
) -> Tag:
    """A new tag; with a team only that team gives and takes it.

    `given` are the fields of `GIVEN`: with a segment, its members have the tag at once and whenever
    it is computed.

    Raises:
        NotAllowed: the role may not, there is one of this name, or the segment asks for the tag.
    """
    roles.require(by, ACTION)
    usage.alone()
    tag = Tag(name=checked(name), description=description.strip()[:300], team=team, **given)
    if color:
        tag.color = _color(color)
    try:
        with transaction.atomic():
            tag.save(force_insert=True)
    except IntegrityError as taken:  # somebody else made it at this moment
        raise _taken(name) from taken
    audit.log("tag.added", tag, by=by)
    _follow(tag)
    return tag


@transaction.atomic
def edit(tag: Tag, *, by: Staff, seen: str = "", **fields: Any) -> None:
    """Change the name, the description, the colour or whose it is.

    Raises:
        NotAllowed: not theirs to change, there is one of this name, or the segment asks for it.
        Stale: somebody else changed it since it was `seen`.
    """
    usage.alone()
    kept = Tag.objects.select_for_update().defer("members").get(pk=tag.pk)
    roles.require(by, ACTION, record=kept)
    marks.require(kept, EDITABLE, seen)
    if "name" in fields:
        fields["name"] = checked(fields["name"], besides=tag.pk)
    if "color" in fields:
        fields["color"] = _color(fields["color"])
    changed = {name: value for name, value in fields.items() if getattr(kept, name) != value}
    for name, value in changed.items():
        setattr(tag, name, value)
    if changed:
        Tag.objects.filter(pk=tag.pk).update(**changed)
        audit.log("tag.changed", tag, by=by, fields=sorted(changed))
    if {"segment", "is_lost"} & {*changed}:
        _follow(tag)


@transaction.atomic
def archive(tag: Tag, *, by: Staff) -> None:
    """Put a tag away with its history; no rule may speak of it.

    Raises:
        NotAllowed: not theirs, or a rule needs it: which.
    """
    roles.require(by, ACTION, record=tag)
    usage.refuse_used("tag", tag.pk)
    _set_archived(tag, timezone.now())
    audit.log("tag.archived", tag, by=by)


@transaction.atomic
def restore(tag: Tag, *, by: Staff) -> None:
    """Take a tag out again.

    Raises:
        NotAllowed: not theirs to change.
    """
    roles.require(by, ACTION, record=tag)
    usage.alone()
    _set_archived(tag, None)
    audit.log("tag.restored", tag, by=by)
    _follow(tag)


def _follow(tag: Tag) -> None:
    """Its segment gives it from now on.

    Raises:
        NotAllowed: the segment's rule asks for this tag, itself or by others; or it is archived.
    """
    if tag.segment is None:
        return
    if tag.segment.archived_at:
        words = _("The segment “%(name)s” is archived: choose another one.")
        raise NotAllowed(words % {"name": tag.segment})
    try:
        membership.refuse_cycles_by(tag.pk, tag.segment)
    except RuleError as problem:
        raise NotAllowed(problem.said(_)) from problem
    if tag.segment.size is not None:
        following.follow(tag.segment)
        tag.refresh_from_db(fields=["members", "size", "version"])


def _set_archived(tag: Tag, moment: dt.datetime | None) -> None:
    Tag.objects.filter(pk=tag.pk).update(archived_at=moment)
    tag.archived_at = moment


def _color(color: str) -> str:
    if not _COLOR.fullmatch(color):
        raise NotAllowed(_("A colour is written as #rrggbb."))
    return color


def checked(name: str, besides: int | None = None) -> str:
    """A name that no tag has, without blanks at its ends.

    Raises:
        NotAllowed: it is empty, too long, or taken.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise NotAllowed(_("Give the tag a name of 1 to %(most)d letters.") % {"most": LONGEST})
    others = Tag.objects.exclude(pk=besides or 0).values_list("name", flat=True)
    if any(kept_words.halves(name) & kept_words.halves(other) for other in others):
        raise _taken(name)
    return name


def _taken(name: str) -> NotAllowed:
    words = _("There is a tag “%(name)s” already, in use or archived.")
    return NotAllowed(words % {"name": name})


# --- giving and taking --------------------------------------------------------


def give(tag: Tag, customers: BitMap, *, by: Staff, at: dt.datetime, source: str = "") -> int:
    """Put the tag on these customers; tells how many did not have it.

    Raises:
        NotAllowed: not theirs to give, or it is archived.
    """
    return _change(tag, customers, TagChange(given=True, by=by, at=at, source=source[:200]))


def take(tag: Tag, customers: BitMap, *, by: Staff, at: dt.datetime, source: str = "") -> int:
    """Take the tag from these customers; tells how many had it.

    Raises:
        NotAllowed: not theirs to take, or it is archived.
    """
    return _change(tag, customers, TagChange(given=False, by=by, at=at, source=source[:200]))


@transaction.atomic
def give_by_name(
    named: Mapping[str, BitMap], *, by: Staff, at: dt.datetime, source: str
) -> dict[Tag, int]:
    """Give each of the tags named in a file to its customers; a tag that there is not is made.

    Raises:
        NotAllowed: one of them may not be given, or cannot be called so.
    """
    every = Tag.objects.defer("members")
    known = {half: tag for tag in every for half in kept_words.halves(tag.name)}
    given = {}
    for name in sorted(named):  # one order everywhere: two files cannot wait for each other
        tag = known.get(" ".join(name.split()).lower()) or add(name=name, by=by)
        known[tag.name.lower()] = tag
        given[tag] = give(tag, named[name], by=by, at=at, source=source)
    return given


@transaction.atomic
def _change(tag: Tag, customers: BitMap, change: TagChange) -> int:
    # Two who give one tag at once wait for each other here, so that neither is lost.
    kept = Tag.objects.select_for_update().get(pk=tag.pk)
    roles.require(change.by, ACTION, record=kept)
    if kept.archived_at:
        words = _("The tag “%(name)s” is archived; take it out again first.")
        raise NotAllowed(words % {"name": kept})
    theirs = kept.members
    changed = _living(customers) - theirs if change.given else customers & theirs
    if changed:
        kept.members = theirs | changed if change.given else theirs - changed
        kept.size, kept.version = len(kept.members), kept.version + 1
        kept.save(update_fields=["members", "size", "version"])
        _write_down(kept, changed, change)
    tag.members, tag.size, tag.version = kept.members, kept.size, kept.version
    return len(changed)


def _write_down(tag: Tag, changed: BitMap, change: TagChange) -> None:
    change.tag, change.members, change.size = tag, changed, len(changed)
    change.save(force_insert=True)
    deed = "tag.given" if change.given else "tag.taken"
    whom = {"customer": changed[0]} if len(changed) == 1 else {"customers": len(changed)}
    audit.log(deed, tag, by=change.by, **whom)


def _living(customers: BitMap) -> BitMap:
    """Of the customers those who are somebody today, under today's numbers."""
    if len(customers) <= FEW:
        return bitmaps.from_ids(set(identity.living(customers).values()))
    return customers - columns.ids(_GONE)  # of a set of ours, which has nobody else


# --- asking -------------------------------------------------------------------


def of(customer: Customer) -> list[Tag]:
    """The tags in use that a customer has; reads a few bytes of each."""
    found = bits.find(Tag, "members", [customer.pk])
    return list(Tag.objects.filter(pk__in=found, archived_at=None).defer("members"))


def offered(staff: Staff, besides: Iterable[Tag] = ()) -> list[Tag]:
    """The tags that somebody may give."""
    live = Tag.objects.filter(archived_at=None).defer("members")
    known = {tag.pk for tag in besides}
    return [tag for tag in live if tag.pk not in known and roles.may_change(staff, tag, ACTION)]


@dataclass(frozen=True)
class Readiness:
    """How far the tags carry: who has one, and which nobody tends or asks for."""

    in_use: int
    tagged: int  # customers with at least one tag in use
    everyone: int
    stale: list[Tag]  # neither given nor taken for so many days
    unasked: list[Tag]  # of which no rule speaks, and which no customer sees

    @property
    def share(self) -> float | None:
        """Of all customers."""
        return self.tagged / self.everyone if self.everyone else None


def readiness(today: dt.date) -> Readiness:
    """The tags in use as they stand; at any number of tags in as many queries."""
    found, given = sets.steadily(_given)
    everyone = live_sets.everyone()
    project, since = clock.project(), today - dt.timedelta(days=STALE_DAYS)
    asked = usage.used("tag")
    return Readiness(
        in_use=len(found),
        tagged=bitmaps.union(given).intersection_cardinality(everyone),
        everyone=len(everyone),
        stale=[one for one in found if clock.day_of(one.last or one.created_at, project) < since],
        unasked=[one for one in found if one.pk not in asked and not one.is_badge],
    )


def _given() -> tuple[list[Any], list[BitMap]]:
    """The tags in use, each with when it was given or taken last, and who has them."""
    last = Max("changes__at")
    found = list(Tag.objects.filter(archived_at=None).defer("members").annotate(last=last))
    return found, sets.many(Tag, [(one.pk, one.digest) for one in found])


def history(tag: Tag) -> list[tuple[dt.date, int]]:
    """The size at the end of each day on which somebody gave it or took it, oldest first."""
    size, by_day = tag.size, dict[dt.date, int]()
    project = clock.project()
    for at, given, count in tag.changes.values_list("at", "given", "size"):
        by_day.setdefault(clock.day_of(at, project), size)
        size = max(0, size - count if given else size + count)
    return sorted(by_day.items())
