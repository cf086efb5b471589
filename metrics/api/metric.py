"""Metrics and their measurements, for other programs."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

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
        fields: ClassVar = ["day", "slice", "value", "numerator", "denominator", "computed_at"]


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
    """The definitions, and what each came to on closed days."""

    needs = "metrics.view"
    queryset = Metric.objects.all()
    serializer_class = MetricSerializer
    pagination_class = Definitions
    filterset_class: type[filters.FilterSet] | None = None
    lookup_field = "key"

    @extend_schema(
        responses=MeasurementSerializer(many=True),
        parameters=[
            OpenApiParameter("since", str, description="first day, YYYY-MM-DD"),
            OpenApiParameter("until", str, description="last day, YYYY-MM-DD"),
            OpenApiParameter("slice", str),
        ],
    )
    @action(detail=True, pagination_class=ByDay, filterset_class=MeasurementFilter)
    def measurements(self, request: Request, **_: Any) -> Response:
        found: QuerySet[Measurement] = self.filter_queryset(
            Measurement.objects.filter(
                metric=get_object_or_404(Metric, key=self.kwargs["key"]), day__lt=clock.today()
            )
        )
        page = self.paginate_queryset(found)
        return self.get_paginated_response(MeasurementSerializer(page, many=True).data)
