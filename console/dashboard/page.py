"""What the parts of one home page share: who looks, on which date, and the numbers."""

import datetime as dt
from collections.abc import Iterable
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext as _

from console import clock, roles
from console.charts import Word
from console.models import Project, Staff
from metrics import charts, history, measurements, words
from metrics.measurements import Figure, Freshness
from metrics.models import Metric

A_YEAR = dt.timedelta(days=366)


class Page:
    """One look at the home page. Numbers are read once, for all cards and charts together."""

    def __init__(self, staff: Staff, keys: Iterable[str]) -> None:
        self.staff = staff
        self.keys = tuple(keys)
        self.project: Project = clock.project()
        self.today = clock.today(self.project)
        self.zone = clock.zone(self.project)
        self.currency = self.project.currency

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        return {metric.key: metric for metric in Metric.objects.all()}

    @cached_property
    def words(self) -> dict[str, Word]:
        """The defined word that each metric rests on."""
        return words.by_metric()

    @cached_property
    def figures(self) -> dict[str, list[Figure]]:
        """Each metric's figures of the last year by day; those of stages reach today."""
        return measurements.read(self.keys, since=self.today - A_YEAR, until=self.today)

    @cached_property
    def freshness(self) -> Freshness | None:
        return measurements.freshness(until=self.today - history.DAY)

    @property
    def freshness_words(self) -> str:
        return charts.freshness_words(self.freshness)

    @property
    def is_measured(self) -> bool:
        return self.freshness is not None

    def may(self, action: str) -> bool:
        return roles.allows(self.staff, action)

    def link(self, name: str, *args: object, needs: str) -> str:
        """The address of a screen, or nothing when this person may not open it."""
        return reverse(name, args=args) if self.may(needs) else ""

    def metric_link(self, key: str) -> str:
        return self.link("admin:metrics_metric_change", self.metrics[key].pk, needs="metrics.view")

    def moment(self, at: dt.datetime | None) -> str:
        """A moment as the project's clocks show it."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}" if at else ""

    def day_words(self, day: dt.date) -> str:
        return _("yesterday") if day == self.today - history.DAY else day.isoformat()
