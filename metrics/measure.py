"""What each closed day came to: recipes worked out, and what code alone can tell."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from console import audit, jobs, kept_words
from metrics import attribution, days, history, library, measurements
from metrics.history import History
from metrics.measurements import Figure, count, ratio
from metrics.models import LifetimeModel, Measurement, Metric, Spend
from metrics.recipes.nodes import Coded, Recipe
from metrics.reckoning import Reckoning
from metrics.slicing import Slicing
from metrics.sources import NotMeasured, Sources
from metrics.stats import cohorts, conversions
from segments import bitmaps, definitions
from segments.models import Stage, StageFlow, StageSet

RETURNS = {"retention_d1": 1, "retention_d7": 7, "retention_d30": 30}
EXISTING_AGE = EXISTING_WITHIN = 30
REPURCHASE_DAYS = 90
STAYS_WITHIN = 7  # days after being woken


def run(
    *,
    since: dt.date | None = None,
    until: dt.date | None = None,
    only: Collection[str] | None = None,
    progress: jobs.Progress = jobs.silent,
) -> int:
    """Measure the closed days from `since` (default: the first) to `until` (default: the last).

    A late event of a day changes that day, the windows and cohorts after it, and the
    retention of the 30 days before: give its day as `since`, and all of them are measured
    again. Days without events are measured too: nobody was active. A metric whose recipe
    changed is measured from the first day on. With `only`, these metrics and what is made of
    them. Returns how many figures were written.
    """
    under = definitions.everything()  # first: what is read below may be newer, never older
    past = history.load(until=until)
    sources = Sources(past, under)
    progress(1, 4)
    metrics = library.in_use()
    recipes = {key: library.recipe(one) for key, one in metrics.items()}
    if only is not None:
        wanted = library.needing(only, recipes)
        recipes = {key: one for key, one in recipes.items() if key in wanted}
    written = 0
    if past.days:
        now = days.digests(past.days[-1])
        since = max(since or past.days[0], past.days[0])
        attribution.refresh(past, since)
        progress(2, 4)
        for keys, start in _rounds(metrics, recipes, past.days[0], since):
            written += _measure(metrics, {key: recipes[key] for key in keys}, sources, start)
        if only is None:
            days.note(now, since, past.days[-1])
    if only is None:
        figures = [*stage_figures()]
        measurements.keep(figures, metrics=metrics, under=sources.versions)
        written += len(figures)
    progress(3, 4)
    audit.log("metrics.measured", figures=written, since=since)
    progress(4, 4)
    return written


def run_due(*, progress: jobs.Progress = jobs.silent) -> int:
    """Measure what is not measured yet, or not from the data as they are now."""
    last = history.last_closed_day()
    since = days.changed(days.digests(last), last)
    stale = any(one.measured_version != one.version for one in library.in_use().values())
    if since is None and not stale:
        return 0
    return run(since=since or last, progress=progress)


def _rounds(
    metrics: Mapping[str, Metric], recipes: Mapping[str, Recipe], first: dt.date, since: dt.date
) -> Iterator[tuple[set[str], dt.date]]:
    """Which metrics from which day on: those with a new recipe, and all that are made of them,
    from the first; then the others."""
    new = {key for key in recipes if metrics[key].measured_version != metrics[key].version}
    new = library.needing(new, recipes) & set(recipes)
    if new and since > first:
        yield new, first
        yield set(recipes) - new, since
    else:
        yield set(recipes), since


def _measure(
    metrics: Mapping[str, Metric], recipes: Mapping[str, Recipe], sources: Sources, since: dt.date
) -> int:
    if not recipes:
        return 0
    given, failures = coded_figures(recipes, sources, since)
    reckoning = Reckoning(
        recipes,
        sources,
        since,
        sources.past.days[-1],
        slices={key: metrics[key].slices for key in recipes},
        slicing=Slicing(),
        given=given,
        failures=failures,
    )
    found = list(reckoning.figures())
    with transaction.atomic():
        at = measurements.keep(
            found, metrics=metrics, under={key: one.version for key, one in sources.under.items()}
        )
        for key in recipes:
            _let_go(metrics[key], reckoning, at)
        _note(metrics, recipes, reckoning.failures)
    return len(found)


def _let_go(metric: Metric, reckoning: Reckoning, at: dt.datetime) -> None:
    """What was measured earlier in these days and is not there any more, such as a slice."""
    recipe = reckoning.recipes[metric.key]
    if isinstance(recipe, Coded) and recipe.by in {"months", "stages"}:
        return
    old = Measurement.objects.filter(metric=metric).exclude(computed_at=at)
    if metric.key not in reckoning.failures:
        old = old.filter(day__gte=reckoning.since[metric.key], day__lte=reckoning.until)
    old.delete()


def _note(
    metrics: Mapping[str, Metric], recipes: Mapping[str, Recipe], failures: Mapping[str, str]
) -> None:
    for key in recipes:
        row, failure = metrics[key], failures.get(key, "")
        if (row.measured_version, row.failure) != (row.version, failure):
            Metric.objects.filter(pk=row.pk).update(measured_version=row.version, failure=failure)


# --- what code computes -----------------------------------------------------------


def coded_figures(
    recipes: Mapping[str, Recipe], sources: Sources, since: dt.date
) -> tuple[list[Figure], dict[str, str]]:
    """The figures of metrics that code computes, and of which there are none, with the reason."""
    by: dict[str, list[str]] = defaultdict(list)
    for key, recipe in recipes.items():
        if isinstance(recipe, Coded):
            by[recipe.by].append(key)
    found: list[Figure] = []
    failures: dict[str, str] = {}
    for one, keys in by.items():
        try:
            found += [figure for figure in _coded(one, sources, since) if figure.key in keys]
        except NotMeasured as problem:
            failures |= dict.fromkeys(keys, str(problem))
    return found, failures


def _coded(by: str, sources: Sources, since: dt.date) -> Iterable[Figure]:
    match by:
        case "retention":
            past = sources.past
            return [*return_figures(past, since), *existing_figures(past, since)]
        case "woken_stay":
            return stay_figures(sources, since)
        case "repurchase":
            return repurchase_figures(sources, since)
        case "spend":
            return spend_figures(sources.past, since)
        case "lifetime":
            return foretold_figures(sources.past, since)
    return []


def return_figures(past: History, since: dt.date) -> Iterator[Figure]:
    """Who of a day's new customers was back N days later, for the cohorts this may change."""
    new = cohorts.first_seen(past.active)
    for key, after in RETURNS.items():
        shares = cohorts.returned(new, past.active, after)
        start = max(0, (since - past.days[0]).days - after)
        for day, share in list(zip(past.days, shares, strict=False))[start:]:
            yield ratio(key, day, share.numerator, share.denominator)


def existing_figures(past: History, since: dt.date) -> Iterator[Figure]:
    """Who of a day's older customers came again within 30 days."""
    shares = conversions.kept(past.active, age=EXISTING_AGE, within=EXISTING_WITHIN)
    start = max(0, (since - past.days[0]).days - EXISTING_WITHIN)
    for day, share in list(zip(past.days, shares, strict=False))[start:]:
        yield ratio("existing_retention", day, share.numerator, share.denominator)


def stay_figures(sources: Sources, since: dt.date) -> Iterator[Figure]:
    """Who of those whom a day woke came again within the week after it."""
    past = sources.past
    woken = sources.coded("woken", past.days[0], past.days[-1]) or []
    again = conversions.converted(woken, past.active, STAYS_WITHIN, same_day=False)
    start = max(0, (since - past.days[0]).days - STAYS_WITHIN)
    for day, who, back in list(zip(past.days, woken, again, strict=False))[start:]:
        yield ratio("woken_stay", day, len(back), len(who))


def repurchase_figures(sources: Sources, since: dt.date) -> Iterator[Figure]:
    """Of the buyers of 90 days, those who bought on two of them."""
    days_back = dt.timedelta(days=REPURCHASE_DAYS - 1)
    first, last = max(sources.past.days[0], since - days_back), sources.past.days[-1]
    paid = sources.paid()[(first - sources.past.days[0]).days :]
    length = max((one.max() + 1 for one in paid if one), default=0)
    arrays = (bitmaps.to_array(one) for one in paid)
    shares = conversions.repeated(arrays, REPURCHASE_DAYS, length)
    for day, share in zip(history.each_day(first, last), shares, strict=True):
        if day >= since:
            yield ratio("repurchase_rate", day, share.numerator, share.denominator)


def spend_figures(past: History, since: dt.date) -> Iterator[Figure]:
    """What was spent on each day, in all and by channel.

    Raises:
        NotMeasured: nothing was ever entered.
    """
    entered = Spend.objects.filter(Spend.ACQUIRES).order_by()
    if not entered.exists():
        raise NotMeasured(kept_words.keep(_("Nobody has entered yet what acquisition costs.")))
    sums: dict[tuple[dt.date, str], int] = {}
    of_days = entered.filter(day__gte=since, day__lte=past.days[-1])
    for day, channel, amount in of_days.values_list("day", "channel__key").annotate(
        amount=Sum("amount_minor")
    ):
        sums[day, channel or ""] = int(amount)
    channels = sorted({channel for _day, channel in sums if channel})
    for day in history.each_day(since, past.days[-1]):
        parts = {one: sums.get((day, one), 0) for one in channels}
        yield count("spend", day, sums.get((day, ""), 0) + sum(parts.values()))
        for one, amount in parts.items():
            yield count("spend", day, amount, part=f"channel={one}")


def foretold_figures(past: History, since: dt.date) -> Iterator[Figure]:
    """What the model of lifetime value said on the days on which it was fitted, last run of each.

    Raises:
        NotMeasured: it never was.
    """
    runs = LifetimeModel.objects.filter(refusal="", report__has_key="ahead")
    if not runs.exists():
        words = _("The model of lifetime value has not been fitted yet.")
        raise NotMeasured(kept_words.keep(words))
    lately = runs.filter(day__gte=since, day__lte=past.days[-1]).order_by("day", "pk")
    said = dict(lately.values_list("day", "report__ahead"))
    for day, parts in said.items():
        for part, amount in parts.items():
            yield count("value_ahead", day, amount, part=part)


def stage_figures() -> Iterator[Figure]:
    """How many customers stood in each stage of the default set, on each day that moved any.

    Counted from the moves, so that the past is there as well; the last day is the one for
    which the stages were computed.
    """
    stage_set = StageSet.objects.filter(is_default=True, data_as_of__isnull=False).first()
    if stage_set is None:
        return
    stages = dict(Stage.objects.filter(stage_set=stage_set).values_list("pk", "key"))
    standing: Counter[int] = Counter()
    moved = {day: list(moves) for day, moves in groupby(_moves(stage_set), itemgetter(0))}
    for day in sorted({*moved, stage_set.data_as_of}):
        for _on, origin, goal, customers in moved.get(day, []):
            standing[goal] += customers
            standing[origin] -= customers
        yield from (
            count("stage_customers", day, standing[stage], part=key)
            for stage, key in stages.items()
        )


def _moves(stage_set: StageSet) -> QuerySet[StageFlow, tuple[dt.date, int, int, int]]:
    """day, from, to, customers: in the order of the days; those who come from nowhere too."""
    return stage_set.flows.order_by("on").values_list("on", "from_stage", "to_stage", "size")
