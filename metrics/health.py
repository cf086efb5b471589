"""The health scorecard: twelve indicators with weights and thresholds, and a score to 100."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from console import audit, roles
from console.models import Staff
from console.states import NotAllowed
from metrics import library
from metrics.measurements import MILLIONTH
from metrics.models import Benchmark, Indicator, Metric
from metrics.overall import Overall
from metrics.stats import attainment

ACTION = "health.change"
MANY, MOST_WEIGHT = 12, 100
WINDOW, WEEKS = 28, 26  # days that a value is of; weeks of history
LATE = 60  # days after which what was known last says nothing about now
DAY = dt.timedelta(days=1)
D = Decimal
# metric, weight, good from, bad from: values to begin with, which every business sets anew. The
# field's own limits: NPS 20 (R150), LTV/CAC 1.5 (R142).
SHIPPED = (
    ("stickiness", 10, D("0.2"), D("0.1")),
    ("retention_d1", 8, D("0.4"), D("0.2")),
    ("retention_d7", 10, D("0.25"), D("0.1")),
    ("retention_d30", 8, D("0.15"), D("0.05")),
    ("feature_use", 8, D("0.4"), D("0.1")),
    ("first_order_conversion", 8, D("0.3"), D("0.05")),
    ("paid_rate", 10, D("0.05"), D("0.02")),
    ("repurchase_rate", 10, D("0.4"), D("0.2")),
    ("existing_retention", 8, D("0.6"), D("0.3")),
    ("referral_rate", 5, D("0.1"), D("0.02")),
    ("nps", 8, D(50), D(20)),
    ("ltv_cac", 7, D(3), D("1.5")),
)


@dataclass(frozen=True)
class Standing:
    """One indicator now and in the weeks before."""

    indicator: Indicator
    values: Sequence[Decimal | None]  # by week, the oldest first; the last is now
    seen: Sequence[tuple[int, int] | None]  # of a share in these weeks: how many of how many
    benchmark: Benchmark | None

    @property
    def value(self) -> Decimal | None:
        return self.values[-1]

    @property
    def before(self) -> Decimal | None:
        """Four weeks ago."""
        return self.values[-5]

    @property
    def score(self) -> Decimal | None:
        return self.scored(-1)

    @property
    def is_thin(self) -> bool:
        """Known, and of too few to be judged."""
        return self.value is not None and self.score is None

    def scored(self, place: int) -> Decimal | None:
        """The score of a week; None where nothing is known, or too little to judge by."""
        good, bad = self.indicator.good, self.indicator.bad
        if attainment.is_thin(self.seen[place], good, bad):
            return None
        return attainment.scored(self.values[place], good, bad)

    @property
    def light(self) -> str:
        if self.score is None:
            return attainment.UNKNOWN
        if self.score >= 1:
            return attainment.GOOD
        return attainment.BAD if self.score <= 0 else attainment.WARN


@dataclass(frozen=True)
class Scorecard:
    """All indicators, the score now, and what it was each week by today's thresholds."""

    day: dt.date
    standings: Sequence[Standing]
    scores: Sequence[Decimal | None]
    days: Sequence[dt.date]

    @property
    def score(self) -> Decimal | None:
        return self.scores[-1]

    def lost(self, one: Standing) -> Decimal | None:
        """How many of the hundred points an indicator costs as it stands."""
        whole = sum(each.indicator.weight for each in self.standings if each.score is not None)
        if one.score is None or not whole:
            return None
        return 100 * one.indicator.weight * (1 - one.score) / whole

    def dearest(self, most: int = 3) -> list[Standing]:
        """What to look after first: the indicators that cost most points."""
        costly = [one for one in self.standings if self.lost(one)]
        return sorted(costly, key=lambda one: self.lost(one) or 0, reverse=True)[:most]

    @property
    def unknown(self) -> int:
        return sum(one.score is None for one in self.standings)


@transaction.atomic
def install() -> None:
    """The twelve that ship, where nobody has set any."""
    if Indicator.objects.exists():
        return
    metrics = library.by_key()
    Indicator.objects.bulk_create(
        [
            Indicator(metric=metrics[key], position=place, weight=weight, good=good, bad=bad)
            for place, (key, weight, good, bad) in enumerate(SHIPPED)
        ],
        ignore_conflicts=True,  # two people look for the first time at once
    )


def scorecard(last: dt.date) -> Scorecard:
    """How healthy it is at the end of the last closed day, from a handful of queries."""
    install()
    indicators = list(Indicator.objects.select_related("metric"))
    days = [last - DAY * 7 * week for week in reversed(range(WEEKS))]
    since = days[0] - DAY * (WINDOW + LATE)
    overall = Overall([one.metric.key for one in indicators], since, last)
    benchmarks = {one.metric_id: one for one in Benchmark.objects.order_by("day", "id")}
    standings = [_standing(one, overall, days, benchmarks) for one in indicators]
    scores = [_score(standings, place) for place in range(WEEKS)]
    return Scorecard(last, standings, scores, days)


def _score(standings: Sequence[Standing], place: int) -> Decimal | None:
    return attainment.weighed([(one.scored(place), one.indicator.weight) for one in standings])


def _standing(
    one: Indicator,
    overall: Overall,
    days: Sequence[dt.date],
    benchmarks: Mapping[int, Benchmark],
) -> Standing:
    key, is_share = one.metric.key, one.metric.unit == Metric.Unit.SHARE
    ends = [_known_until(overall, key, day) for day in days]
    spans = [(end - DAY * (WINDOW - 1), end) if end else None for end in ends]
    return Standing(
        one,
        [overall.value(key, *span) if span else None for span in spans],
        [overall.seen(key, *span) if span and is_share else None for span in spans],
        benchmarks.get(one.metric_id),
    )


def _known_until(overall: Overall, key: str, day: dt.date) -> dt.date | None:
    """The last day known by a day, where the four weeks end: retention is known only later."""
    known = [
        on
        for on, figure in overall.days(key).items()
        if figure.value is not None and day - DAY * LATE < on <= day
    ]
    return max(known, default=None)


# --- changing -----------------------------------------------------------------


@transaction.atomic
def change(rows: Sequence[Mapping[str, Any]], *, by: Staff) -> None:
    """Set all indicators anew: `metric`, `weight`, `good`, `bad` of each.

    Raises:
        NotAllowed: the role may not, or it makes no sense.
    """
    roles.require(by, ACTION)
    metrics: list[Metric] = [row["metric"] for row in rows]
    if len(rows) != MANY or len({one.pk for one in metrics}) != MANY:
        raise NotAllowed(_("A scorecard has twelve different indicators."))
    if any(abs(row["good"] - row["bad"]) < MILLIONTH for row in rows):
        raise NotAllowed(_("What is good and what is bad have to differ."))
    if not sum(row["weight"] for row in rows) > 0 or any(
        not 0 <= row["weight"] <= MOST_WEIGHT for row in rows
    ):
        raise NotAllowed(_("Weights go from 0 to 100, and not all are 0."))
    # Who comes second waits here, and puts theirs in the place of what the first has set.
    kept = list(Indicator.objects.select_for_update(of=["self"]).select_related("metric"))
    was = {str(one.metric.key): [one.weight, str(one.good), str(one.bad)] for one in kept}
    Indicator.objects.all().delete()
    Indicator.objects.bulk_create(
        [Indicator(position=place, **row) for place, row in enumerate(rows)]
    )
    audit.log("scorecard.changed", None, by=by, was=was)


@transaction.atomic
def set_benchmark(
    *, metric: Metric, value: Decimal, source: str, day: dt.date, by: Staff
) -> Benchmark:
    """Enter what a metric is elsewhere; the newest is shown, and older ones stay.

    Raises:
        NotAllowed: the role may not, or the source is missing.
    """
    roles.require(by, ACTION)
    if not source.strip():
        raise NotAllowed(_("Say where the number comes from."))
    row = Benchmark.objects.create(
        metric=metric, value=value, source=source.strip()[:200], day=day, by=by
    )
    audit.log("benchmark.entered", row, by=by, value=str(value), day=day)
    return row
