"""Goals with how they stand, spend, and what channels cost, for other programs."""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock, rest
from metrics import acquisition, goals, history, slicing, spending, tasks
from metrics.models import Channel, Goal, Metric, Spend


class GoalSerializer(serializers.ModelSerializer):
    """Money is in minor units, shares are from 0 to 1."""

    metric = serializers.SlugRelatedField(slug_field="key", queryset=Metric.objects.all())

    class Meta:
        model = Goal
        fields: ClassVar = [
            *("id", "metric", "slice", "since", "until", "target", "direction", "owner", "team"),
            *("note", "version", "archived_at"),
        ]
        read_only_fields: ClassVar = ["owner", "team", "version", "archived_at"]

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        metric = given.get("metric") or (self.instance and self.instance.metric)
        part = given.get("slice", self.instance.slice if self.instance else "")
        if part and metric and slicing.dimension_of(part) not in metric.slices:
            raise ValidationError({"slice": ["This metric is not measured by this slice."]})
        return given


class StandingSerializer(serializers.Serializer):
    """How a goal stands on the last closed day."""

    goal = GoalSerializer()
    actual = serializers.DecimalField(source="attained.actual", max_digits=25, decimal_places=6)
    attained = serializers.SerializerMethodField()
    due = serializers.SerializerMethodField()
    forecast = serializers.DecimalField(source="forecast.actual", max_digits=25, decimal_places=6)
    light = serializers.CharField()
    is_over = serializers.BooleanField()

    def get_attained(self, one: goals.Standing) -> Decimal | None:
        return _rounded(one.attained.share)

    def get_due(self, one: goals.Standing) -> Decimal | None:
        return _rounded(one.due)


class GoalViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet,
):
    """What numbers are to come to, and how that stands."""

    needs: ClassVar = {
        "list": "metrics.view",
        "retrieve": "metrics.view",
        "standing": "metrics.view",
        "create": goals.ACTION,
        "partial_update": goals.ACTION,
        "archive": goals.ACTION,
        "restore": goals.ACTION,
    }
    queryset = Goal.objects.select_related("metric", "owner", "team")
    serializer_class = GoalSerializer
    filterset_fields: ClassVar = {"archived_at": ["isnull"], "metric__key": ["exact"]}

    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        goal = goals.add(by=request.user, **serializer.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(goal).data, status=201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        goal = self.get_object()
        serializer = self.get_serializer(goal, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        given = request.data if isinstance(request.data, dict) else {}
        seen = given.get("version", goal.version)
        if not isinstance(seen, int):
            raise ValidationError({"version": ["Write a whole number."]})
        goals.edit(goal, by=request.user, seen_version=seen, **serializer.validated_data)  # type: ignore[arg-type]
        goal.refresh_from_db()
        return Response(self.get_serializer(goal).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str | None = None) -> Response:
        goal = self.get_object()
        goals.archive(goal, by=request.user)  # type: ignore[arg-type]
        goal.refresh_from_db()
        return Response(self.get_serializer(goal).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str | None = None) -> Response:
        goal = self.get_object()
        goals.restore(goal, by=request.user)  # type: ignore[arg-type]
        goal.refresh_from_db()
        return Response(self.get_serializer(goal).data)

    @extend_schema(responses=StandingSerializer)
    @action(detail=True, methods=["get"])
    def standing(self, request: Request, pk: str | None = None) -> Response:
        (found,) = goals.standings([self.get_object()], last=history.last_closed_day())
        return Response(StandingSerializer(found).data)


class SpendSerializer(serializers.ModelSerializer):
    """What was spent on a day; with `until`, in equal parts on several days."""

    channel = serializers.SlugRelatedField(
        slug_field="key", queryset=Channel.objects.all(), allow_null=True, required=False
    )
    until = serializers.DateField(write_only=True, required=False)

    class Meta:
        model = Spend
        fields: ClassVar = [
            *("id", "day", "until", "channel", "amount_minor", "source", "note", "campaign"),
            *("by", "at"),
        ]
        read_only_fields: ClassVar = ["source", "by", "at"]


class CostSerializer(serializers.Serializer):
    """A channel's line; the one without a name and `kind` rest is what no channel explains."""

    kind = serializers.CharField()
    channel = serializers.CharField()
    new = serializers.IntegerField()
    spend_minor = serializers.IntegerField()
    cost_minor = serializers.DecimalField(max_digits=25, decimal_places=6, allow_null=True)
    is_over = serializers.BooleanField()


class SpendViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """What acquisition costs. What is posted here is measured soon."""

    needs: ClassVar = {
        "list": "metrics.view",
        "retrieve": "metrics.view",
        "channels": "metrics.view",
        "create": spending.ACTION,
        "destroy": spending.ACTION,
    }
    queryset = Spend.objects.select_related("channel")
    serializer_class = SpendSerializer
    pagination_class = rest.Pages
    filterset_fields: ClassVar = {"day": ["gte", "lte"], "channel__key": ["exact"]}

    def get_queryset(self) -> QuerySet[Spend]:
        return Spend.objects.select_related("channel")

    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        day = given.pop("day")
        given = {"channel": None, "until": day, **given}
        rows = spending.enter(since=day, by=request.user, **given)  # type: ignore[arg-type]
        tasks.measure_changes_soon(by=request.user)  # type: ignore[arg-type]
        return Response(self.get_serializer(rows, many=True).data, status=201)

    def destroy(self, request: Request, pk: str | None = None) -> Response:
        spending.remove(self.get_object(), by=request.user)  # type: ignore[arg-type]
        tasks.measure_changes_soon(by=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    @extend_schema(responses=CostSerializer(many=True))
    @action(detail=False, methods=["get"], pagination_class=None, filterset_fields=None)
    def channels(self, request: Request) -> Response:
        """What new customers cost by channel `since` and `until` a day, with what remains."""
        last = history.last_closed_day()
        until = _day(request.query_params.get("until"), last)
        since = _day(request.query_params.get("since"), until - dt.timedelta(days=89))
        if since > until:
            raise ValidationError({"since": ["The period ends before it begins."]})
        found = acquisition.report(since, until)
        lines = [("channel", one) for one in [*found.rows, *found.without_spend]]
        lines += [("rest", found.rest), ("total", found.total)]
        said = [
            {
                "kind": kind,
                "channel": one.line.key,
                "new": one.line.new,
                "spend_minor": one.line.spend,
                "cost_minor": _rounded(one.line.cost),
                "is_over": one.is_over,
            }
            for kind, one in lines
        ]
        return Response(CostSerializer(said, many=True).data)


def _rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.000001"))


def _day(text: str | None, usual: dt.date) -> dt.date:
    if not text:
        return usual
    if (found := clock.read_day(text)) is None:
        raise ValidationError({"day": ["Write a date such as 2018-01-31."]})
    return found
