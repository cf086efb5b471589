"""Segments over the API, and the live preview that the rule editor asks for."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock
from console.seen_marks import SeenField, unseen
from segments import collection, membership, tasks, trait_words
from segments.api.segment_insight import SegmentInsight
from segments.models import Segment
from segments.rules import words
from segments.rules.nodes import RuleError


class SegmentSerializer(serializers.ModelSerializer):
    """A segment with its freshness. `rule_version` says which rule an edit is based on, `seen`
    which words."""

    rule_version = serializers.IntegerField(required=False)
    is_stale = serializers.SerializerMethodField()
    seen = SeenField(collection.WORDS)

    class Meta:
        model = Segment
        fields: ClassVar = [
            "id",
            "name",
            "description",
            "rule",
            "rule_version",
            "owner",
            "team",
            "size",
            "computed_at",
            "data_as_of",
            "failure",
            "is_stale",
            "seen",
            "archived_at",
        ]
        read_only_fields: ClassVar = [
            "owner",
            "team",
            "size",
            "computed_at",
            "data_as_of",
            "failure",
            "archived_at",
        ]

    def get_is_stale(self, segment: Segment) -> bool:
        return membership.is_stale(segment, self.context["day"])


class PreviewSerializer(serializers.Serializer):
    """A rule to try, and the saved segment that it is edited for, if there is one."""

    rule = serializers.JSONField()
    segment = serializers.IntegerField(required=False, allow_null=True)


class GoBackSerializer(serializers.Serializer):
    """The version whose rule is to be in force again, and the one that somebody saw last."""

    number = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    rule_version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class SegmentViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    SegmentInsight,
):
    """Saved rules. A change of a rule starts the computation of its members."""

    needs: ClassVar = {
        "list": "segments.view",
        "retrieve": "segments.view",
        "preview": "segments.view",
        **dict.fromkeys(SegmentInsight.looks, "segments.view"),
        "create": "segments.change",
        "partial_update": "segments.change",
        "archive": "segments.change",
        "restore": "segments.change",
        "go_back": "segments.change",
    }
    queryset = Segment.objects.defer("members")
    serializer_class = SegmentSerializer
    filterset_fields: ClassVar = {"archived_at": ["isnull"], "team": ["exact"]}

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "day": clock.today()}

    def create(self, request: Request) -> Response:
        given = unseen(self._read(request))
        given.pop("rule_version", None)
        given.setdefault("rule", {"all": []})
        try:
            segment = collection.add(by=request.user, **given)  # type: ignore[arg-type]
        except RuleError as problem:
            raise _refusal(problem) from problem
        tasks.recompute_soon(segment)
        return Response(self.get_serializer(segment).data, status=201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        segment = self.get_object()
        given = self._read(request, segment, partial=True)
        seen = given.pop("rule_version", segment.rule_version)
        try:
            recompute = collection.edit(segment, by=request.user, seen_version=seen, **given)  # type: ignore[arg-type]
        except RuleError as problem:
            raise _refusal(problem) from problem
        if recompute:
            tasks.recompute_soon(segment)
        return Response(self.get_serializer(segment).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str | None = None) -> Response:
        segment = self.get_object()
        collection.archive(segment, by=request.user)  # type: ignore[arg-type]
        return Response(self.get_serializer(segment).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str | None = None) -> Response:
        segment = self.get_object()
        collection.restore(segment, by=request.user)  # type: ignore[arg-type]
        tasks.recompute_soon(segment)
        return Response(self.get_serializer(segment).data)

    @extend_schema(request=GoBackSerializer)
    @action(detail=True, methods=["post"], url_path="go-back")
    def go_back(self, request: Request, pk: str | None = None) -> Response:
        """Give the segment the rule of an earlier version again."""
        segment = self.get_object()
        asked = GoBackSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        number, seen = (asked.validated_data[key] for key in ("number", "rule_version"))
        try:
            collection.go_back(segment, number, by=request.user, seen_version=seen)  # type: ignore[arg-type]
        except RuleError as problem:
            raise _refusal(problem) from problem
        tasks.recompute_soon(segment)
        segment.refresh_from_db()
        return Response(self.get_serializer(segment).data)

    @extend_schema(request=PreviewSerializer, responses={200: dict})
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What a rule comes to now: the count, each part's count, a sample and the sentence.

        A rule that cannot be understood is an answer as well, for it is being edited: `error`
        then has the place and the words.
        """
        asked = PreviewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        try:
            found = membership.preview(given["rule"], day=clock.today(), of=given.get("segment"))
        except RuleError as problem:
            return Response({"error": _error(problem)})
        return Response(_shown(found))

    def _read(self, request: Request, *args: Any, partial: bool = False) -> dict[str, Any]:
        serializer = self.get_serializer(*args, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _refusal(problem: RuleError) -> ValidationError:
    return ValidationError({"rule": [problem.said(_)], "path": _error(problem)["path"]})


def _error(problem: RuleError) -> dict[str, Any]:
    return {"path": [str(step) for step in problem.path], "message": problem.said(_)}


def _shown(found: membership.Preview) -> dict[str, Any]:
    """A preview for the editor; its sample by number, since each look at a name is noted."""
    return {
        "count": found.count,
        "of": found.of,
        "parts": [{"path": list(path), "count": count} for path, count in found.parts.items()],
        "sample": [{"id": pk, "name": f"#{pk}"} for pk in found.sample],
        "sentence": words.sentence(found.rule, found.known, _),
        "valueless": trait_words.valueless(found.valueless),
        "milliseconds": round(found.milliseconds, 1),
    }
