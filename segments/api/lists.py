"""Uploaded lists of customers over the API."""

from typing import Any, ClassVar

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, parsers, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock
from segments import lists, tasks
from segments.models import CustomerList


class CustomerListSerializer(serializers.ModelSerializer):
    """A list; `job` tells how far its reading is, `unknown_sample` lines that name nobody."""

    class Meta:
        model = CustomerList
        fields: ClassVar = [
            *("id", "name", "kind", "column", "status", "problem", "leaves_unknown_out", "rows"),
            *("unknown", "unknown_sample", "size", "team", "by", "at", "job", "archived_at"),
        ]


class SentSerializer(serializers.Serializer):
    """A file of customers, named by one kind of identifier; `#` is our own number."""

    file = serializers.FileField()
    name = serializers.CharField(max_length=120)
    kind = serializers.CharField(max_length=40)
    column = serializers.CharField(max_length=200, default="")
    leaves_unknown_out = serializers.BooleanField(default=False)


class AgainSerializer(serializers.Serializer):
    """How a refused list is to be read."""

    kind = serializers.CharField(max_length=40, required=False)
    column = serializers.CharField(max_length=200, required=False, allow_blank=True)
    leaves_unknown_out = serializers.BooleanField(default=False)


class CustomerListViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet
):
    """Lists of customers, to be used in rules. One unknown customer refuses a list, unless
    the unknown ones are left out on purpose."""

    needs: ClassVar = {
        "list": "lists.view",
        "retrieve": "lists.view",
        **dict.fromkeys(("create", "again", "archive", "restore"), lists.ACTION),
    }
    queryset = CustomerList.objects.defer("members")
    serializer_class = CustomerListSerializer
    filterset_fields: ClassVar = {"archived_at": ["isnull"], "status": ["exact"]}
    parser_classes = [parsers.MultiPartParser, parsers.JSONParser]

    @extend_schema(request=SentSerializer, responses={201: CustomerListSerializer})
    @transaction.atomic
    def create(self, request: Request) -> Response:
        asked = SentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            kept = lists.keep(by=_staff(request), at=clock.now(), **asked.validated_data)
        except lists.Refused as problem:
            raise ValidationError({"file": [str(problem)]}) from problem
        tasks.read_list_soon(kept, by=_staff(request))
        return Response(self.get_serializer(kept).data, 201)

    @extend_schema(request=AgainSerializer)
    @action(detail=True, methods=["post"])
    @transaction.atomic
    def again(self, request: Request, pk: str | None = None) -> Response:
        """Read a refused list again, as its file was sent."""
        one = self.get_object()
        asked = AgainSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = {"kind": one.kind, "column": one.column, **asked.validated_data}
        try:
            lists.again(one, by=_staff(request), **given)
        except lists.Refused as problem:
            raise ValidationError({"detail": [str(problem)]}) from problem
        tasks.read_list_soon(one, by=_staff(request))
        return Response(self.get_serializer(one).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str | None = None) -> Response:
        one = self.get_object()
        lists.archive(one, by=_staff(request))
        return Response(self.get_serializer(one).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str | None = None) -> Response:
        one = self.get_object()
        lists.restore(one, by=_staff(request))
        return Response(self.get_serializer(one).data)


def _staff(request: Request) -> Any:
    return request.user
