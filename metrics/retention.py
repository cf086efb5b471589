"""Month cohorts: who came for the first time in a month, and came again in later ones."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction
from pyroaring import BitMap

from console import audit
from metrics import history, measurements
from metrics.history import History
from metrics.measurements import Figure, ratio
from metrics.models import Measurement
from metrics.stats import cohorts
from segments import definitions

KEY, NEXT = "monthly_retention", "next_month_retention"


@transaction.atomic
def monthly(*, until: dt.date | None = None) -> int:
    """Measure all month cohorts anew; returns how many there are.

    The last month may not be over: its column counts what was seen so far.
    """
    under = definitions.versions()  # first: what is read next may be newer, never older
    months = by_month(history.load(until=until))
    last = min(until or history.last_closed_day(), history.last_closed_day())
    lines = triangle(months)
    figures = [*lines, *next_month(lines, last)]
    at = measurements.keep(figures, under=under)
    # A cohort that late events have moved leaves nothing behind.
    Measurement.objects.filter(metric__key__in=(KEY, NEXT)).exclude(computed_at=at).delete()
    audit.log("metrics.retention_measured", cohorts=len(months))
    return len(months)


def by_month(past: History) -> dict[dt.date, BitMap]:
    """Everybody active in each calendar month, by the month's first day."""
    months: dict[dt.date, BitMap] = defaultdict(BitMap)
    for day, active in zip(past.days, past.active, strict=True):
        months[day.replace(day=1)] |= active
    return dict(months)


def triangle(months: dict[dt.date, BitMap]) -> list[Figure]:
    """A figure for each cohort (its first month's first day) and number of months later."""
    lines = cohorts.triangle(list(months.values()))
    return [
        ratio(KEY, month, share.numerator, share.denominator, part=str(later))
        for month, line in zip(months, lines, strict=True)
        for later, share in enumerate(line)
    ]


def next_month(figures: Iterable[Figure], last: dt.date) -> list[Figure]:
    """The second place of each line, once that month is over on the `last` closed day."""
    return [
        replace(figure, key=NEXT, slice="")
        for figure in figures
        if figure.slice == "1" and _months_after(figure.day, 2) - dt.timedelta(days=1) <= last
    ]


def _months_after(month: dt.date, many: int) -> dt.date:
    years, place = divmod(month.month - 1 + many, 12)
    return dt.date(month.year + years, place + 1, 1)
