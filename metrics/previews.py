"""What a metric would come to over the last days, before anybody keeps it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches
from django.http import QueryDict

from console import kept_words
from console.models import Job, Staff
from metrics import history
from metrics.measurements import Figure
from metrics.recipes import nodes, reading
from metrics.reckoning import Reckoning
from metrics.sources import Sources

KIND = "metric_preview"
SECONDS_KEPT, DAYS = 3600, 30
KEY = "preview"


@dataclass
class Preview:
    """A form as it was sent, and what its recipe comes to once the job is done."""

    job: int
    recipe: dict[str, Any]
    unit: str
    form: dict[str, list[str]]
    by: int
    figures: list[Figure] | None = None
    problem: str = ""  # as `kept_words.keep` has it

    @property
    def why(self) -> str:
        """The problem, for whoever reads it."""
        return kept_words.said(self.problem)

    @property
    def is_done(self) -> bool:
        return self.figures is not None or bool(self.problem)

    def as_post(self) -> QueryDict:
        data = QueryDict(mutable=True)
        for name, values in self.form.items():
            data.setlist(name, values)
        return data


def begin(
    job: Job, recipe: dict[str, Any], unit: str, *, form: dict[str, list[str]], by: Staff
) -> None:
    """Remember what is to be tried."""
    _keep(Preview(job.pk, recipe, unit, form, by.pk))


def find(number: str, *, by: Any) -> Preview | None:
    """Somebody's own preview, while it is kept."""
    found: Preview | None = caches["shared"].get(f"{KIND}:{number}") if number.isdecimal() else None
    return found if found is not None and found.by == by.pk else None


def compute(number: int) -> None:
    """Find out what a recipe comes to; a second time changes nothing."""
    found: Preview | None = caches["shared"].get(f"{KIND}:{number}")
    if found is None or found.is_done:
        return
    found.figures, found.problem = of(reading.read(found.recipe))
    _keep(found)


def of(recipe: nodes.Recipe) -> tuple[list[Figure], str]:
    """The last closed days by this recipe, and why there are none."""
    past = history.load()
    if not past.days:
        return [], ""
    since = past.days[-1] - dt.timedelta(days=DAYS - 1)
    work = Reckoning({KEY: recipe}, Sources(past), max(since, past.days[0]), past.days[-1])
    figures = list(work.figures())
    return figures, work.failures.get(KEY, "")


def _keep(preview: Preview) -> None:
    caches["shared"].set(f"{KIND}:{preview.job}", preview, SECONDS_KEPT)
