"""Stage sets over the API: the stages with who stands where, and the matrix of moves."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock
from segments import matrix, stages
from segments.models import StageSet


class StageSetSerializer(serializers.ModelSerializer):
    """A stage set with its freshness."""

    name = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = StageSet
        fields: ClassVar = [
            "id",
            "key",
            "name",
            "is_default",
            "version",
            "computed_version",
            "owner",
            "team",
            "data_as_of",
            "computed_at",
            "failure",
            "archived_at",
        ]


class StandingSerializer(serializers.Serializer):
    """One stage, in order, with its rule and how many stand there."""

    key = serializers.CharField()
    name = serializers.CharField()
    level = serializers.IntegerField()
    rule = serializers.JSONField()
    customers = serializers.IntegerField()
    share = serializers.FloatField()
    is_retired = serializers.BooleanField()


class CellSerializer(serializers.Serializer):
    """How many stood here on the first day and there on the second; null is outside of all."""

    was = serializers.CharField(allow_null=True)
    now = serializers.CharField(allow_null=True)
    customers = serializers.IntegerField()


class MatrixSerializer(serializers.Serializer):
    """Every pair of stages, or tiers, that anybody is in, and the sums."""

    since = serializers.DateField()
    until = serializers.DateField()
    cells = CellSerializer(many=True)
    forward = serializers.IntegerField()
    back = serializers.IntegerField()
    stayed = serializers.IntegerField()
    came = serializers.IntegerField()
    left = serializers.IntegerField()


class AskedSerializer(serializers.Serializer):
    """Two days; by default the last that is known and the one 30 days before it."""

    since = serializers.DateField()
    until = serializers.DateField()

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["since"] > given["until"]:
            raise ValidationError({"since": [_("The first day comes before the second.")]})
        return given


class StageSetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Ways to divide the lifecycle, for reading; people edit them in the console."""

    needs: ClassVar = {"list": "stages.view", "retrieve": "stages.view", "matrix": "stages.view"}
    queryset = StageSet.objects.all()
    serializer_class = StageSetSerializer
    filterset_fields: ClassVar = {"archived_at": ["isnull"], "is_default": ["exact"]}

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The set, and its stages in order with who stands there."""
        stage_set = self.get_object()
        standing = [_standing(one) for one in stages.standings(stage_set)]
        return Response({**self.get_serializer(stage_set).data, "stages": standing})

    @extend_schema(
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATE, description="The end of this day …"),
            OpenApiParameter("until", OpenApiTypes.DATE, description="… against that of this."),
        ],
        responses=MatrixSerializer,
    )
    @action(detail=True)
    def matrix(self, request: Request, pk: str | None = None) -> Response:
        """Who moved from where to where between the ends of two days."""
        stage_set = self.get_object()
        last = stage_set.data_as_of or clock.today()
        usual = {"since": last - stages.MONTH, "until": last}
        return Response(moved(matrix.Stages(stage_set), request, usual))


def _standing(one: stages.Standing) -> dict[str, Any]:
    return {
        "key": one.stage.key,
        "name": str(one.stage),
        "level": one.stage.level,
        "rule": one.stage.rule,
        "customers": one.customers,
        "share": one.share,
        "is_retired": one.stage.retired_at is not None,
    }


def moved(ledger: matrix.Ledger, request: Request, usual: dict[str, Any]) -> dict[str, Any]:
    """The matrix between the two days that the address asks for."""
    asked = AskedSerializer(data=usual | request.query_params.dict())
    asked.is_valid(raise_exception=True)
    found = matrix.between(ledger, **asked.validated_data)
    return {
        "since": found.since,
        "until": found.until,
        "cells": [
            {"was": _key(was), "now": _key(now), "customers": many}
            for was in found.stages
            for now in found.stages
            if (many := found.count(was, now))
        ],
        "forward": found.rates.up,
        "back": found.rates.down,
        "stayed": found.rates.stayed,
        "came": found.rates.came,
        "left": found.rates.out,
    }


def _key(place: Any) -> str | None:
    """Of a stage or a tier."""
    return str(getattr(place, "key", place.pk)) if place else None
