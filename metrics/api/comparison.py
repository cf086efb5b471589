"""Comparisons and what came of them, for other programs."""

from typing import Any, ClassVar

from rest_framework import serializers, viewsets

from metrics import lift
from metrics.models import Comparison
from metrics.stats.differences import Interval


class ComparisonSerializer(serializers.ModelSerializer):
    """Revenue is in minor units; `lines` are there once a day is counted."""

    groups = serializers.SerializerMethodField()
    lines = serializers.SerializerMethodField()

    class Meta:
        model = Comparison
        fields: ClassVar = [
            "id",
            "name",
            "goal_event",
            "since",
            "until",
            "is_random",
            "counted_through",
            "groups",
            "lines",
        ]

    def get_groups(self, comparison: Comparison) -> list[dict[str, Any]]:
        return [
            {"name": group.name, "size": group.size, "is_control": group.position == 0}
            for group in comparison.groups.all()
        ]

    def get_lines(self, comparison: Comparison) -> list[dict[str, Any]]:
        groups = list(comparison.groups.all())
        course = lift.course(comparison, groups)
        if not course:
            return []
        outcome = lift.outcome(comparison, groups, course[max(course)])
        return [_line(line) for line in outcome.lines]


def _line(line: lift.Line) -> dict[str, Any]:
    found = line.found
    return {
        "measure": line.measure,
        "variant": line.group.name,
        "control": line.control_mean,
        "value": line.mean,
        "difference": found.effect,
        "interval": _bounds(found.interval),
        "relative": found.relative,
        "relative_interval": _bounds(found.relative_interval),
        "daily_interval": _bounds(line.daily),
        "p": found.p,
        "verdict": line.verdict.value,
    }


def _bounds(interval: Interval | None) -> list[float] | None:
    return [interval.low, interval.high] if interval else None


class ComparisonViewSet(viewsets.ReadOnlyModelViewSet):
    """Newest first."""

    needs = "metrics.view"
    queryset = Comparison.objects.prefetch_related("groups")
    serializer_class = ComparisonSerializer
