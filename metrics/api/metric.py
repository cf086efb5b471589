"""Metrics and their measurements, for other programs."""

from typing import ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import mixins, serializers, viewsets
from rest_framework.generics import get_object_or_404

from console import clock, rest
from metrics.models import Measurement, Metric


class MetricSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="label", read_only=True)
    definition = serializers.CharField(source="explanation", read_only=True)

    class Meta:
        model = Metric
        fields: ClassVar = ["key", "name", "definition", "unit", "version"]


class MeasurementSerializer(serializers.ModelSerializer):
    """Money is in minor units of the project's currency."""

    class Meta:
        model = Measurement
        fields: ClassVar = [
            "day",
            "slice",
            "value",
            "numerator",
            "denominator",
            "definition_version",
            "computed_at",
        ]


class MeasurementFilter(filters.FilterSet):
    since = filters.DateFilter(field_name="day", lookup_expr="gte")
    until = filters.DateFilter(field_name="day", lookup_expr="lte")
    slice = filters.CharFilter()

    class Meta:
        model = Measurement
        fields: ClassVar = ["since", "until", "slice"]


class Definitions(rest.Pages):
    """In the order of the library."""

    ordering = "pk"


class ByDay(rest.Pages):
    """Oldest day first."""

    ordering = ("day", "slice")  # type: ignore[assignment]
    page_size = 400


class MetricViewSet(viewsets.ReadOnlyModelViewSet):
    """What each number means."""

    needs = "metrics.view"
    queryset = Metric.objects.all()
    serializer_class = MetricSerializer
    pagination_class = Definitions
    lookup_field = "key"


class MeasurementViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """What one metric came to on the days that are over."""

    needs = "metrics.view"
    queryset = Measurement.objects.all()
    serializer_class = MeasurementSerializer
    pagination_class = ByDay
    filterset_class = MeasurementFilter

    def get_queryset(self) -> QuerySet[Measurement]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a request
            return Measurement.objects.none()
        metric = get_object_or_404(Metric, key=self.kwargs["key"])
        return metric.measurements.filter(day__lt=clock.today())
