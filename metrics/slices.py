"""What the slices of a metric are called on screen."""

from collections.abc import Iterable

from metrics import slicing
from metrics.measurements import Figure
from metrics.models import Measurement, Metric
from segments.models import Stage


def names(metric: Metric, found: Iterable[Figure] = ()) -> dict[str, str]:
    """The words for this metric's slices, in the order in which they are shown."""
    if metric.key == "stage_customers":
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
