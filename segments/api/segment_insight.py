"""What the pages behind segments tell, over the API: report, overlap, versions, moves, reasons."""

import datetime as dt
from typing import Any, ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock
from segments import (
    composition,
    crossings,
    explaining,
    overlap,
    reports,
    traits,
    versions,
    vocabulary,
)
from segments.models import Customer, Segment
from segments.rules.nodes import RuleError

DAYS_BACK = 7
SAMPLE = 100  # of those who came in, and of those who left


class DoingSerializer(serializers.Serializer):
    """What a set of customers does; money in minor units, shares from 0 to 1."""

    size = serializers.IntegerField()
    buyers = serializers.IntegerField()
    conversion = serializers.FloatField(allow_null=True)
    orders_each = serializers.FloatField(allow_null=True)
    spent_each_minor = serializers.FloatField(source="spent_each", allow_null=True)
    reached = serializers.IntegerField()
    campaigns_each = serializers.FloatField(allow_null=True)
    touches_each = serializers.FloatField(allow_null=True)


class LineSerializer(DoingSerializer):
    """One segment beside everybody."""

    segment = serializers.IntegerField()
    name = serializers.CharField()
    data_as_of = serializers.DateField(allow_null=True)
    trend = serializers.FloatField(allow_null=True)
    is_under_served = serializers.BooleanField()
    is_never_written_to = serializers.BooleanField()


class ReportSerializer(serializers.Serializer):
    """All computed segments in use, those first who wait for somebody's care."""

    as_of = serializers.DateField()
    currency = serializers.CharField()
    everyone = DoingSerializer()
    segments = LineSerializer(many=True)


class SharedSerializer(serializers.Serializer):
    """Two segments: how many are in both, as a share of the first and of all in either."""

    segment = serializers.IntegerField()
    other = serializers.IntegerField()
    both = serializers.IntegerField()
    of_segment = serializers.FloatField(allow_null=True)
    of_either = serializers.FloatField(allow_null=True)


class VersionSerializer(serializers.Serializer):
    """A rule that the segment had; `problem` says why it cannot be said in words any more."""

    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    by = serializers.CharField(allow_null=True)
    note = serializers.CharField()
    rule = serializers.JSONField()
    sentence = serializers.CharField()
    problem = serializers.CharField()


class PartSerializer(serializers.Serializer):
    """One part of a rule as it is for the customer; groups come before what is in them."""

    words = serializers.CharField()
    holds = serializers.BooleanField()
    actual = serializers.CharField()
    depth = serializers.IntegerField()
    is_group = serializers.BooleanField()


class ExplanationSerializer(serializers.Serializer):
    """Whether the rule holds now, whether the computed members have them, and each part."""

    holds = serializers.BooleanField()
    is_member = serializers.BooleanField()
    parts = PartSerializer(many=True)


class CrossingSerializer(serializers.Serializer):
    """Who came in and who left between two days that have a snapshot."""

    first = serializers.DateField()
    last = serializers.DateField()
    entered = serializers.IntegerField()
    left = serializers.IntegerField()
    stayed = serializers.IntegerField()
    rule_changed = serializers.BooleanField()
    entered_sample = serializers.ListField(child=serializers.IntegerField())
    left_sample = serializers.ListField(child=serializers.IntegerField())


class PartOfTraitSerializer(serializers.Serializer):
    """One value, or step of values, of a trait; money in minor units, shares from 0 to 1."""

    word = serializers.CharField(source="bin.word")
    low = serializers.FloatField(source="bin.low")
    high = serializers.FloatField(source="bin.high")
    customers = serializers.IntegerField(source="theirs")
    of_all = serializers.IntegerField(source="everybodys")
    share = serializers.FloatField(allow_null=True)
    usual = serializers.FloatField(allow_null=True)
    is_large = serializers.BooleanField()


class TraitSpreadSerializer(serializers.Serializer):
    """A trait, or the `stage`: how it is spread in the segment and over all customers."""

    key = serializers.CharField()
    known = serializers.IntegerField()
    known_of_all = serializers.IntegerField()
    middle = serializers.FloatField(allow_null=True)
    usual_middle = serializers.FloatField(allow_null=True)
    parts = PartOfTraitSerializer(many=True)


class SegmentPortraitSerializer(serializers.Serializer):
    """What a segment's customers are like beside everybody."""

    day = serializers.DateField()
    size = serializers.IntegerField()
    everyone = serializers.IntegerField()
    spreads = TraitSpreadSerializer(many=True)


class DaysSerializer(serializers.Serializer):
    """Two days; by default today and a week before."""

    since = serializers.DateField()
    until = serializers.DateField()


class SegmentInsight(viewsets.GenericViewSet):
    """The looks at segments, for `SegmentViewSet`."""

    looks: ClassVar = ("report", "overlap", "versions", "explain", "crossings", "portrait")

    @extend_schema(responses=ReportSerializer, filters=False)
    @action(detail=False, pagination_class=None)
    def report(self, request: Request) -> Response:
        """Size, trend, worth and conversion of every segment beside all customers."""
        today = clock.today()
        found = reports.report(today)
        return Response(
            {
                "as_of": today,
                "currency": clock.project().currency,
                "everyone": DoingSerializer(found.everyone).data,
                "segments": [_line(one) for one in found.lines],
            }
        )

    @extend_schema(
        parameters=[OpenApiParameter("s", OpenApiTypes.INT, many=True, description="Segments.")],
        responses=SharedSerializer(many=True),
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def overlap(self, request: Request) -> Response:
        """How much each of up to twelve segments has in common with each other one."""
        asked = [_number(one, "s") for one in request.query_params.getlist("s")]
        cells = overlap.matrix(reports.chosen(asked, overlap.MOST))
        return Response(
            [
                {
                    "segment": cell.row.pk,
                    "other": cell.column.pk,
                    "both": cell.both,
                    "of_segment": cell.of_row,
                    "of_either": cell.of_either,
                }
                for row in cells
                for cell in row
                if cell.row != cell.column
            ]
        )

    @extend_schema(responses=VersionSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def versions(self, request: Request, pk: str | None = None) -> Response:
        """Every rule that the segment had, newest first."""
        found = versions.of(self.get_object(), vocabulary.current())
        return Response([_version(one) for one in found])

    @extend_schema(
        parameters=[
            OpenApiParameter("customer", OpenApiTypes.INT, required=True, description="Our number.")
        ],
        responses=ExplanationSerializer,
    )
    @action(detail=True)
    def explain(self, request: Request, pk: str | None = None) -> Response:
        """Each condition of the rule as it is for one customer."""
        number = _number(request.query_params.get("customer", ""), "customer")
        segment = get_object_or_404(Segment, pk=self.get_object().pk)  # with its members
        customer = Customer.objects.filter(pk=number, merged_into=None, erased_at=None).first()
        if customer is None:
            raise Http404
        try:
            found = explaining.explain(segment, customer, day=clock.today())
        except RuleError as problem:
            raise ValidationError({"rule": [problem.said(_)]}) from problem
        return Response(ExplanationSerializer(found).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATE, description="The end of this day …"),
            OpenApiParameter("until", OpenApiTypes.DATE, description="… against that of this."),
        ],
        responses=CrossingSerializer,
    )
    @action(detail=True)
    def crossings(self, request: Request, pk: str | None = None) -> Response:
        """Who came in and who left between two days; a few of each by number."""
        segment, today = self.get_object(), clock.today()
        usual = {"since": today - dt.timedelta(days=DAYS_BACK), "until": today}
        asked = DaysSerializer(data=usual | request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        if given["since"] >= given["until"]:
            raise ValidationError({"since": [_("The first day comes before the second.")]})
        found = crossings.between(segment, given["since"], given["until"])
        if found is None:
            raise ValidationError({"since": [_("There are no two days with members to compare.")]})
        return Response(_crossing(found))

    @extend_schema(
        parameters=[OpenApiParameter("t", OpenApiTypes.STR, many=True, description="More traits.")],
        responses=SegmentPortraitSerializer,
    )
    @action(detail=True)
    def portrait(self, request: Request, pk: str | None = None) -> Response:
        """How the main traits are spread in the segment beside all customers."""
        keys = composition.shown(traits.registry(), request.query_params.getlist("t"))
        day = traits.as_of() or clock.today()
        return Response(
            SegmentPortraitSerializer(composition.of(self.get_object(), keys, day)).data
        )


def _number(given: str, name: str) -> int:
    text = given.strip().removeprefix("#")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValidationError({name: [_("A whole number belongs here.")]})
    return int(text)


def _line(one: reports.Line) -> dict[str, Any]:
    return {
        "segment": one.segment.pk,
        "name": str(one.segment),
        "data_as_of": one.segment.data_as_of,
        **DoingSerializer(one.doing).data,
        "trend": one.trend,
        "is_under_served": one.is_under_served,
        "is_never_written_to": one.is_never_written_to,
    }


def _version(one: versions.Said) -> dict[str, Any]:
    kept = one.version
    return {
        "number": kept.number,
        "at": kept.at,
        "by": str(kept.by) if kept.by else None,
        "note": kept.note,
        "rule": kept.rule,
        "sentence": one.sentence,
        "problem": one.problem,
    }


def _crossing(found: crossings.Crossing) -> dict[str, Any]:
    return {
        "first": found.first,
        "last": found.last,
        "entered": len(found.entered),
        "left": len(found.left),
        "stayed": found.stayed,
        "rule_changed": found.rule_changed,
        "entered_sample": list(found.entered[:SAMPLE]),
        "left_sample": list(found.left[:SAMPLE]),
    }
