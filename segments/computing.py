"""Computing the traits: what customers did day by day, added up into columns by recipes."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console import jobs, kept_words
from segments import adding_up, arrays, gathering, profiled, sheet, tallies, traits
from segments.adding_up import Group
from segments.arrays import Array
from segments.gathering import NotComputed, World
from segments.models import Column, EventType, Trait
from segments.models.event import OTHERS
from segments.recipes import adding, keeping, nodes
from segments.recipes.nodes import Events
from segments.tallies import EVERYTHING, Measure, Tallies

MOST_KINDS = 100  # of events, whose first and last day are kept for rules
WHICH = ("first", "last")
LONGEST_KEY = 80  # of a column


# --- the run ------------------------------------------------------------------


def recompute(day: dt.date, progress: jobs.Progress = jobs.silent) -> int:
    """Write everybody's traits as they are at the end of a day; tells how many blocks changed.

    Blocks that stay the same are not touched, so a second run writes nothing. A trait that
    cannot be computed, because its events never happened, has no values and says why.
    """
    traits.install()
    wanted = {key: one for key, one in traits.registry().items() if not one.is_derived}
    world = gathering.of(day)
    moments = _moments(world)
    failures = _from_events(world, wanted | moments, progress)
    profiled.fill(world, wanted)
    profiled.fill_fields(world)
    failures |= _from_traits(world, wanted)
    changed = sheet.write(world.found, day=day)
    sheet.drop({*failures, *_no_longer(moments)})
    _note(world, failures)
    return changed


def preview(recipe: nodes.Recipe, kind: str, day: dt.date) -> sheet.Known:
    """What a recipe would come to today, without keeping it.

    Raises:
        NotComputed: it cannot be computed; says why.
    """
    trait = traits.Trait("preview", "", "", recipe, kind, is_shipped=False)
    if isinstance(recipe, nodes.Since):
        dates = traits.values(recipe.date, day)
        days = np.where(arrays.known(dates), (day - traits.EPOCH).days - dates, dates)
        return sheet.Known("preview", days, (), 0, day)
    world = gathering.of(day)
    wanted = {"preview": trait}
    failures = _from_events(world, wanted, jobs.silent, is_preview=True)
    profiled.fill(world, wanted)
    failures |= _from_traits(world, wanted)
    if failures:
        raise NotComputed(failures["preview"])
    fresh = world.found["preview"]
    return sheet.Known("preview", fresh.values, fresh.words or (), 0, day)


def _moments(world: World) -> dict[str, traits.Trait]:
    """The first and the last day of each frequent kind of event, for rules."""
    names = EventType.objects.filter(taken_as=None, volume__gt=0).exclude(name=OTHERS)
    recipes = {
        key: nodes.Moment(Events((name,)), which)
        for name in names.order_by("-volume").values_list("name", flat=True)[:MOST_KINDS]
        for which in WHICH
        if len(key := f"{which}:{name}") <= LONGEST_KEY
    }
    return {key: traits.Trait(key, key, "", recipe, traits.DATE) for key, recipe in recipes.items()}


def _no_longer(moments: Mapping[str, traits.Trait]) -> list[str]:
    """Columns of kinds that are rare by now: rules ask the day sets of them."""
    of_kinds = Q(*[("key__startswith", f"{one}:") for one in WHICH], _connector=Q.OR)
    return list(
        Column.objects.filter(of_kinds).exclude(key__in=moments).values_list("key", flat=True)
    )


# --- from events --------------------------------------------------------------


def _from_events(
    world: World,
    wanted: Mapping[str, traits.Trait],
    progress: jobs.Progress,
    *,
    is_preview: bool = False,
) -> dict[str, str]:
    """Everything that is made from events; tells which could not be, and why.

    A preview leaves what is kept for the night as it is.
    """
    groups: dict[tuple[Measure, tuple[str, ...]], Group] = {}
    failures: dict[str, str] = {}
    by_values: dict[tuple[Measure, int | None], list[traits.Trait]] = defaultdict(list)
    for one in wanted.values():
        if not isinstance(one.recipe, nodes.FromEvents) or isinstance(one.recipe, nodes.Until):
            continue
        try:
            names = world.names(one.recipe.of)
        except NotComputed as problem:
            failures[one.key] = str(problem)
            continue
        measure = _measure(one.recipe, names)
        if measure.of == "values":
            by_values[measure, one.recipe.of.days].append(one)
            continue
        group = groups.setdefault((measure, names), Group(measure, names))
        group.adders.append((one, adding.adder(one.recipe, len(world.living), world.number)))
    measures = {group.measure for group in groups.values()} | {one for one, _days in by_values}
    steps = len(measures) + len(by_values)
    with tallies.reading() as read:
        for done, measure in enumerate(sorted(measures, key=repr)):
            progress(done, steps)
            mine = [group for group in groups.values() if group.measure == measure]
            if mine:
                adding_up.add_up(world, read, mine, keep=not is_preview)
        for (measure, days), some in by_values.items():
            _count_values(world, read, measure, days, some)
    measures |= _from_one_to_another(world, wanted, failures)
    if not is_preview:
        tallies.keep_only({EVERYTHING, *measures})
    return failures


def _measure(recipe: nodes.FromEvents, names: tuple[str, ...]) -> Measure:
    of = recipe.of
    match recipe:
        case nodes.Different(value=value) | nodes.Favourite(value=value):
            return Measure("values", names, of.where, value)
        case nodes.Suggested(value=value):
            return Measure("values", names, of.where, value)
        case nodes.Visits():
            return Measure("visits", names, of.where)
        case nodes.Until():
            return Measure("moments", names, of.where)
        case nodes.Sum(value=value) if value != nodes.AMOUNT:
            return Measure("some", names, of.where, value)
    if of.where:
        return Measure("some", names, of.where)
    return Measure("together", names) if len(names) > 1 else EVERYTHING


def _count_values(
    world: World, read: Tallies, measure: Measure, days: int | None, some: list[traits.Trait]
) -> None:
    """Recipes over the same values of the same days, which are put together once for all."""
    since = None if days is None else world.day - dt.timedelta(days=days - 1)
    values = keeping.Values()
    for _on, tally in read.days(measure, since=since, until=world.day):
        rows = tally.of()
        who = adding_up.now(world, rows["customer"])
        inside = who < len(world.living)
        codes, times, total = (rows[name][inside] for name in ("value", "times", "total"))
        values.add(who[inside], codes, rows.words(), times, total)
    length = len(world.living)
    for trait in some:
        match trait.recipe:
            case nodes.Different():
                gathering.keep(world, trait, values.different(length))
            case nodes.Favourite():
                gathering.keep(world, trait, *values.favourites(length))
            case nodes.Suggested():
                gathering.keep(world, trait, *values.suggested(length))


def _from_one_to_another(
    world: World, wanted: Mapping[str, traits.Trait], failures: dict[str, str]
) -> set[Measure]:
    """Minutes between events; tells what was added up, and adds why some could not be.

    Beginnings and ends are tallied apart, so that the days stay apart too.
    """
    measures: set[Measure] = set()
    for trait in wanted.values():
        if not isinstance(trait.recipe, nodes.Until):
            continue
        try:
            begins, ends = (world.names(of) for of in (trait.recipe.of, Events(trait.recipe.to)))
        except NotComputed as problem:
            failures[trait.key] = str(problem)
            continue
        both = _measure(trait.recipe, begins), Measure("moments", ends)
        _count_minutes(world, trait, trait.recipe.of.days, *both)
        measures.update(both)
    return measures


def _count_minutes(
    world: World, trait: traits.Trait, days: int | None, begins: Measure, ends: Measure
) -> None:
    since = None if days is None else world.day - dt.timedelta(days=days - 1)
    span = keeping.Until(len(world.living))
    with tallies.reading() as read:
        for measure, told in ((begins, span.begin), (ends, span.end)):
            for _on, tally in read.days(measure, since=since, until=world.day):
                rows = tally.of()
                who = adding_up.now(world, rows["customer"])
                inside = who < len(world.living)
                moments = rows["time"].astype("datetime64[us]").astype(np.int64)
                told(who[inside], moments[inside])
    gathering.keep(world, trait, span.found())


# --- from other traits --------------------------------------


def _from_traits(world: World, wanted: Mapping[str, traits.Trait]) -> dict[str, str]:
    """What is made of others, after those; the order of people's own is that of their making."""
    failures: dict[str, str] = {}
    for one in wanted.values():
        if not isinstance(one.recipe, nodes.Between | nodes.Ratio):
            continue
        left, right = (_other(world, key) for key in nodes.leans_on(one.recipe))
        if left is None or right is None:
            failures[one.key] = kept_words.keep(_("A trait that it is made of has no values."))
            continue
        known = arrays.known(left) & arrays.known(right)
        left, right = (np.where(known, part, 0).astype(np.float64) for part in (left, right))
        if isinstance(one.recipe, nodes.Between):
            values = np.where(known, np.maximum(right - left, 0), np.nan)
        else:
            values = adding.divided(left * (100 if one.recipe.percent else 1), right)
            values[~known] = np.nan
            if one.recipe.at_most is not None:
                values = np.minimum(values, one.recipe.at_most)
        gathering.keep(world, one, values)
    return failures


def _other(world: World, key: str) -> Array | None:
    """The values of another trait: of this run, or as they stand."""
    if key in world.found:
        values = world.found[key].values
    else:
        values = traits.values(key, world.day)
        if not len(values):
            return None
    length = len(world.living)
    padded = np.full(length, arrays.nothing(values.dtype), values.dtype)
    padded[: min(length, len(values))] = values[:length]
    return padded


# --- freshness ----------------------------------------------------------------


def _note(world: World, failures: Mapping[str, str]) -> None:
    """How fresh each trait is, of how many customers it is known, and why it is not computed."""
    now: dict[str, Any] = {"computed_at": timezone.now(), "data_as_of": world.day}
    known = {key: int(arrays.known(one.values).sum()) for key, one in world.found.items()}
    rows = {row.key: row for row in Trait.objects.filter(archived_at=None)}
    for key, one in traits.registry().items():
        row = rows.get(key)
        if row is None:
            continue
        if key in failures:
            Trait.objects.filter(pk=row.pk).update(**now, failure=failures[key], known=None)
        elif one.column in known:
            Trait.objects.filter(pk=row.pk).update(
                **now, failure="", known=known[one.column], computed_version=row.version
            )
