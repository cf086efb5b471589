"""Metrics and their measurements, for other programs."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock, keeper_body, keepers, rest
from metrics import own, tasks, weekly
from metrics.models import Measurement, Metric
from segments.rules.nodes import RuleError


class MetricSerializer(serializers.ModelSerializer):
    """A metric; `version` says which version an edit is based on, `note` why it changes."""

    name = serializers.CharField(source="label")
    definition = serializers.CharField(source="explanation", required=False, allow_blank=True)
    recipe = serializers.JSONField()
    slices = serializers.ListField(child=serializers.CharField(), required=False)
    version = serializers.IntegerField(required=False)
    note = serializers.CharField(write_only=True, required=False, allow_blank=True)

    class Meta:
        model = Metric
        fields: ClassVar = [
            *("key", "name", "definition", "group", "unit", "direction", "over", "recipe"),
            *("slices", "version", "note", "is_shipped", "owner", "team", "failure"),
            "archived_at",
        ]
        read_only_fields: ClassVar = [
            *("key", "over", "is_shipped", "owner", "team", "failure", "archived_at"),
        ]
        extra_kwargs: ClassVar = {"unit": {"required": False}}


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


class MetricViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """What each number means. A new recipe starts the measuring of its past days."""

    needs: ClassVar = {
        "list": "metrics.view",
        "retrieve": "metrics.view",
        "around": "metrics.view",
        "create": own.ACTION,
        "partial_update": own.ACTION,
        "archive": own.ACTION,
        "restore": own.ACTION,
        "owner": own.ACTION,
    }
    filterset_fields: ClassVar = {"group": ["exact"], "archived_at": ["isnull"]}
    queryset = Metric.objects.all()
    serializer_class = MetricSerializer
    pagination_class = Definitions
    lookup_field = "key"

    def create(self, request: Request) -> Response:
        given = self._read(request)
        given.pop("version", None)
        try:
            row = own.add(by=request.user, **given)  # type: ignore[arg-type]
        except RuleError as problem:
            raise _refusal(problem) from problem
        tasks.measure_changes_soon(by=request.user)  # type: ignore[arg-type]
        return Response(self.get_serializer(row).data, status=201)

    def partial_update(self, request: Request, key: str | None = None) -> Response:
        row = self.get_object()
        given = self._read(request, row, partial=True)
        seen, note = given.pop("version", row.version), given.pop("note", "")
        try:
            anew = own.edit(row, by=request.user, seen_version=seen, note=note, **given)  # type: ignore[arg-type]
        except RuleError as problem:
            raise _refusal(problem) from problem
        if anew:
            tasks.measure_changes_soon(by=request.user)  # type: ignore[arg-type]
        return self._answer(row)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, key: str | None = None) -> Response:
        row = self.get_object()
        own.archive(row, by=request.user)  # type: ignore[arg-type]
        return self._answer(row)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, key: str | None = None) -> Response:
        row = self.get_object()
        own.restore(row, by=request.user)  # type: ignore[arg-type]
        tasks.measure_changes_soon(by=request.user)  # type: ignore[arg-type]
        return self._answer(row)

    @extend_schema(request=keeper_body.OwnerSerializer)
    @action(detail=True, methods=["post"])
    def owner(self, request: Request, key: str | None = None) -> Response:
        """Say who looks after it; of what ships as well."""
        row = self.get_object()
        owner = keeper_body.read(request)
        keepers.name(row, owner, by=request.user, action=own.ACTION)  # type: ignore[arg-type]
        return self._answer(row)

    @extend_schema(
        parameters=[OpenApiParameter("day", OpenApiTypes.DATE, required=True)],
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True)
    def around(self, request: Request, key: str | None = None) -> Response:
        """The eight weeks before a day and up to eight from it on, and whether it moved.

        `relative` is the change as a share, `low` and `high` its 95 % bounds, `moved` of `looked`
        earlier stretches as long moved as far; without whole measured weeks on both sides these
        are not there.
        """
        day = clock.read_day(request.query_params.get("day", ""))
        if day is None or day >= clock.today():
            raise ValidationError({"day": [_("Choose a day that is over.")]})
        return Response(weekly.around(self.get_object(), day, on=clock.today()))

    def _answer(self, row: Metric) -> Response:
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)

    def _read(self, request: Request, row: Metric | None = None, **how: bool) -> dict[str, Any]:
        serializer = self.get_serializer(row, data=request.data, **how)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        for source, name in (("label", "name"), ("explanation", "definition")):
            if source in given:
                given[name] = given.pop(source)
        return given


def _refusal(problem: RuleError) -> ValidationError:
    return ValidationError({"recipe": [problem.said(_)], "path": [*map(str, problem.path)]})


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
