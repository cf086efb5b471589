"""Stage sets as people keep them: made, edited in versions, tried out, put away and taken out."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from console import audit, formats, roles
from console import seen as marks
from console.models import Staff
from console.states import NotAllowed, Stale
from segments import membership, stage_drafts, stages, standing, taxonomies, usage
from segments.models import Segment, Stage, StageSet, StageSetVersion
from segments.rules import leaning, tree
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import Vocabulary
from segments.sources import Sources
from segments.stage_drafts import Draft

ACTION = "stages.change"
MOST = 20  # stages of a set
FIELDS = taxonomies.FIELDS
WORDS = ("name", "description")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Trial:
    """One stage of a draft: how many would stand there, and how many do."""

    label: str
    color: str
    customers: int
    before: int


@dataclass(frozen=True)
class Shift:
    """How many would move from where to where, by label; empty is outside every stage."""

    was: str
    now: str
    customers: int


@dataclass(frozen=True)
class Preview:
    """What a draft would come to on a day."""

    trials: list[Trial]
    shifts: list[Shift]
    nowhere: int
    of: int


# --- checking -------------------------------------------------------------------


def problems(drafts: Sequence[Draft], known: Vocabulary | None = None) -> dict[int | None, str]:
    """What is wrong, in words, by the place of the stage; None is the set as a whole."""
    known = known or stages.known()
    if not 1 <= len(drafts) <= MOST:
        return {None: _("A set has at least one stage and at most %(most)d.") % {"most": MOST}}
    found = {at: _problem(one, known) for at, one in enumerate(drafts)}
    labels = [stage_drafts.label(one).casefold() for one in drafts]
    for at, one in enumerate(labels):
        if one in labels[:at]:
            found[at] = found[at] or _("Another stage has this name already.")
    return {at: said for at, said in found.items() if said}


def _problem(draft: Draft, known: Vocabulary) -> str:
    if not stage_drafts.label(draft):
        return _("A stage needs a name.")
    if len(stage_drafts.label(draft)) > 80 or len(draft.get("description") or "") > 300:
        return _("This is too long: 80 characters for a name, 300 for a description.")
    if not _COLOR.fullmatch(str(draft.get("color", ""))):
        return _("A colour is written as #rrggbb.")
    level = draft.get("level")
    if not isinstance(level, int) or not 0 <= level <= 99:
        return _("A level is a whole number from 0 to 99.")
    if stages.missing_events(draft.get("rule"), known) and _is_shipped(draft):
        return ""  # ours may wait for an event
    try:
        tree.parse(draft.get("rule"), known)
    except RuleError as problem:
        return problem.said(_)
    return ""


def _is_shipped(draft: Draft) -> bool:
    ours = {one.key: one.rule for ready in taxonomies.SETS.values() for one in ready}
    return ours.get(str(draft.get("key"))) == draft.get("rule")


def static_only(drafts: Sequence[Draft], known: Vocabulary) -> list[str]:
    """The stages that rest on who people say they are, and not on what they do (R108)."""
    found = []
    for one in drafts:
        try:
            rests = leaning.static_only(tree.parse(one["rule"], known), known)
        except RuleError:
            continue
        if rests:
            found.append(stage_drafts.label(one))
    return found


def _refuse(drafts: Sequence[Draft]) -> None:
    for at, said in problems(drafts).items():
        where = "" if at is None else f"{stage_drafts.label(drafts[at]) or at + 1}: "
        raise NotAllowed(where + said)


# --- making and editing -----------------------------------------------------------


@transaction.atomic
def add(
    *, name: str, drafts: Sequence[Draft], by: Staff, description: str = "", note: str = ""
) -> StageSet:
    """A new set; it belongs to its maker and to the maker's team.

    Raises:
        NotAllowed: the role may not, or something is wrong with the stages.
    """
    roles.require(by, ACTION)
    usage.alone()
    name = _named(name)
    _refuse(drafts)
    taken = set(StageSet.objects.values_list("key", flat=True))
    made = StageSet.objects.create(
        key=_key(name, taken), name=name, description=description, owner=by, team=by.team
    )
    _put(made, drafts)
    _record(made, by, note)
    audit.log("stageset.added", made, by=by, stages=len(drafts))
    return made


@transaction.atomic
def edit(
    stage_set: StageSet, *, by: Staff, seen_version: int, name: str, drafts: Sequence[Draft],
    description: str = "", note: str = "", seen: str = "",
) -> bool:  # fmt: skip
    """Change the words or the stages; True when there is a new version to be computed.

    A stage that is left out is retired: it stays for the moves of the past.

    Raises:
        NotAllowed: not theirs to change, something is wrong, or a rule needs a stage left out.
        Stale: somebody else changed it since `seen_version`, or its words since `seen`.
    """
    usage.alone()
    kept = StageSet.objects.select_for_update().get(pk=stage_set.pk)
    roles.require(by, ACTION, record=kept)
    if kept.version != seen_version:
        raise Stale(_("Somebody else changed these stages meanwhile; load the page again."))
    marks.require(kept, WORDS, seen)
    fields = {"name": name.strip()[:80], "description": description.strip()}
    if kept.key not in taxonomies.SETS:
        fields["name"] = _named(name)
    changed = [key for key, value in fields.items() if getattr(kept, key) != value]
    for key in changed:
        setattr(kept, key, fields[key])
    was = taxonomies.written(kept)
    if [_plain(one) for one in drafts] == was:
        if changed:
            kept.save(update_fields=changed)
            audit.log("stageset.changed", kept, by=by, fields=sorted(changed))
        return False
    _refuse(drafts)
    _refuse_used(kept, {one["key"] for one in was} - {one.get("key") for one in drafts})
    _put(kept, drafts)
    kept.version += 1
    kept.failure = ""  # it was the old stages'
    kept.save(update_fields=[*changed, "version", "failure"])
    _record(kept, by, note)
    audit.log("stageset.stages", kept, by=by, version=kept.version)
    return True


def _named(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= 80:
        raise NotAllowed(_("A stage set needs a name of at most 80 characters."))
    return name


def _plain(draft: Draft) -> Draft:
    return {
        "key": draft.get("key") or "",
        "name": (draft.get("name") or "").strip(),
        "color": draft.get("color"),
        "level": draft.get("level"),
        "description": (draft.get("description") or "").strip(),
        "rule": draft.get("rule"),
    }


def _put(stage_set: StageSet, drafts: Sequence[Draft]) -> None:
    there = {one.key: one for one in stage_set.stages.all()}
    taken, kept = set(there), set()
    for position, draft in enumerate(map(_plain, drafts), start=1):
        stage = there.get(draft["key"])
        if stage is None or stage.key in kept:
            stage = Stage(stage_set=stage_set, key=_key(draft["name"], taken))
        for field in FIELDS[1:]:
            setattr(stage, field, draft[field])
        stage.position, stage.retired_at = position, None
        stage.save()
        kept.add(stage.key)
        taken.add(stage.key)
    left = stage_set.stages.filter(retired_at=None).exclude(key__in=kept)
    left.update(retired_at=timezone.now())


def _key(name: str, taken: set[str]) -> str:
    """A word for rules, made of the name; of one without Latin letters it is a number."""
    stem = slugify(name)[:40].replace("-", "_") or "stage"
    for number in range(1, len(taken) + 2):
        key = stem if number == 1 else f"{stem}_{number}"
        if key not in taken:
            return key
    raise AssertionError("there are fewer keys than numbers")


def _record(stage_set: StageSet, by: Staff, note: str) -> None:
    StageSetVersion.objects.create(
        stage_set=stage_set, number=stage_set.version, stages=taxonomies.written(stage_set),
        by=by, note=" ".join(note.split())[:300],
    )  # fmt: skip


# --- putting away -----------------------------------------------------------------


def users(stage_set: StageSet, keys: set[str] | None = None) -> list[Segment]:
    """The segments in use whose rules speak of the set, or of some of its stages."""
    live = Segment.objects.filter(archived_at=None).only("pk", "name", "rule").order_by("name")
    wanted = {(stage_set.key, key) for key in keys} if keys is not None else None
    return [
        one
        for one in live
        if (named := tree.stages_in(one.rule))
        and (wanted & named if wanted is not None else stage_set.key in {s for s, _key in named})
    ]


def _refuse_used(stage_set: StageSet, keys: set[str]) -> None:
    if keys and (found := users(stage_set, keys)):
        raise NotAllowed(
            _("A stage that you leave out is used by: %(names)s. Change those first.")
            % {"names": formats.listed(found)}
        )


@transaction.atomic
def make_default(stage_set: StageSet, *, by: Staff) -> None:
    """Show this set wherever one is shown: in lists, on the home screen, in exports.

    Raises:
        NotAllowed: not theirs to change, or it is archived.
    """
    roles.require(by, ACTION, record=stage_set)
    locked = {one.pk: one for one in StageSet.objects.select_for_update().order_by("pk")}
    kept = locked[stage_set.pk]
    if kept.archived_at:
        raise NotAllowed(_("This set is archived; take it out again first."))
    if kept.is_default:
        return
    StageSet.objects.filter(is_default=True).update(is_default=False)
    StageSet.objects.filter(pk=kept.pk).update(is_default=True)
    audit.log("stageset.default", kept, by=by)


@transaction.atomic
def archive(stage_set: StageSet, *, by: Staff) -> None:
    """Put a set away: it keeps its past, but is no longer offered or computed.

    Raises:
        NotAllowed: not theirs to change, it is the default, or segments speak of it.
    """
    usage.alone()
    kept = StageSet.objects.select_for_update().get(pk=stage_set.pk)
    roles.require(by, ACTION, record=kept)
    if kept.is_default:
        raise NotAllowed(_("This is the default set; make another one the default first."))
    if found := users(kept):
        raise NotAllowed(
            _("These segments speak of the set: %(names)s. Change those first.")
            % {"names": formats.listed(found)}
        )
    StageSet.objects.filter(pk=kept.pk).update(archived_at=timezone.now())
    audit.log("stageset.archived", kept, by=by)


@transaction.atomic
def restore(stage_set: StageSet, *, by: Staff) -> None:
    """Take a set out again; it is stale until it is computed.

    Raises:
        NotAllowed: not theirs to change.
    """
    kept = StageSet.objects.select_for_update().get(pk=stage_set.pk)
    roles.require(by, ACTION, record=kept)
    StageSet.objects.filter(pk=kept.pk).update(archived_at=None)
    audit.log("stageset.restored", kept, by=by)


def recompute(stage_set: StageSet, *, day: dt.date) -> None:
    """The set as it is now, and the segments that speak of its stages."""
    stages.recompute(stage_set, day=day)
    for segment in users(stage_set):
        membership.recompute_with_users(segment, day=day)


# --- trying out -------------------------------------------------------------------


def preview(drafts: Sequence[Draft], *, of: StageSet | None, day: dt.date) -> Preview:
    """How many would stand where on a day, and who would move; nothing is written.

    Raises:
        RuleError: a rule cannot be understood.
    """
    sources = Sources(day, stages.known())
    there = {one.key: one for one in of.stages.all()} if of else {}
    # A stage that is there keeps its number, so that who stays is seen to stay.
    keys = [
        there[one["key"]].pk if one.get("key") in there else -at
        for at, one in enumerate(drafts, start=1)
    ]
    chosen = stages.choose(zip(keys, (one["rule"] for one in drafts), strict=True), sources)
    now = standing.now(of.pk) if of else np.empty(0, np.int32)
    labels = {one.pk: str(one) for one in there.values()}
    labels |= {key: stage_drafts.label(one) for key, one in zip(keys, drafts, strict=True)}
    trials = [
        Trial(stage_drafts.label(one), one["color"], _count(chosen, key), _count(now, key))
        for key, one in zip(keys, drafts, strict=True)
    ]
    shifts = [
        Shift(labels.get(was or 0, ""), labels.get(to or 0, ""), len(members))
        for (was, to), members in standing.pairs(now, chosen).items()
    ]
    everyone = len(sources.everyone())
    nowhere = everyone - sum(one.customers for one in trials)
    return Preview(trials, sorted(shifts, key=lambda one: -one.customers), nowhere, everyone)


def _count(values: Any, key: int) -> int:
    return int(np.count_nonzero(values == key))
