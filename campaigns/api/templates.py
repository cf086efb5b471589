"""Templates over the API: their words, what is wrong with them, and how they look."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from liquid.exceptions import LiquidError
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import MessageTemplate, TemplateRevision
from campaigns.words import forms, gaps, language, proofing, rendering, revisions, shells, templates
from console import clock
from segments import identity
from segments.models import Customer, Segment

VIEW, CHANGE = "templates.view", "templates.change"


class TemplateSerializer(serializers.ModelSerializer):
    """A template. `more` are a channel's other fields, `variants` the words by language code.

    To change the words, say with `revision` which ones you saw.
    """

    revision = serializers.IntegerField(required=False, min_value=1)

    class Meta:
        model = MessageTemplate
        fields: ClassVar = [
            "id",
            "name",
            *templates.WORDS,
            "revision",
            "team",
            "updated_by",
            "updated_at",
            "archived_at",
        ]
        read_only_fields: ClassVar = ["team", "updated_by", "updated_at", "archived_at"]

    def validate_more(self, given: Any) -> dict[str, str]:
        return _texts(given)

    def validate_variants(self, given: Any) -> dict[str, dict[str, str]]:
        if not isinstance(given, dict):
            raise serializers.ValidationError("An object of words by language, please.")
        return {code: _texts(said) for code, said in given.items()}


class RevisionSerializer(serializers.ModelSerializer):
    """The words of a template at one time."""

    class Meta:
        model = TemplateRevision
        fields: ClassVar = ["number", "channel", "markup", "language", "words", "by", "at"]


class FindingSerializer(serializers.Serializer):
    """Something about one field of the words."""

    field = serializers.CharField()
    language = serializers.CharField()
    words = serializers.CharField()


class GapSerializer(serializers.Serializer):
    """A fact that some customers of a segment do not have."""

    variable = serializers.CharField()
    missing = serializers.IntegerField()
    of = serializers.IntegerField()
    is_covered = serializers.BooleanField()
    stops = serializers.BooleanField()


class ProofSerializer(serializers.Serializer):
    """What is wrong, what would be better, and what is not known of a segment's customers."""

    mistakes = FindingSerializer(many=True)
    advice = FindingSerializer(many=True)
    gaps = GapSerializer(many=True)


class TemplatePreviewSerializer(serializers.Serializer):
    """The message as one customer would get it; who they are stays hidden."""

    subject = serializers.CharField()
    html = serializers.CharField()
    text = serializers.CharField()
    url = serializers.CharField()
    language = serializers.CharField()


class TemplateViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet,
):
    """Templates, newest first. Words that cannot be sent are refused in words."""

    needs: ClassVar = {
        "list": VIEW,
        "retrieve": VIEW,
        "revisions": VIEW,
        "proof": VIEW,
        "preview": VIEW,
        "create": CHANGE,
        "partial_update": CHANGE,
    }
    queryset = MessageTemplate.objects.all()
    serializer_class = TemplateSerializer
    filterset_fields: ClassVar = ["channel"]

    def create(self, request: Request) -> Response:
        given = self._read(request)
        given.pop("revision", None)
        template = templates.add(by=_staff(request), **given)
        return Response(self.get_serializer(template).data, status=201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        template = self.get_object()
        given = self._read(request, template, partial=True)
        seen = given.pop("revision", template.revision)
        templates.edit(template, by=_staff(request), seen_revision=seen, **given)
        return Response(self.get_serializer(template).data)

    @extend_schema(responses=RevisionSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def revisions(self, request: Request, pk: str | None = None) -> Response:
        """Every revision whose words were kept, newest first."""
        kept = TemplateRevision.objects.filter(template=self.get_object())
        return Response(RevisionSerializer(kept, many=True).data)

    @extend_schema(responses=ProofSerializer, parameters=[OpenApiParameter("segment", int)])
    @action(detail=True)
    def proof(self, request: Request, pk: str | None = None) -> Response:
        """What a reader would say of the words, for customers of `segment` if it is given."""
        words = revisions.unsaved(self.get_object())
        wrong = proofing.mistakes(words)
        found: list[gaps.Gap] = []
        if not wrong and (number := request.query_params.get("segment")):
            segment = get_object_or_404(Segment, pk=number if number.isdecimal() else 0)
            found = gaps.of(words, segment.members, day=clock.today())
        told = {"mistakes": wrong, "advice": [] if wrong else proofing.advice(words), "gaps": found}
        return Response(ProofSerializer(told).data)

    @extend_schema(
        responses=TemplatePreviewSerializer,
        parameters=[OpenApiParameter("customer", int, required=True)],
    )
    @action(detail=True)
    def preview(self, request: Request, pk: str | None = None) -> Response:
        """How it looks for a customer."""
        number = request.query_params.get("customer", "")
        customer = get_object_or_404(
            Customer.objects.filter(identity.LIVING), pk=number if number.isdecimal() else 0
        )
        words = revisions.unsaved(self.get_object())
        try:
            letter = rendering.prepare(words, campaign_name="–", project=clock.project())
            made = rendering.preview(letter, customer, hide_contact=True)
        except (LiquidError, shells.BadMarkup, language.CannotRender) as problem:
            raise serializers.ValidationError(str(problem)) from problem
        return Response(TemplatePreviewSerializer(made).data)

    def _read(self, request: Request, *args: Any, partial: bool = False) -> dict[str, Any]:
        serializer = self.get_serializer(*args, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _texts(given: Any) -> dict[str, str]:
    """Fields of a channel, all of them text."""
    known = {field.name for fields in forms.FIELDS.values() for field in fields}
    if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
        raise serializers.ValidationError("An object of texts, please.")
    if unknown := sorted(set(given) - known):
        raise serializers.ValidationError(f"Unknown fields: {', '.join(unknown)}.")
    return given


def _staff(request: Request) -> Any:
    return request.user
