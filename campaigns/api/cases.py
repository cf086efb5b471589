"""The case library over the API: to find, to file and to change."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.campaigns import ResultSerializer
from campaigns.models import Campaign, Case
from campaigns.outcomes import cases
from console import clock


class CaseSerializer(serializers.ModelSerializer):
    """A case with its campaign's result. To change it, say which `version` you saw."""

    campaign = serializers.PrimaryKeyRelatedField(queryset=Campaign.objects.all())
    topics = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    version = serializers.IntegerField(required=False, min_value=1)
    result = ResultSerializer(source="campaign.result", read_only=True)

    class Meta:
        model = Case
        fields: ClassVar = [
            *("id", "campaign", *cases.WORDS, "topics", "version", "result"),
            *("filed_by", "filed_on", "team", "archived_at"),
        ]
        read_only_fields: ClassVar = ["filed_by", "filed_on", "team", "archived_at"]
        validators: ClassVar[list[Any]] = []


class CaseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Cases that are in the library, newest first; `q` finds words in them."""

    needs: ClassVar = {
        "list": cases.VIEW,
        "retrieve": cases.VIEW,
        "create": cases.ACTION,
        "partial_update": cases.ACTION,
    }
    queryset = Case.objects.filter(archived_at=None).select_related("campaign__result")
    serializer_class = CaseSerializer
    filterset_fields: ClassVar = ["outcome", "campaign", "team"]

    def filter_queryset(self, queryset: Any) -> Any:
        return cases.find(self.request.query_params.get("q", ""), super().filter_queryset(queryset))

    @extend_schema(parameters=[OpenApiParameter("q", str, description="Words to find.")])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def create(self, request: Request) -> Response:
        given = self._read(request)
        given.pop("version", None)
        by: Any = request.user
        case = cases.file(given.pop("campaign"), by=by, on=clock.today(), **given)
        return Response(self.get_serializer(case).data, status=201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """What is not named stays; without `version` it is refused."""
        case = get_object_or_404(self.get_queryset(), pk=pk)
        given = self._read(request, case, partial=True)
        given.pop("campaign", None)
        seen, by = given.pop("version", 0), request.user
        now = {name: getattr(case, name) for name in (*cases.WORDS, "topics")}
        cases.edit(case, by=by, seen=seen, **now | given)  # type: ignore[arg-type]
        return Response(self.get_serializer(case).data)

    def _read(self, request: Request, *args: Any, partial: bool = False) -> dict[str, Any]:
        serializer = self.get_serializer(*args, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)
