"""Months and weeks close: what each metric came to is kept, and told anew after late data.

A period closes for a metric when it is over, the agreed days for late data have passed, and its
last day is measured (retention knows it 30 days later), or cannot be any more.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Avg, Max, Sum
from django.db.models.functions import TruncMonth, TruncWeek

from console import audit
from metrics.models import Closing, Grain, Measurement, Metric, PeriodResult

DAY = dt.timedelta(days=1)
MILLIONTH = Decimal("0.000001")
# A last day that is not measured by then will not be: the metric knows other days only.
LONGEST_WAIT = dt.timedelta(days=35)
TRUNCATED = {Grain.MONTH: TruncMonth, Grain.WEEK: TruncWeek}
Over = Metric.Over


@dataclass(frozen=True)
class Sums:
    """A period's days of one metric and slice, added up."""

    total: Decimal | None
    average: Decimal | None
    numerator: int | None
    denominator: int | None
    last_day: dt.date


@dataclass(frozen=True)
class Value:
    """What a period came to; a quotient with both its parts."""

    value: Decimal | None
    numerator: int | None = None
    denominator: int | None = None


# --- the calendar -------------------------------------------------------------


def begin(day: dt.date, grain: str) -> dt.date:
    """The first day of the period that a day is in."""
    return day.replace(day=1) if grain == Grain.MONTH else day - DAY * day.weekday()


def following(begins_on: dt.date, grain: str) -> dt.date:
    """The first day of the period after."""
    return begin(begins_on + DAY * (32 if grain == Grain.MONTH else 7), grain)


def before(begins_on: dt.date, grain: str) -> dt.date:
    """The first day of the period before."""
    return begin(begins_on - DAY, grain)


def name(begins_on: dt.date, grain: str) -> str:
    """2017-12, or 2017-W51."""
    if grain == Grain.MONTH:
        return f"{begins_on:%Y-%m}"
    year, week, _day = begins_on.isocalendar()
    return f"{year}-W{week:02}"


# --- closing ------------------------------------------------------------------


def late_days() -> int:
    """How many days after its end a period closes."""
    found = Closing.objects.filter(pk=1).values_list("late_days", flat=True).first()
    return 3 if found is None else found


@transaction.atomic
def wait_for(days: int) -> None:
    """Agree on other days for late data; what is closed stays closed."""
    Closing.objects.update_or_create(pk=1, defaults={"late_days": days})
    audit.log("periods.closing_changed", late_days=days)


def close(*, today: dt.date, slices: Collection[str] = ("",)) -> list[PeriodResult]:
    """Close what can be, and tell anew what late data changed; the rows that were added.

    `slices` are those that somebody asks for, the empty one is everybody. Two who close at
    once add each row once.
    """
    added: list[PeriodResult] = []
    metrics = {one.pk: one for one in Metric.objects.all()}
    for grain in Grain:
        added += _close(grain, metrics, today=today, slices=slices)
    if added:
        revised = sum(one.revision > 1 for one in added)
        audit.log("periods.closed", results=len(added), revised=revised)
    return added


@transaction.atomic
def _close(
    grain: Grain, metrics: dict[int, Metric], *, today: dt.date, slices: Collection[str]
) -> list[PeriodResult]:
    sums = _added_up(grain, slices, until=today)
    newest = _newest_day()
    known = {(one.metric_id, one.slice, one.begins_on): one for one in latest(grain, slices)}
    last = _last_values(metrics, sums)
    fresh = []
    for (metric, part, begins_on), found in sums.items():
        if not _is_closed(begins_on, grain, today=today, newest=newest[metric]):
            continue
        value = _value(metrics[metric].over, found, last.get((metric, part, begins_on)))
        was = known.get((metric, part, begins_on))
        if was is None or not _is_same(was, value):
            fresh.append(_row(metric, part, grain, begins_on, value, was, today))
    kept = PeriodResult.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=2_000)
    return list(kept)


def latest(grain: str, slices: Collection[str] = ("",)) -> Iterable[PeriodResult]:
    """What is known now of each closed period."""
    rows = PeriodResult.objects.filter(grain=grain, slice__in=list(slices))
    order = ["metric_id", "slice", "begins_on"]
    return rows.order_by(*order, "-revision").distinct(*order).iterator(chunk_size=2_000)


def _is_closed(begins_on: dt.date, grain: str, *, today: dt.date, newest: dt.date) -> bool:
    end = following(begins_on, grain)
    waited = today - end
    if waited < DAY * late_days():
        return False
    return newest >= end - DAY or waited >= LONGEST_WAIT


def _added_up(
    grain: Grain, slices: Collection[str], *, until: dt.date
) -> dict[tuple[int, str, dt.date], Sums]:
    rows = (
        Measurement.objects.filter(slice__in=list(slices), day__lt=until)
        .annotate(period=TRUNCATED[grain]("day"))
        .order_by()
        .values_list("metric_id", "slice", "period")
        .annotate(
            total=Sum("value"),
            average=Avg("value"),
            numerators=Sum("numerator"),
            denominators=Sum("denominator"),
            last_day=Max("day"),
        )
    )
    return {row[:3]: Sums(*row[3:]) for row in rows}


def _newest_day() -> dict[int, dt.date]:
    rows = Measurement.objects.order_by().values_list("metric_id").annotate(day=Max("day"))
    return dict(rows)


def _last_values(
    metrics: dict[int, Metric], sums: dict[tuple[int, str, dt.date], Sums]
) -> dict[tuple[int, str, dt.date], Value]:
    """The values of the periods' last days, of the metrics that are told by them."""
    wanted = {
        (metric, part, found.last_day): (metric, part, begins_on)
        for (metric, part, begins_on), found in sums.items()
        if metrics[metric].over == Over.LAST
    }
    rows = Measurement.objects.filter(
        metric__in={metric for metric, _, _ in wanted}, day__in={day for _, _, day in wanted}
    ).values_list("metric_id", "slice", "day", "value", "numerator", "denominator")
    return {wanted[row[:3]]: Value(*row[3:]) for row in rows if row[:3] in wanted}


def _value(over: str, found: Sums, last: Value | None) -> Value:
    if over == Over.LAST:
        return last or Value(None)
    if over == Over.QUOTIENT:
        return _quotient(found.numerator, found.denominator)
    chosen = found.total if over == Over.SUM else found.average
    return Value(None if chosen is None else chosen.quantize(MILLIONTH))


def _quotient(numerator: int | None, denominator: int | None) -> Value:
    """Sums from the database are decimals; of nothing there is no share."""
    if numerator is None or not denominator:
        return Value(None, _whole(numerator), _whole(denominator))
    value = (Decimal(numerator) / Decimal(denominator)).quantize(MILLIONTH)
    return Value(value, int(numerator), int(denominator))


def _whole(number: int | None) -> int | None:
    return None if number is None else int(number)


def _is_same(was: PeriodResult, now: Value) -> bool:
    return (was.value, was.numerator, was.denominator) == (
        now.value,
        now.numerator,
        now.denominator,
    )


def _row(
    metric: int,
    part: str,
    grain: str,
    begins_on: dt.date,
    value: Value,
    was: PeriodResult | None,
    today: dt.date,
) -> PeriodResult:
    return PeriodResult(
        metric_id=metric,
        slice=part,
        grain=grain,
        begins_on=begins_on,
        revision=was.revision + 1 if was else 1,
        value=value.value,
        numerator=value.numerator,
        denominator=value.denominator,
        closed_on=today,
    )
