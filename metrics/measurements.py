"""Writing what was measured, and reading it back for screens."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from metrics import library
from metrics.models import Measurement, Metric
from segments import definitions

MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True)
class Figure:
    """One value of one metric. A figure without a value says: this has no answer, and is known."""

    key: str
    day: dt.date
    value: Decimal | None
    numerator: int | None = None
    denominator: int | None = None
    slice: str = ""


@dataclass(frozen=True)
class Freshness:
    """Up to which day the numbers reach, and when they were computed."""

    as_of: dt.date
    computed_at: dt.datetime


def count(key: str, day: dt.date, number: int, *, part: str = "") -> Figure:
    return Figure(key, day, Decimal(number), slice=part)


def ratio(key: str, day: dt.date, numerator: int, denominator: int, *, part: str = "") -> Figure:
    """A quotient with both its parts; nothing divided by nothing has no value."""
    value = Decimal(numerator) / denominator if denominator else None
    rounded = None if value is None else value.quantize(MILLIONTH)
    return Figure(key, day, rounded, numerator, denominator, part)


@transaction.atomic
def keep(
    figures: Sequence[Figure],
    *,
    metrics: Mapping[str, Metric] | None = None,
    under: Mapping[str, int] | None = None,
) -> dt.datetime:
    """Write the figures over what stood in their places; returns the moment they carry.

    `metrics` are those that they were measured by, and `under` the versions of the definitions
    that they follow (None: those in force). Who computes for long has to ask for both before it
    reads what they rest on.
    """
    metrics = library.by_key() if metrics is None else metrics
    under = definitions.versions() if under is None else under
    at = timezone.now()
    rows = (
        (
            metrics[figure.key].pk,
            figure.day,
            figure.slice,
            figure.value,
            figure.numerator,
            figure.denominator,
            under.get(metrics[figure.key].rests_on),
            metrics[figure.key].version,
            at,
        )
        for figure in figures
    )
    with connection.cursor() as cursor:  # tens of thousands: rows of the ORM would take seconds
        cursor.execute(_DRAFT)
        with cursor.copy(f"COPY measured ({_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_KEEP)
    return at


_COLUMNS = """
    metric_id, day, slice, value, numerator, denominator, definition_version, metric_version,
    computed_at
"""
_DRAFT = f"""
    CREATE TEMPORARY TABLE measured ON COMMIT DROP
    AS SELECT {_COLUMNS} FROM metrics_measurement WITH NO DATA
"""  # noqa: S608
_KEEP = f"""
    INSERT INTO metrics_measurement ({_COLUMNS}) SELECT {_COLUMNS} FROM measured
    ON CONFLICT (metric_id, day, slice) DO UPDATE SET
        value = EXCLUDED.value,
        numerator = EXCLUDED.numerator,
        denominator = EXCLUDED.denominator,
        definition_version = EXCLUDED.definition_version,
        metric_version = EXCLUDED.metric_version,
        computed_at = EXCLUDED.computed_at;
    DROP TABLE measured
"""  # noqa: S608


def read(
    keys: Iterable[str],
    *,
    since: dt.date | None = None,
    until: dt.date | None = None,
    sliced: bool = False,
) -> dict[str, list[Figure]]:
    """The figures of these metrics by key, oldest day first, in one query.

    Those of slices such as `channel=app` are only given when asked for: added to the others,
    everybody would count again. Parts that make up a metric, such as its stages, always are.
    """
    wanted = list(keys)
    rows = Measurement.objects.filter(metric__key__in=wanted)
    if not sliced:
        rows = rows.exclude(slice__contains="=")
    if since:
        rows = rows.filter(day__gte=since)
    if until:
        rows = rows.filter(day__lte=until)
    found: dict[str, list[Figure]] = {key: [] for key in wanted}
    for row in rows.order_by("day", "slice").values_list(
        "metric__key", "day", "value", "numerator", "denominator", "slice"
    ):
        found[row[0]].append(Figure(*row))
    return found


def outdated(versions: Mapping[str, int]) -> set[str]:
    """The metrics with figures that follow an older version of what they rest on, or of their
    own recipe."""
    rows = Measurement.objects.order_by().values_list(
        "metric__key", "metric__rests_on", "definition_version", "metric_version", "metric__version"
    )
    return {
        key
        for key, word, version, measured, current in rows.distinct()
        if (version is not None and version != versions.get(word))
        or (measured is not None and measured != current)
    }


def freshness(*, until: dt.date) -> Freshness | None:
    """How fresh the daily numbers are; None before the first measuring."""
    newest = Measurement.objects.filter(metric__key="dau", day__lte=until)
    found = newest.aggregate(as_of=Max("day"), computed_at=Max("computed_at"))
    return Freshness(**found) if found["as_of"] else None
