"""People's own metrics, and changes to those that ship: each a version with its reason."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from console import audit, formats, roles
from console.models import Staff
from console.states import NotAllowed, Stale
from metrics import library, slicing
from metrics.models import Metric
from metrics.recipes import nodes, reading
from metrics.recipes.nodes import Recipe
from metrics.sources import OF_CUSTOMERS
from segments import catalogue
from segments.recipes.nodes import AMOUNT
from segments.rules.nodes import RuleError

ACTION = "metrics.change"
MOST, DEEPEST = 100, 8
ADDABLE = (*OF_CUSTOMERS, "spend")  # what code computes and days can be added up of
Unit, Over = Metric.Unit, Metric.Over
FORMULA_UNITS = (Unit.NUMBER, Unit.SHARE, Unit.MONEY, Unit.MINUTES)


# --- checking -----------------------------------------------------------------


def check(raw: Any, unit: str = "", *, key: str = "") -> tuple[Recipe, str, str]:
    """The recipe, its unit, and what several days come to, if it makes sense here.

    Raises:
        RuleError: it does not; the path leads to what is wrong.
    """
    recipe = reading.read(raw)
    if isinstance(recipe, nodes.Coded):
        raise RuleError(("kind",), _("Only the console itself computes by code."))
    titles = catalogue.titles()
    for events in nodes.events(recipe):
        for name in events.names:
            if name not in titles:
                raise RuleError(("events",), _("There is no event “%(value)s”."), value=name)
    known = library.in_use()
    for other in nodes.leans_on(recipe):
        if other not in known:
            raise RuleError((), _("There is no metric “%(value)s”."), value=other)
        _refuse_circles(other, key, known)
    if isinstance(recipe, nodes.Cumulative):
        _check_base(recipe, known)
    return recipe, unit_of(recipe, unit, known), over_of(recipe, known)


def _refuse_circles(other: str, key: str, known: dict[str, Metric]) -> None:
    seen, level = {other}, {other}
    for _depth in range(DEEPEST):
        if key in level:
            words = _("A metric cannot be made of itself, and “%(value)s” is made of this one.")
            raise RuleError((), words, value=known[other].label)
        level = {one for name in level for one in nodes.leans_on(library.recipe(known[name]))}
        level = {one for one in level if one in known} - seen
        seen |= level
        if not level:
            return
    raise RuleError((), _("This is made of metrics of metrics, too deep to follow."))


def _check_base(recipe: nodes.Cumulative, known: dict[str, Metric]) -> None:
    base = library.recipe(known[recipe.of])
    match base:
        case nodes.Simple():
            return
        case nodes.Coded(by=by) if by in ADDABLE:
            return
    words = _("“%(value)s” cannot be added up over days; choose one that counts events.")
    raise RuleError(("of",), words, value=known[recipe.of].label)


def unit_of(recipe: Recipe, asked: str, known: dict[str, Metric]) -> str:
    """What the values are; of a formula people have to say it."""
    match recipe:
        case nodes.Simple(take="customers"):
            return Unit.CUSTOMERS
        case nodes.Simple(take="sum", value=value):
            return Unit.MONEY if value == AMOUNT else Unit.NUMBER
        case nodes.Conversion(how="minutes"):
            return Unit.MINUTES
        case nodes.Conversion():
            return Unit.SHARE
        case nodes.Cumulative(of=of):
            return known[of].unit
        case nodes.Ratio(part, whole):
            above, below = known[part].unit, known[whole].unit
            if above == Unit.MONEY and below != Unit.MONEY:
                return Unit.MONEY
            return Unit.SHARE if above == below else Unit.NUMBER
        case nodes.Derived():
            return asked if asked in FORMULA_UNITS else Unit.NUMBER
    return Unit.COUNT


def over_of(recipe: Recipe, known: dict[str, Metric]) -> str:
    """What several days of it come to."""
    match recipe:
        case nodes.Simple(take="customers"):
            return Over.AVERAGE
        case nodes.Simple():
            return Over.SUM
        case nodes.Cumulative(of=of):
            counts = known[of].unit == Unit.CUSTOMERS
            return Over.AVERAGE if counts and recipe.days is not None else Over.LAST
    return Over.QUOTIENT


# --- changing -----------------------------------------------------------------


@transaction.atomic
def add(*, name: str, recipe: Any, by: Staff, note: str = "", **fields: Any) -> Metric:
    """A new metric; its past days are measured soon.

    Raises:
        NotAllowed: the role may not, there is no room, or the name is taken.
        RuleError: the recipe.
    """
    roles.require(by, ACTION)
    library.alone()
    name = _free(name)
    _read, unit, over = check(recipe, fields.pop("unit", ""))
    if Metric.objects.filter(shipped_version=None, archived_at=None).count() >= MOST:
        raise NotAllowed(_("There are %(most)d metrics of your own; archive one.") % {"most": MOST})
    row = Metric(
        key=_key(name), name=name, recipe=recipe, unit=unit, over=over, owner=by, team=by.team
    )
    _fill(row, fields)
    row.save()
    library.note_version(row, note=note.strip()[:300], by=by)
    audit.log("metric.added", row, by=by, recipe=recipe)
    return row


@transaction.atomic
def edit(row: Metric, *, by: Staff, seen_version: int, note: str, **fields: Any) -> bool:
    """Change what a metric says; True when its days have to be measured anew.

    All past days are measured anew with the new version: a course half by one definition and
    half by another would mislead. What the old version said stays among the versions.

    Raises:
        NotAllowed: not theirs to change, or no reason given.
        Stale: somebody else changed it since `seen_version`.
        RuleError: the recipe.
    """
    library.alone()
    kept = Metric.objects.select_for_update().get(pk=row.pk)
    roles.require(by, ACTION, record=kept)
    if kept.version != seen_version:
        raise Stale(_("Somebody else changed this metric meanwhile; load the page again."))
    if not note.strip():
        raise NotAllowed(_("Say in a few words why it changes; others will ask."))
    was = library.says(kept)
    if "name" in fields and fields["name"] not in {kept.name, kept.label}:
        kept.name = _free(fields["name"])
    if fields.get("recipe") is not None and fields["recipe"] != kept.recipe:
        if kept.kind == "coded":
            raise NotAllowed(_("The console computes this one by code; make one of your own."))
        _read, unit, over = check(fields["recipe"], fields.get("unit", ""), key=kept.key)
        kept.recipe, kept.unit, kept.over = fields["recipe"], unit, over
    _fill(kept, fields)
    now = library.says(kept)
    if now == was:
        raise NotAllowed(_("This says the same as the version that is in force."))
    kept.version += 1
    kept.is_tailored = kept.is_shipped
    kept.failure = ""
    kept.save()
    library.note_version(kept, note=note.strip()[:300], by=by)
    changed = sorted(name for name in now if now[name] != was[name])
    audit.log("metric.changed", kept, by=by, fields=changed, note=note.strip()[:300])
    if not {"recipe", "slices"} & set(changed):  # only words: what was measured still holds
        Metric.objects.filter(pk=kept.pk).update(measured_version=kept.version)
        kept.measurements.update(metric_version=kept.version)
        return False
    return True


def _fill(row: Metric, fields: dict[str, Any]) -> None:
    if "definition" in fields and fields["definition"].strip() != row.explanation:
        row.definition = fields["definition"].strip()
    for name in ("group", "direction"):
        if fields.get(name):
            setattr(row, name, fields[name])
    if "slices" in fields:
        row.slices = _slices(fields["slices"])
    words = {one.key: one.rests_on for one in Metric.objects.all()} | library.shipped_words()
    row.rests_on = library.rests_on(library.recipe(row), words)


def _slices(wanted: list[str]) -> list[str]:
    if len(wanted) > slicing.MOST_DIMENSIONS:
        words = _("A metric has at most %(most)d slices.")
        raise NotAllowed(words % {"most": slicing.MOST_DIMENSIONS})
    for one in wanted:
        if not slicing.known(one):
            raise NotAllowed(_("There is no slice “%(name)s”.") % {"name": one})
    return list(dict.fromkeys(wanted))


@transaction.atomic
def archive(row: Metric, *, by: Staff) -> None:
    """Put a metric away: it is measured no longer, and what was measured stays.

    Raises:
        NotAllowed: not theirs, it ships, or others are made of it.
    """
    library.alone()
    kept = Metric.objects.select_for_update().get(pk=row.pk)
    roles.require(by, ACTION, record=kept)
    if kept.is_shipped:
        raise NotAllowed(_("What the console ships is not archived."))
    users = [
        one.label
        for one in library.in_use().values()
        if kept.key in nodes.leans_on(library.recipe(one))
    ]
    if users:
        words = _("This metric is used by: %(names)s. Change those first.")
        raise NotAllowed(words % {"names": formats.listed(users)})
    kept.archived_at = timezone.now()
    kept.save(update_fields=["archived_at"])
    audit.log("metric.archived", kept, by=by)


@transaction.atomic
def restore(row: Metric, *, by: Staff) -> None:
    """Take a metric out again; the days since are measured with the next run."""
    library.alone()
    kept = Metric.objects.select_for_update().get(pk=row.pk)
    roles.require(by, ACTION, record=kept)
    try:
        check(kept.recipe, kept.unit, key=kept.key)
    except RuleError as problem:
        raise NotAllowed(problem.said(_)) from problem
    kept.archived_at, kept.measured_version = None, None
    kept.save(update_fields=["archived_at", "measured_version"])
    audit.log("metric.restored", kept, by=by)


def _free(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 80:
        raise NotAllowed(_("Give the metric a name of up to 80 characters."))
    if any(one.label.lower() == name.lower() for one in library.by_key().values()):
        raise NotAllowed(_("Another metric has this name already; choose a different one."))
    return name


def _key(name: str) -> str:
    """A key that a formula can name: letters, numbers and underscores."""
    base = slugify(name).replace("-", "_").strip("_")[:40] or "own"
    base = base if base[0].isalpha() else f"own_{base}"
    taken = set(Metric.objects.values_list("key", flat=True)) | library.BY_KEY.keys()
    tries = (base if n == 1 else f"{base}_{n}" for n in range(1, MOST * 100))
    return next(key for key in tries if key not in taken and not (base == "own" == key))
