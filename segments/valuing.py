"""Ways of scoring changed, tried and run: versions with a reason, previews, nightly columns."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, jobs, roles
from console.models import Staff
from console.states import NotAllowed, Stale
from segments import arrays, scores, scorings, sheet, tiers, traits, usage
from segments.arrays import Array
from segments.models import Scoring, ScoringRun, StageSet, Trait
from segments.recipes.nodes import Field
from segments.rules.nodes import RuleError, gettext_noop
from segments.scores import AT_MOST, Outcome
from segments.scoring import value
from segments.sheet import Fresh

ACTION = "scorings.change"
LOCK = 0x5C0E  # the advisory lock of who changes a way of scoring
BEFORE_STAGES = (scorings.RFM,)  # stages may lean on these,
AFTER_STAGES = (scorings.VALUE, scorings.POTENTIAL, scorings.CLUSTERS)  # and these on stages
WEEK = dt.timedelta(days=7)
NUMBERS = (traits.WHOLE, traits.NUMBER, traits.MONEY)


# --- changing ---------------------------------------------------------------


@transaction.atomic
def change(kind: str, recipe: Any, *, seen_version: int, note: str, by: Staff) -> Scoring:
    """A new version, in force from the next run on.

    Raises:
        NotAllowed: the role may not, no reason is given, or nothing is different.
        RuleError: the recipe makes no sense here.
        Stale: somebody else changed it since `seen_version`.
    """
    roles.require(by, ACTION)
    usage.alone()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    was = keep(kind)
    if was.version != seen_version:
        raise Stale(_("Somebody else changed this scoring meanwhile; load the page again."))
    if not note.strip():
        raise NotAllowed(_("Say in a few words why it changes; others will ask."))
    fresh = scorings.MODULES[kind].write(check(kind, recipe))
    if fresh == was.recipe:
        raise NotAllowed(_("This says the same as the version that is in force."))
    now = Scoring.objects.create(
        kind=kind, version=was.version + 1, recipe=fresh, note=note.strip()[:300], by=by
    )
    audit.log("scoring.changed", now, by=by, kind=kind, was=was.recipe, now=fresh, note=now.note)
    return now


def keep(kind: str) -> Scoring:
    """The version in force, written down if it was not; what we ship follows our releases."""
    found, ours = scorings.current(kind), scorings.shipped(kind)
    if found.pk and (found.by_id or found.recipe == ours.recipe):
        return found
    version = found.version + 1 if found.pk else 1
    kept, _is_new = Scoring.objects.get_or_create(
        kind=kind, version=version, defaults={"recipe": ours.recipe}
    )
    return kept


def check(kind: str, raw: Any) -> Any:
    """The recipe that this JSON says, resting on what there is here.

    Raises:
        RuleError: it makes no sense.
    """
    recipe = scorings.MODULES[kind].read(raw)
    known = traits.some(recipe.traits)
    for key in recipe.traits:
        if key not in known and key not in _to_come(recipe):
            archived = Trait.objects.filter(key=key).first()
            raise RuleError((), gettext_noop("There is no trait “%(name)s”."), name=archived or key)
        if key in known and known[key].kind not in NUMBERS:
            raise RuleError(
                (), gettext_noop("“%(name)s” is no number."), name=str(known[key].label)
            )
    ours = {one.stage_set for one in value.SHIPPED.factors}
    for factor in getattr(recipe, "factors", ()):
        if factor.stage_set not in ours:
            _check_stages(factor.stage_set)
    return recipe


def _to_come(recipe: Any) -> set[str]:
    """Traits that what we ship rests on, though nothing here computes them (yet)."""
    return {key for one in scorings.MODULES.values() for key in one.SHIPPED.traits}


def _check_stages(stage_set: str) -> None:
    if stage_set and not StageSet.objects.filter(key=stage_set).exists():
        raise RuleError((), gettext_noop("There is no stage set “%(name)s”."), name=stage_set)


# --- trying -----------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What a recipe would come to. `step` above 1: every so many-th customer was looked at."""

    moved: int
    customers: int
    now: dict[str, int]  # customers by cell, tier, level or cluster
    was: dict[str, int]
    step: int
    outcome: Outcome | None


def preview(kind: str, raw: Any, *, day: dt.date) -> Preview:
    """How many customers would be elsewhere, with the same traits as today.

    Raises:
        RuleError: the recipe makes no sense here.
    """
    recipe, in_force = check(kind, raw), scorings.read(scorings.current(kind))
    run = scorings.last_run(kind)
    given = scores.given([recipe, in_force], day, at_most=AT_MOST)
    before = run.summary if run else None
    now = scores.work_out(kind, recipe, given, before)
    was = scores.work_out(kind, in_force, given, before)
    step = given.step
    return Preview(
        moved=_moved(now, was) * step,
        customers=now.customers * step if now else 0,
        now={key: n * step for key, n in now.sizes.items()} if now else {},
        was={key: n * step for key, n in was.sizes.items()} if was else {},
        step=step,
        outcome=now,
    )


def _moved(now: Outcome | None, was: Outcome | None) -> int:
    if now is None or was is None:
        return (now or was).customers if now or was else 0  # type: ignore[union-attr]
    words: list[str] = []
    codes = [_coded(one.columns[one.layer], one.words[one.layer], words) for one in (now, was)]
    return int((codes[0] != codes[1]).sum())


def _coded(codes: Array, said: tuple[str, ...], words: list[str]) -> Array:
    """Places in `said` as places in `words`, which grows by what it lacks."""
    words += [word for word in said if word not in words]
    table = np.array([words.index(word) for word in said], np.int32)
    known = arrays.known(codes)
    return np.where(known, table[np.where(known, codes, 0)], arrays.nothing(np.int32))


# --- running ----------------------------------------------------------------


def run_due(kinds: tuple[str, ...], day: dt.date, progress: jobs.Progress = jobs.silent) -> int:
    """The scorings of a night that are due; tells how many blocks changed."""
    changed = 0
    for done, kind in enumerate(kinds, start=1):
        if is_due(kind, day):
            changed += run(kind, day)
        progress(done, len(kinds))
    return changed


def is_due(kind: str, day: dt.date) -> bool:
    """Every night, or on the day of the week that the recipe names; new versions at once."""
    scoring = scorings.current(kind)
    weekday = scorings.read(scoring).weekday
    last = scorings.last_run(kind)
    if weekday is None or day.weekday() == weekday or last is None:
        return True
    return last.scoring_id != scoring.pk or not day - WEEK < last.day <= day


@transaction.atomic
def run(kind: str, day: dt.date) -> int:
    """Score everybody as they are on a day, all columns or none; tells how many blocks changed.

    Where what the scoring rests on is not known, what was kept stays.
    """
    tiers.alone()  # of two runs at once the second tells of what the first left
    scoring = keep(kind)
    recipe, last = scorings.read(scoring), scorings.last_run(kind)
    given = scores.given([recipe], day)
    found = scores.work_out(kind, recipe, given, last.summary if last else None)
    if found is None:
        return 0
    fresh = _fresh(found)
    if kind in tiers.LAYERS:
        tiers.note(kind, fresh[found.layer], day=day)
    changed = sheet.write(fresh, day=day)
    ScoringRun.objects.update_or_create(
        scoring=scoring,
        day=day,
        defaults={
            "computed_at": timezone.now(),
            "customers": found.customers,
            "summary": found.summary,
        },
    )
    _note(found, day)
    return changed


def _fresh(found: Outcome) -> dict[str, Fresh]:
    """The columns; words that are known already keep their places."""
    known = {key: list(one.words) for key, one in sheet.read(*found.words).items()}
    fresh = {}
    for key, codes in found.columns.items():
        if key in found.words:
            words = known.get(key, [])
            fresh[key] = Fresh(_coded(codes, found.words[key], words), tuple(words))
        else:
            fresh[key] = Fresh(codes)
    return fresh


def _note(found: Outcome, day: dt.date) -> None:
    """How fresh each of these traits is, and of how many customers it is known."""
    for key, codes in found.columns.items():
        known = int(arrays.known(codes).sum())
        Trait.objects.filter(key=key).update(
            computed_at=timezone.now(),
            computed_version=F("version"),
            data_as_of=day,
            failure="",
            known=known,
        )


# --- explaining -------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """What one factor gives a customer: where they stand, 0 to 1, and the points that it makes."""

    factor: value.Factor
    value: float | None  # of the trait; nothing for a stage, or where it is not known
    stands: float
    share: float  # of the whole score
    points: float


def explain(customer: int, *, day: dt.date) -> list[Part]:
    """A customer's score factor by factor, from what is known today; empty without any."""
    recipe = scorings.read(scorings.current(scorings.VALUE))
    given = scores.given([recipe], day)
    if customer >= given.length:
        return []
    used = {key: one for key, one in given.columns.items() if (~np.isnan(one)).any()}
    shares = value.weights(recipe, {one.key for one in recipe.factors if one.column in used})
    parts = []
    for factor in recipe.factors:
        column = used.get(factor.column)
        if column is None:
            parts.append(Part(factor, None, 0.0, 0.0, 0.0))
            continue
        stands = value.stands(factor, column, customer)
        share = shares[factor.key]
        known = None if np.isnan(column[customer]) else float(column[customer])
        parts.append(Part(factor, known, stands, share, stands * share * value.MOST))
    return parts


def rests_on_statics(recipe: Any) -> bool:
    """Whether a recipe looks only at who customers are, and at nothing they do (R108)."""
    if any(one.stage_set for one in getattr(recipe, "factors", ())):
        return False
    known = traits.some(recipe.traits)
    return bool(known) and all(isinstance(one.recipe, Field) for one in known.values())
