"""Requests between teams over the API: whom they concern sees them, with the screen's refusals."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from console import idempotency
from console.api import request_data as data
from console.api.request_deeds import KEYED, LifeDeeds, require_possible
from console.api.request_plans import PlanDeeds
from console.models import TeamRequest
from console.team_requests import drafting, files, moving, seeing, talking

FILE = {"type": "string", "format": "binary"}


class TeamRequestViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, LifeDeeds, PlanDeeds):
    """Requests that concern the caller, newest first; others are not there (404)."""

    needs: ClassVar = {
        **dict.fromkeys(("list", "retrieve", "comments", "comment", "files"), seeing.VIEW),
        **dict.fromkeys(("revisions", "dependencies"), seeing.VIEW),
        **dict.fromkeys(("create", "ask", "withdraw", "take_up"), seeing.ASK),
        **dict.fromkeys(("receive", "give_back"), seeing.ASK),
        **dict.fromkeys(("accept", "decline", "send_back", "start", "put_back"), seeing.TAKE),
        **dict.fromkeys(("hand_over", "deliver", "promise", "cost", "wait"), seeing.TAKE),
        # Either side; the verb says which of them may.
        **dict.fromkeys(("propose", "confirm", "judge", "attach", "change"), seeing.VIEW),
        **dict.fromkeys(("hand", "lift", "lower", "need", "unneed"), seeing.VIEW),
        **dict.fromkeys(("waive", "link", "unlink"), seeing.VIEW),
    }
    queryset = TeamRequest.objects.none()  # for the schema
    serializer_class = data.TeamRequestSerializer
    filterset_fields: ClassVar = {
        **{name: ["exact"] for name in ("kind", "lane", "from_team", "to_team", "owner")},
        "status": ["exact", "in"],
        "priority": ["exact", "isnull"],
        "promised_on": ["lt", "lte", "gte"],
        "changed_at": ["gte"],
    }

    def get_queryset(self) -> QuerySet[TeamRequest]:
        user: Any = self.request.user
        return seeing.visible_to(user).prefetch_related("parties", "slips", "links")

    @extend_schema(responses=data.WholeRequestSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.told()

    @extend_schema(
        request=data.NewRequestSerializer,
        responses={201: data.WholeRequestSerializer},
        parameters=KEYED,
    )
    @idempotency.once
    def create(self, request: Request) -> Response:
        """Write a draft, and ask at once where `ask` says so."""
        form = data.NewRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given, how = form.validated_data, self.how()
        require_possible(given["metric"], given["expected_change"])
        made = drafting.make(
            kind=given["kind"],
            title=given["title"],
            to_team=given["to_team"],
            parties=given["parties"],
            content=form.content(),
            **how,
        )
        if given["ask"]:
            moving.ask(made, **how)
        return Response(data.WholeRequestSerializer(made).data, status=201)

    @extend_schema(responses=data.RequestRevisionSerializer(many=True))
    @action(detail=True, methods=["get"])
    def revisions(self, request: Request, pk: str | None = None) -> Response:
        """Every word that was asked for, the oldest first."""
        page = self.paginate_queryset(self.get_object().revisions.all())
        return self.get_paginated_response(data.RequestRevisionSerializer(page, many=True).data)

    # --- talk ---------------------------------------------------------------------

    @extend_schema(responses=data.RequestCommentSerializer(many=True))
    @action(detail=True, methods=["get"])
    def comments(self, request: Request, pk: str | None = None) -> Response:
        """What was said, the newest first."""
        rows = self.get_object().comments.prefetch_related("mentions")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(data.RequestCommentSerializer(page, many=True).data)

    @extend_schema(
        request=data.RequestCommentSerializer,
        responses={201: data.RequestCommentSerializer},
        parameters=KEYED,
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def comment(self, request: Request, pk: str | None = None) -> Response:
        """Say something."""
        given = self.given(data.RequestCommentSerializer)
        said = talking.comment(self.get_object(), **given, **self.how())
        return Response(data.RequestCommentSerializer(said).data, status=201)

    @extend_schema(responses=data.RequestFileSerializer(many=True))
    @action(detail=True, methods=["get"])
    def files(self, request: Request, pk: str | None = None) -> Response:
        """Its files; the screen gives their content."""
        page = self.paginate_queryset(self.get_object().files.defer("content"))
        return self.get_paginated_response(data.RequestFileSerializer(page, many=True).data)

    @extend_schema(
        request={"multipart/form-data": {"type": "object", "properties": {"file": FILE}}},
        responses={201: data.RequestFileSerializer},
    )
    @action(detail=True, methods=["post"])
    def attach(self, request: Request, pk: str | None = None) -> Response:
        """Add a file; the same one is kept once."""
        sent = request.FILES.get("file")
        if sent is None:
            raise serializers.ValidationError({"file": [_("Choose a file first.")]})
        if (sent.size or 0) > files.LARGEST:
            words = _("A file has at most %(most)d MB.") % {"most": files.LARGEST >> 20}
            raise serializers.ValidationError({"file": [words]})
        content = sent.read()
        kept = files.attach(self.get_object(), name=sent.name or "", content=content, **self.how())
        return Response(data.RequestFileSerializer(kept).data, status=201)
