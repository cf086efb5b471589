"""Scorings over the API: what is in force, what the last run found, previews and changes."""

from typing import Any, ClassVar

from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock
from segments import scorings, stages, tasks, tiers, valuing
from segments.api.stages import MatrixSerializer, moved
from segments.models import Customer, Scoring, ScoringRun
from segments.rules.nodes import RuleError

LIVING = Q(merged_into=None, erased_at=None)


class RecipeSerializer(serializers.Serializer):
    """A recipe to try."""

    recipe = serializers.JSONField()


class ChangeSerializer(RecipeSerializer):
    """A recipe to put in force: why, and the version that it is based on."""

    note = serializers.CharField(max_length=300)
    seen_version = serializers.IntegerField()


class ScoringSerializer(serializers.Serializer):
    """A way of scoring with its newest run."""

    kind = serializers.CharField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    recipe = serializers.JSONField()
    note = serializers.CharField()
    changed_by = serializers.CharField(allow_null=True)
    changed_at = serializers.DateTimeField(allow_null=True)
    run = serializers.JSONField(allow_null=True)


class FactorSerializer(serializers.Serializer):
    """Where the customer stands in one factor, from 0 to 1, and the points that it makes."""

    factor = serializers.CharField()
    name = serializers.CharField()
    rests_on = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    stands_at = serializers.FloatField()
    share = serializers.FloatField()
    points = serializers.FloatField()


class ScoringViewSet(viewsets.GenericViewSet):
    """RFM, value score, high potential and clusters. A change is a new version."""

    needs: ClassVar = {
        "list": "scorings.view",
        "retrieve": "scorings.view",
        "history": "scorings.view",
        "moves": "scorings.view",
        "explain": "customers.view",
        "preview": "scorings.view",
        "change": "scorings.change",
        "run": "scorings.change",
    }
    queryset = Scoring.objects.none()
    serializer_class = ScoringSerializer
    lookup_field = "kind"
    pagination_class = None
    filter_backends = []

    def list(self, request: Request) -> Response:
        return Response([_shown(one) for one in scorings.everything().values()])

    def retrieve(self, request: Request, kind: str = "") -> Response:
        return Response(_shown(scorings.current(_known(kind))))

    @extend_schema(responses=ScoringSerializer(many=True))
    @action(detail=True)
    def history(self, request: Request, kind: str = "") -> Response:
        """Every version, the newest first."""
        return Response([_said(one) for one in scorings.history(_known(kind))])

    @extend_schema(
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATE, description="The end of this day …"),
            OpenApiParameter("until", OpenApiTypes.DATE, description="… against that of this."),
        ],
        responses=MatrixSerializer,
    )
    @action(detail=True)
    def moves(self, request: Request, kind: str = "") -> Response:
        """Who moved between cells of RFM, or tiers of value, between the ends of two days."""
        if kind not in tiers.LAYERS:
            raise Http404
        ledger = tiers.Tiers(kind)
        last = ledger.last() or clock.today()
        usual = {"since": last - stages.MONTH, "until": last}
        return Response(moved(ledger, request, usual))

    @extend_schema(
        parameters=[OpenApiParameter("customer", OpenApiTypes.INT, required=True)],
        responses=FactorSerializer(many=True),
    )
    @action(detail=True)
    def explain(self, request: Request, kind: str = "") -> Response:
        """A customer's value score, factor by factor."""
        text = request.query_params.get("customer", "")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        if kind != scorings.VALUE or not Customer.objects.filter(LIVING, pk=number).exists():
            raise Http404
        parts = valuing.explain(number, day=clock.today())
        return Response([_part(one) for one in parts])

    @extend_schema(request=RecipeSerializer, responses={200: dict})
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, kind: str = "") -> Response:
        """How many customers would be elsewhere with a recipe, before it is saved."""
        asked = RecipeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            found = valuing.preview(_known(kind), asked.validated_data["recipe"], day=clock.today())
        except RuleError as problem:
            raise _refusal(problem) from problem
        return Response(
            {
                "moved": found.moved,
                "customers": found.customers,
                "would_be": found.now,
                "is": found.was,
                "one_in": found.step,
            }
        )

    @extend_schema(request=ChangeSerializer, responses=ScoringSerializer)
    @action(detail=True, methods=["post"])
    def change(self, request: Request, kind: str = "") -> Response:
        """A new version, in force at once; everybody is scored anew."""
        asked = ChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        staff: Any = request.user
        try:
            scoring = valuing.change(_known(kind), given.pop("recipe"), by=staff, **given)
        except RuleError as problem:
            raise _refusal(problem) from problem
        tasks.score_soon(kind, by=staff)
        return Response(_shown(scoring))

    @extend_schema(request=None, responses={202: dict})
    @action(detail=True, methods=["post"])
    def run(self, request: Request, kind: str = "") -> Response:
        """Score everybody now; the answer names the job."""
        staff: Any = request.user
        return Response({"job": tasks.score_soon(_known(kind), by=staff).pk}, status=202)


def _part(one: valuing.Part) -> dict[str, Any]:
    return {
        "factor": one.factor.key,
        "name": scorings.named(one.factor, scorings.FACTORS),
        "rests_on": one.factor.trait or one.factor.stage_set,
        "value": one.value if one.factor.trait else None,
        "stands_at": one.stands,
        "share": one.share,
        "points": one.points,
    }


def _known(kind: str) -> str:
    if kind not in scorings.KINDS:
        raise Http404
    return kind


def _refusal(problem: RuleError) -> ValidationError:
    return ValidationError(
        {"recipe": [problem.said(_)], "path": [str(step) for step in problem.path]}
    )


def _said(scoring: Scoring) -> dict[str, Any]:
    return {
        "kind": scoring.kind,
        "title": scoring.get_kind_display(),
        "version": scoring.version,
        "recipe": scoring.recipe,
        "note": scoring.note,
        "changed_by": str(scoring.by) if scoring.by else None,
        "changed_at": scoring.at if scoring.pk else None,
    }


def _shown(scoring: Scoring) -> dict[str, Any]:
    run = scorings.last_run(scoring.kind)
    return {**_said(scoring), "run": run and _found(run)}


def _found(run: ScoringRun) -> dict[str, Any]:
    return {
        "as_of": run.day,
        "computed_at": run.computed_at,
        "version": run.scoring.version,
        "customers": run.customers,
        "found": {key: one for key, one in run.summary.items() if key != "before"},
    }
