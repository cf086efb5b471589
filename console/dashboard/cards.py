"""The cards on top: one number each, how it changed, and what it means."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import charts, figures
from console.charts import Word
from console.dashboard.page import Page
from metrics.measurements import Figure

SPARK_DAYS = 60


@dataclass(frozen=True)
class Pair:
    """A number, and the same some time before."""

    now: Decimal | None
    before: Decimal | None


@dataclass(frozen=True)
class Card:
    """One number as it is shown."""

    key: str
    label: str
    value: str
    period: str  # what the number is of, and what it is compared with
    change: str
    direction: str  # up, down, or nothing
    definition: str
    link: str
    spark: str  # an SVG path; empty when there is no course to show
    word: Word | None = None


@dataclass(frozen=True)
class Newest:
    """The last closed day against the day so many days before."""

    back: int

    def pair(self, found: Sequence[Figure]) -> Pair:
        by_day = {figure.day: figure.value for figure in found}
        last = found[-1].day
        return Pair(by_day[last], by_day.get(last - dt.timedelta(days=self.back)))

    def period(self, page: Page, found: Sequence[Figure], *, is_compared: bool) -> str:
        day = page.day_words(found[-1].day)
        if not is_compared:
            return day
        return _("%(day)s, against %(n)d days before") % {"day": day, "n": self.back}


@dataclass(frozen=True)
class Total:
    """The sum of the last so many days against as many before."""

    days: int

    def pair(self, found: Sequence[Figure]) -> Pair:
        now, before = found[-self.days :], found[-2 * self.days : -self.days]
        return Pair(_sum(now), _sum(before) if len(before) == self.days else None)

    def period(self, page: Page, found: Sequence[Figure], *, is_compared: bool) -> str:
        days = min(self.days, len(found))
        if not is_compared:
            return _("last %(n)d days") % {"n": days}
        return _("last %(n)d days, against the %(n)d before") % {"n": days}


class Quotient(Total):
    """A ratio over the last so many days: all numerators by all denominators."""

    def pair(self, found: Sequence[Figure]) -> Pair:
        now, before = found[-self.days :], found[-2 * self.days : -self.days]
        return Pair(_ratio(now), _ratio(before) if len(before) == self.days else None)


class Returned(Quotient):
    """The same of new customers; how many they were says how much the share is worth."""

    def period(self, page: Page, found: Sequence[Figure], *, is_compared: bool) -> str:
        customers = sum(figure.denominator or 0 for figure in found[-self.days :])
        return ngettext(
            "of %(n)d new customer in %(days)d days",
            "of %(n)d new customers in %(days)d days",
            customers,
        ) % {"n": customers, "days": self.days}


HOW: dict[str, Newest | Total] = {
    "dau": Newest(7),
    "wau": Newest(7),
    "mau": Newest(30),
    "stickiness": Newest(30),
    "new_customers": Total(30),
    "interacting": Newest(7),
    "effective_new": Total(30),
    "orders": Total(30),
    "revenue": Total(30),
    "average_order": Quotient(30),
    "arppu": Quotient(30),
    "retention_d1": Returned(30),
    "retention_d7": Returned(30),
    "retention_d30": Returned(30),
}


def card(page: Page, key: str) -> Card | None:
    """The card of a metric; None while it has never been measured."""
    found = page.figures.get(key, [])
    if not found or key not in page.metrics:
        return None
    metric, how = page.metrics[key], HOW[key]
    pair = how.pair(found)
    change, direction = _change(metric.unit, pair)
    return Card(
        key=key,
        label=metric.label,
        value=_value(pair.now, metric.unit, page.currency),
        period=how.period(page, found, is_compared=bool(change)),
        change=change,
        direction=direction,
        definition=metric.explanation,
        link=page.metric_link(key),
        spark=charts.spark([figure.value for figure in found[-SPARK_DAYS:]]),
        word=page.words.get(key),
    )


def _value(value: Decimal | None, unit: str, currency: str) -> str:
    if unit == "money":
        return figures.short_money(value, currency)
    return figures.in_unit(value, unit, currency)


def _change(unit: str, pair: Pair) -> tuple[str, str]:
    """Shares differ by percentage points, everything else by a share of before."""
    if pair.now is None or pair.before is None:
        return "", ""
    if unit == "share":
        points = float(pair.now - pair.before)
        words = _("%(change)s points") % {"change": figures.signed_share(points)[:-1]}
        return words, _direction(points)
    part = figures.change(pair.now, pair.before)
    return (figures.signed_share(part), _direction(part)) if part is not None else ("", "")


def _direction(change: float) -> str:
    """What rounds to nothing went nowhere."""
    if abs(change) < 0.0005:
        return ""
    return "up" if change > 0 else "down"


def _sum(found: Sequence[Figure]) -> Decimal:
    return sum((figure.value for figure in found if figure.value is not None), Decimal(0))


def _ratio(found: Sequence[Figure]) -> Decimal | None:
    whole = sum(figure.denominator or 0 for figure in found)
    return Decimal(sum(figure.numerator or 0 for figure in found)) / whole if whole else None
