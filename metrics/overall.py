"""What a metric comes to over several days, as its definition says: read at once for many."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from metrics import library
from metrics.measurements import Figure
from metrics.models import Measurement, Metric
from metrics.recipes import formulas, nodes

Over = Metric.Over
Days = Mapping[dt.date, Figure]
NO_DAYS: Days = {}


class Overall:
    """Days of some metrics, and what they come to together.

    Reads these metrics, and the parts of those that are made of others, in two queries.
    """

    def __init__(
        self,
        keys: Iterable[str],
        since: dt.date,
        until: dt.date,
        *,
        parts: Iterable[str] = ("",),
    ) -> None:
        self.metrics = library.rows()
        self._values: dict[tuple[str, dt.date, dt.date, str], Decimal | None] = {}
        wanted: dict[str, None] = {}
        for key in keys:
            self._gather(key, wanted)
        rows = Measurement.objects.filter(
            metric__key__in=list(wanted), day__gte=since, day__lte=until, slice__in=list(parts)
        )
        self._days: dict[tuple[str, str], dict[dt.date, Figure]] = defaultdict(dict)
        for row in rows.order_by("day").values_list(
            "metric__key", "day", "value", "numerator", "denominator", "slice"
        ):
            self._days[row[0], row[5]][row[1]] = Figure(*row)

    def _gather(self, key: str, wanted: dict[str, None]) -> None:
        if key in wanted or key not in self.metrics:
            return
        wanted[key] = None
        if self.metrics[key].over == Over.QUOTIENT:
            for other in nodes.leans_on(library.recipe(self.metrics[key])):
                self._gather(other, wanted)

    def days(self, key: str, part: str = "") -> Days:
        return self._days.get((key, part), NO_DAYS)

    def value(self, key: str, since: dt.date, until: dt.date, part: str = "") -> Decimal | None:
        """Of the days from one to another; None where nothing is known.

        Kept, because metrics of metrics ask for the same part again and again.
        """
        asked = (key, since, until, part)
        if asked not in self._values:
            self._values[asked] = self._value(*asked)
        return self._values[asked]

    def seen(self, key: str, since: dt.date, until: dt.date) -> tuple[int, int] | None:
        """How many of how many a quotient's value is of; None of what is no such quotient."""
        metric = self.metrics.get(key)
        if metric is None or metric.over != Over.QUOTIENT:
            return None
        some = [one for day, one in self.days(key).items() if since <= day <= until]
        if all(one.denominator is None for one in some):
            return None
        return sum(one.numerator or 0 for one in some), sum(one.denominator or 0 for one in some)

    def _value(self, key: str, since: dt.date, until: dt.date, part: str) -> Decimal | None:
        metric = self.metrics.get(key)
        if metric is None:
            return None
        some = [one for day, one in self.days(key, part).items() if since <= day <= until]
        known = [one.value for one in some if one.value is not None]
        match metric.over:
            case Over.SUM:
                return sum(known, Decimal(0)) if known else None
            case Over.LAST:
                return known[-1] if known else None
            case Over.AVERAGE:
                return sum(known, Decimal(0)) / len(known) if known else None
        return self._quotient(metric, some, since, until, part)

    def _quotient(
        self, metric: Metric, some: list[Figure], since: dt.date, until: dt.date, part: str
    ) -> Decimal | None:
        if any(one.denominator is not None for one in some):
            below = sum(one.denominator or 0 for one in some)
            return Decimal(sum(one.numerator or 0 for one in some)) / below if below else None
        recipe = library.recipe(metric)
        if isinstance(recipe, nodes.Derived):
            parts = {one: self.value(one, since, until, part) for one in recipe.formula.names}
            return formulas.value(recipe.formula, self._alike(parts, since, until, part))
        known = [one.value for one in some if one.value is not None]
        return sum(known, Decimal(0)) / len(known) if known else None

    def _alike(
        self,
        parts: Mapping[str, Decimal | None],
        since: dt.date,
        until: dt.date,
        part: str,
    ) -> Mapping[str, Decimal | None]:
        """Parts as averages a day where sums and averages meet in a formula: a sum of thirty days
        by an average day would be thirty times too much."""
        overs = {self.metrics[one].over for one in parts if one in self.metrics}
        if not {Over.AVERAGE, Over.LAST} & overs or Over.SUM not in overs:
            return parts
        days = (until - since).days + 1
        return {
            key: value / self._counted(key, part, since, until, days)
            if value is not None and self.metrics[key].over == Over.SUM
            else value
            for key, value in parts.items()
        }

    def _counted(self, key: str, part: str, since: dt.date, until: dt.date, days: int) -> int:
        """On how many days something is known of a metric."""
        known = [day for day in self.days(key, part) if since <= day <= until]
        return len(known) or days
