"""Tags over the API: made, changed, given to customers and taken from them."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock
from console.seen_marks import SeenField, unseen
from segments import pasted, tags
from segments.models import Tag, TagChange


class TagSerializer(serializers.ModelSerializer):
    """A tag, and how many customers have it."""

    seen = SeenField(tags.EDITABLE)

    class Meta:
        model = Tag
        fields: ClassVar = [
            *("id", "name", "description", "color", "team", "size", "created_at", "archived_at"),
            *(*tags.GIVEN, "seen"),
        ]
        read_only_fields: ClassVar = ["team", "size", "archived_at"]
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "name": {"validators": []}
        }  # the verb says it in words


class TagChangeSerializer(serializers.ModelSerializer):
    """Who gave the tag or took it, when, and to how many."""

    class Meta:
        model = TagChange
        fields: ClassVar = ["id", "given", "size", "at", "by", "source"]


class WhomSerializer(serializers.Serializer):
    """Customers by one kind of identifier; `#` is our own number."""

    kind = serializers.CharField(default=pasted.NUMBER, max_length=40)
    customers = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=pasted.MOST
    )
    leave_unknown_out = serializers.BooleanField(default=False)
    note = serializers.CharField(default="API", max_length=200)


class GivenSerializer(serializers.Serializer):
    """How many got the tag or lost it, and which names mean nobody."""

    changed = serializers.IntegerField()
    unknown = serializers.ListField(child=serializers.CharField())


class TagViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Words that people put on customers."""

    needs: ClassVar = {
        "list": "tags.view",
        "retrieve": "tags.view",
        "changes": "tags.view",
        **dict.fromkeys(("create", "partial_update", "give", "take"), tags.ACTION),
        **dict.fromkeys(("archive", "restore"), tags.ACTION),
    }
    queryset = Tag.objects.defer("members")
    serializer_class = TagSerializer
    filterset_fields: ClassVar = {"archived_at": ["isnull"], "name": ["iexact"]}

    def create(self, request: Request) -> Response:
        given = unseen(self._read(request))
        return Response(self.get_serializer(tags.add(by=_staff(request), **given)).data, 201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        tag = self.get_object()
        tags.edit(tag, by=_staff(request), **self._read(request, tag, partial=True))
        return Response(self.get_serializer(tag).data)

    @extend_schema(request=WhomSerializer, responses=GivenSerializer)
    @action(detail=True, methods=["post"])
    def give(self, request: Request, pk: str | None = None) -> Response:
        """Give the tag. Nobody gets it when somebody is unknown, unless they may be left out."""
        return self._change(tags.give, request)

    @extend_schema(request=WhomSerializer, responses=GivenSerializer)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: str | None = None) -> Response:
        """Take the tag, in the same way."""
        return self._change(tags.take, request)

    @extend_schema(responses=TagChangeSerializer(many=True))
    @action(detail=True)
    def changes(self, request: Request, pk: str | None = None) -> Response:
        """Who gave it to how many, newest first."""
        found = self.get_object().changes.defer("members")
        page = self.paginate_queryset(found)
        return self.get_paginated_response(TagChangeSerializer(page, many=True).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str | None = None) -> Response:
        tag = self.get_object()
        tags.archive(tag, by=_staff(request))
        return Response(self.get_serializer(tag).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str | None = None) -> Response:
        tag = self.get_object()
        tags.restore(tag, by=_staff(request))
        return Response(self.get_serializer(tag).data)

    def _change(self, verb: Any, request: Request) -> Response:
        tag = self.get_object()
        asked = WhomSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        named = pasted.find(given["customers"], kind=given["kind"])
        if not given["leave_unknown_out"]:
            pasted.refuse_unknown(named)
        by, source = _staff(request), given["note"]
        changed = verb(tag, named.customers, by=by, at=clock.now(), source=source)
        return Response({"changed": changed, "unknown": list(named.unknown)})

    def _read(self, request: Request, *args: Any, partial: bool = False) -> dict[str, Any]:
        serializer = self.get_serializer(*args, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _staff(request: Request) -> Any:
    return request.user
