"""What a trait would come to, before anybody keeps it: computed by a worker, read by a page."""

import datetime as dt
from dataclasses import asdict
from typing import Any

import numpy as np
from django.http import QueryDict
from django.utils import timezone

from console.models import Job, Staff
from segments import arrays, computing, distribution, gathering
from segments.distribution import Bin, Spread
from segments.models import TraitPreview
from segments.recipes import reading
from segments.sheet import Known

KIND = "trait_preview"
KEPT = dt.timedelta(hours=1)
EXAMPLES = 8


def begin(
    job: Job, recipe: dict[str, Any], kind: str, *, form: dict[str, list[str]], by: Staff
) -> None:
    """Remember what is to be tried; what was tried long ago goes."""
    TraitPreview.objects.filter(at__lt=timezone.now() - KEPT).delete()
    unit = (form.get("unit") or [""])[0].strip()[:20]
    TraitPreview.objects.create(job=job, recipe=recipe, kind=kind, form=form, by=by, unit=unit)


def find(number: str, *, by: Any) -> TraitPreview | None:
    """Somebody's own preview, while it is kept."""
    if not number.isdecimal() or len(number) > 9:
        return None
    return TraitPreview.objects.filter(job=int(number), by=by).first()


def compute(number: int, day: dt.date) -> None:
    """Find out what a recipe comes to; a second time changes nothing."""
    found = TraitPreview.objects.filter(job=number).first()
    if found is None or found.is_done:
        return
    try:
        column = computing.preview(reading.read(found.recipe), found.kind, day)
    except gathering.NotComputed as problem:
        found.problem = str(problem)
    else:
        found.spread = asdict(distribution.of(column.values, column.words))
        found.examples = _examples(column)
    found.save(update_fields=["spread", "examples", "problem"])


def spread(preview: TraitPreview) -> Spread:
    """How the values would be spread."""
    found = dict(preview.spread or asdict(Spread(0, [], {})))
    return Spread(**{**found, "bins": [Bin(**one) for one in found["bins"]]})


def as_post(preview: TraitPreview) -> QueryDict:
    """The form as it was sent."""
    data = QueryDict(mutable=True)
    for name, values in preview.form.items():
        data.setlist(name, values)
    return data


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
