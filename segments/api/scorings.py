"""Scorings over the API: what is in force, what the last run found, previews and changes."""

from typing import Any, ClassVar

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock
from segments import scorings, tasks, valuing
from segments.models import Scoring, ScoringRun
from segments.rules.nodes import RuleError


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


class ScoringViewSet(viewsets.GenericViewSet):
    """RFM, value score, high potential and clusters. A change is a new version."""

    needs: ClassVar = {
        "list": "scorings.view",
        "retrieve": "scorings.view",
        "history": "scorings.view",
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
