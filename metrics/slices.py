"""What the slices of a metric are called on screen."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from metrics import slicing
from metrics.measurements import Figure
from metrics.models import Measurement, Metric
from segments.models import Stage

LATELY = 40  # days in which what is offered was measured
STAGES = "stage_customers"  # whose slices are the stages themselves


@dataclass(frozen=True)
class Offer:
    """A slice that one can choose: how it is kept, its words, and the metrics that have it."""

    part: str
    label: str
    metrics: frozenset[int]


def offered(*, until: dt.date) -> list[tuple[str, list[Offer]]]:
    """By what they divide the customers: the slices that were measured in the weeks before."""
    measured = Measurement.objects.filter(
        metric__in=list(Metric.objects.filter(archived_at=None)),  # by the index, with the days
        day__gt=until - dt.timedelta(days=LATELY),
        day__lte=until,
    )
    rows = measured.exclude(slice="").order_by().values_list("metric_id", "metric__key", "slice")
    having: dict[str, set[int]] = defaultdict(set)
    for number, key, part in rows.distinct():
        if "=" in part or key == STAGES:
            having[part].add(number)
    return _grouped(having)


def _grouped(having: dict[str, set[int]]) -> list[tuple[str, list[Offer]]]:
    called, dimensions = slicing.names(list(having)), slicing.dimensions()
    stages = {one.key: str(one) for one in default_stages()}
    groups: dict[str, list[Offer]] = defaultdict(list)
    for part, metrics in having.items():
        dimension = slicing.dimension_of(part)
        of_segment = dimension.startswith("segment:")
        title = _("Segments") if of_segment else dimensions.get(dimension or "stage", dimension)
        label = called.get(part, part) if dimension else stages.get(part, part)
        groups[title].append(Offer(part, label, frozenset(metrics)))
    return [(title, sorted(some, key=lambda one: one.label)) for title, some in groups.items()]


def names(metric: Metric, found: Iterable[Figure] = ()) -> dict[str, str]:
    """The words for this metric's slices, in the order in which they are shown."""
    if metric.key == STAGES:
        return {stage.key: str(stage) for stage in default_stages()}
    return slicing.names(list(dict.fromkeys(one.slice for one in found if "=" in one.slice)))


def is_measured(metric: Metric, part: str) -> bool:
    """Whether there are, or may come to be, figures of this slice; nothing is everybody."""
    if not part or slicing.dimension_of(part) in metric.slices:
        return True
    return Measurement.objects.filter(metric=metric, slice=part).exists()


def default_stages() -> list[Stage]:
    """The stages of the default set, first stage first."""
    return list(
        Stage.objects.filter(stage_set__is_default=True, retired_at=None).order_by("position")
    )
