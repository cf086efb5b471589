"""What a comparison's sums say: differences, bounds, verdicts, day by day."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metrics import comparisons
from metrics.models import ComparedDay, ComparedGroup, Comparison
from metrics.stats import cuped, differences, power, sample_ratio, sequential
from metrics.stats.differences import Difference, Interval
from metrics.stats.samples import Proportion, Ratio, Sample
from metrics.stats.verdicts import Verdict, verdict

LEVEL = 0.95
CONVERSION, REVENUE, ORDER = "conversion", "revenue", "order"
MEASURES = (CONVERSION, REVENUE, ORDER)
Sums = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One variant against the control in one measure."""

    measure: str
    group: ComparedGroup
    control_mean: float | None
    mean: float | None
    found: Difference
    daily: Interval | None  # holds on all days together
    detectable: float | None
    verdict: Verdict
    explained: float  # which share of the variance the past took out


@dataclass(frozen=True)
class Outcome:
    """Everything that is known of a comparison."""

    lines: list[Line]
    sizes: list[int]
    size_p: float | None
    is_broken: bool
    is_over: bool


def level(variants: int) -> float:
    """Several variants share one chance of error (Bonferroni)."""
    return 1 - (1 - LEVEL) / max(1, variants)


def outcome(
    comparison: Comparison, groups: Sequence[ComparedGroup], through: Mapping[int, Sums]
) -> Outcome:
    """The outcome from each group's sums, by the group's number."""
    sizes = [group.size for group in groups]
    weights = [float(group.weight) for group in groups]
    size_p = sample_ratio.p_value(sizes, weights)
    is_broken = sample_ratio.is_broken(sizes, weights)
    is_over = comparison.counted_through == comparison.until
    sums = [through[group.pk] for group in groups]
    lines = [
        _line(comparison, measure, groups, sums, place, is_broken=is_broken, is_over=is_over)
        for measure in MEASURES
        for place in range(1, len(groups))
    ]
    return Outcome(lines, sizes, size_p, is_broken, is_over)


def course(
    comparison: Comparison, groups: Sequence[ComparedGroup]
) -> dict[dt.date, dict[int, Sums]]:
    """Each counted day's sums by the group's number, in one query."""
    days: dict[dt.date, dict[int, Sums]] = {}
    rows = ComparedDay.objects.filter(group__in=groups).order_by("day")
    for day, group, sums in rows.values_list("day", "group_id", "sums"):
        days.setdefault(day, {})[group] = sums
    return days


def _line(
    comparison: Comparison,
    measure: str,
    groups: Sequence[ComparedGroup],
    sums: Sequence[Sums],
    place: int,
    *,
    is_broken: bool,
    is_over: bool,
) -> Line:
    sure = level(len(groups) - 1)
    control, variant, explained = _samples(measure, sums, place)
    if isinstance(control, Proportion) and isinstance(variant, Proportion):
        found = differences.proportions(control, variant, level=sure)
    else:
        found = differences.means(control, variant, level=sure)
    share = _information(comparison, measure, sums, explained)
    daily = sequential.interval(found, done_share=share, level=sure)
    pair = (sums[0], sums[place])
    return Line(
        measure=measure,
        group=groups[place],
        control_mean=_plain(measure, sums[0]).mean,
        mean=_plain(measure, sums[place]).mean,
        found=found,
        daily=daily,
        detectable=power.detectable(found.error, alpha=1 - sure),
        verdict=verdict(
            fixed=found.interval,
            sequential=daily,
            is_over=is_over,
            is_random=comparison.is_random,
            is_broken=is_broken,
            events=sum(one["done"] for one in pair),
        ),
        explained=explained,
    )


def _plain(measure: str, sums: Sums) -> Sample:
    if measure == CONVERSION:
        return Proportion(sums["n"], sums["done"])
    if measure == REVENUE:
        return comparisons.revenue_with_past(sums).of_y
    return Ratio(comparisons.revenue_with_events(sums))


def _samples(measure: str, sums: Sequence[Sums], place: int) -> tuple[Sample, Sample, float]:
    """Control and variant; of revenue the past is taken out where it helps, and told how much."""
    if measure == REVENUE:
        pairs = [comparisons.revenue_with_past(one) for one in sums]
        adjusted = cuped.adjusted(pairs)
        if adjusted is not None:
            return adjusted[0], adjusted[place], cuped.explained(pairs)
    return _plain(measure, sums[0]), _plain(measure, sums[place]), 0.0


def _information(
    comparison: Comparison, measure: str, sums: Sequence[Sums], explained: float
) -> float:
    """How much of the planned information is there; see `metrics.stats.sequential`."""
    if not comparison.plan:
        return 0.0
    if measure == REVENUE:
        pairs = [comparisons.revenue_with_past(one) for one in sums]
        variance = comparisons.pooled([one.of_y for one in pairs]) * (1 - explained)
        planned = comparison.plan["variance"]
        return variance / planned if planned else 0.0
    n, done = sum(one["n"] for one in sums), sum(one["done"] for one in sums)
    return min(sequential.odds(done / n) / comparison.plan["odds"], 1e6) if n else 0.0
