"""Traits over the API: the registry with its freshness, how values are spread, and one's own."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock, keeper_body, keepers
from segments import catalogue, distribution, own_traits, tasks, trait_words, traits
from segments.models import Trait
from segments.rules.nodes import RuleError


class TraitSerializer(serializers.ModelSerializer):
    """A trait; `version` says which recipe an edit is based on."""

    name = serializers.SerializerMethodField()
    definition = serializers.SerializerMethodField()
    sentence = serializers.SerializerMethodField()
    version = serializers.IntegerField(required=False)
    recipe = serializers.JSONField()

    class Meta:
        model = Trait
        fields: ClassVar = [
            *("key", "title", "name", "description", "definition", "sentence", "unit", "kind"),
            *("recipe", "version", "is_shipped", "owner", "team", "known", "computed_at"),
            *("data_as_of", "failure", "archived_at"),
        ]
        read_only_fields: ClassVar = [
            *("key", "is_shipped", "owner", "team", "known", "computed_at", "data_as_of"),
            *("failure", "archived_at"),
        ]
        extra_kwargs: ClassVar = {"kind": {"required": False}, "title": {"required": True}}

    def get_name(self, row: Trait) -> str:
        return str(traits.of_row(row).label)

    def get_definition(self, row: Trait) -> str:
        return str(traits.of_row(row).definition)

    def get_sentence(self, row: Trait) -> str:
        recipe = traits.of_row(row).recipe
        return trait_words.sentence(recipe, self.context["titles"], self.context["known"])


class BinSerializer(serializers.Serializer):
    """So many customers have a value from `low` to `high`, or this word."""

    customers = serializers.IntegerField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    word = serializers.CharField()


class SpreadSerializer(serializers.Serializer):
    """How the values stand today."""

    known = serializers.IntegerField()
    bins = BinSerializer(many=True)
    ranks = serializers.DictField(child=serializers.FloatField())
    others = serializers.IntegerField()


class TraitViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """What we know about customers. A new recipe starts the computation of its values."""

    needs: ClassVar = {
        "list": "traits.view",
        "retrieve": "traits.view",
        "distribution": "traits.view",
        "create": own_traits.ACTION,
        "partial_update": own_traits.ACTION,
        "archive": own_traits.ACTION,
        "restore": own_traits.ACTION,
        "owner": own_traits.ACTION,
    }
    queryset = Trait.objects.all()
    serializer_class = TraitSerializer
    lookup_field = "key"
    filterset_fields: ClassVar = {"archived_at": ["isnull"], "is_shipped": ["exact"]}

    def get_queryset(self) -> QuerySet[Trait]:
        ours = Trait.objects.filter(is_shipped=True, key__in=traits.OURS)
        return ours | Trait.objects.filter(is_shipped=False)

    def get_serializer_context(self) -> dict[str, Any]:
        more = {"titles": catalogue.titles(), "known": traits.registry()}
        return {**super().get_serializer_context(), **more}

    def create(self, request: Request) -> Response:
        given = self._read(request)
        given.pop("version", None)
        try:
            row = own_traits.add(by=request.user, **given)  # type: ignore[arg-type]
        except RuleError as problem:
            raise _refusal(problem) from problem
        tasks.compute_traits_soon()
        return Response(self.get_serializer(row).data, status=201)

    def partial_update(self, request: Request, key: str | None = None) -> Response:
        row = self.get_object()
        given = self._read(request, row, partial=True)
        given.pop("kind", None)
        seen = given.pop("version", row.version)
        try:
            anew = own_traits.edit(row, by=request.user, seen_version=seen, **given)  # type: ignore[arg-type]
        except RuleError as problem:
            raise _refusal(problem) from problem
        if anew:
            tasks.compute_traits_soon()
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, key: str | None = None) -> Response:
        row = self.get_object()
        own_traits.archive(row, by=request.user)  # type: ignore[arg-type]
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, key: str | None = None) -> Response:
        row = self.get_object()
        own_traits.restore(row, by=request.user)  # type: ignore[arg-type]
        tasks.compute_traits_soon()
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)

    @extend_schema(request=keeper_body.OwnerSerializer)
    @action(detail=True, methods=["post"])
    def owner(self, request: Request, key: str | None = None) -> Response:
        """Say who looks after it; of what ships as well."""
        row = self.get_object()
        owner = keeper_body.read(request)
        keepers.name(row, owner, by=request.user, action=own_traits.ACTION)  # type: ignore[arg-type]
        return Response(self.get_serializer(row).data)

    @extend_schema(responses=SpreadSerializer)
    @action(detail=True, methods=["get"])
    def distribution(self, request: Request, key: str | None = None) -> Response:
        row = self.get_object()
        found = traits.read(row.key, day=clock.today()).get(row.key)
        spread = (
            distribution.of(found.values, found.words) if found else distribution.Spread(0, [], {})
        )
        return Response(SpreadSerializer(spread).data)

    def _read(self, request: Request, row: Trait | None = None, **how: bool) -> dict[str, Any]:
        serializer = self.get_serializer(row, data=request.data, **how)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _refusal(problem: RuleError) -> ValidationError:
    return ValidationError({"recipe": [problem.said(_)], "path": [*map(str, problem.path)]})
