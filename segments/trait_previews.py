"""What a trait would come to, before anybody keeps it: computed by a worker, read by a page."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.core.cache import cache
from django.http import QueryDict

from console.models import Job, Staff
from segments import arrays, computing, distribution, gathering
from segments.distribution import Spread
from segments.recipes import reading
from segments.sheet import Known

KIND = "trait_preview"
SECONDS_KEPT, EXAMPLES = 3600, 8


@dataclass
class Preview:
    """A form as it was sent, and what its recipe comes to once the job is done."""

    job: int
    recipe: dict[str, Any]
    kind: str
    form: dict[str, list[str]]
    by: int
    unit: str = ""
    spread: Spread | None = None
    examples: list[tuple[int, Any]] = field(default_factory=list)
    problem: str = ""

    @property
    def is_done(self) -> bool:
        return self.spread is not None or bool(self.problem)

    def as_post(self) -> QueryDict:
        data = QueryDict(mutable=True)
        for name, values in self.form.items():
            data.setlist(name, values)
        return data


def begin(
    job: Job, recipe: dict[str, Any], kind: str, *, form: dict[str, list[str]], by: Staff
) -> None:
    """Remember what is to be tried."""
    unit = (form.get("unit") or [""])[0]
    _keep(Preview(job.pk, recipe, kind, form, by.pk, unit))


def find(number: str, *, by: Any) -> Preview | None:
    """Somebody's own preview, while it is kept."""
    found: Preview | None = cache.get(_key(number)) if number.isdecimal() else None
    return found if found is not None and found.by == by.pk else None


def compute(number: int, day: Any) -> None:
    """Find out what a recipe comes to; a second time changes nothing."""
    found: Preview | None = cache.get(_key(str(number)))
    if found is None or found.is_done:
        return
    try:
        column = computing.preview(reading.read(found.recipe), found.kind, day)
    except gathering.NotComputed as problem:
        found.problem = str(problem)
    else:
        found.spread = distribution.of(column.values, column.words)
        found.examples = _examples(column)
    _keep(found)


def _examples(column: Known) -> list[tuple[int, Any]]:
    """Some customers from the lowest value to the highest."""
    who = np.flatnonzero(arrays.known(column.values))
    if not len(who):
        return []
    order = who[np.argsort(column.values[who], kind="stable")]
    places = np.unique(np.linspace(0, len(order) - 1, EXAMPLES).astype(int))
    return [
        (one, column.words[value] if column.words else value)
        for one, value in zip(
            order[places].tolist(), column.values[order[places]].tolist(), strict=True
        )
    ]


def _key(number: str) -> str:
    return f"{KIND}:{number}"


def _keep(preview: Preview) -> None:
    cache.set(_key(str(preview.job)), preview, SECONDS_KEPT)
