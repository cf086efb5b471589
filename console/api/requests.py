"""Requests between teams over the API: whom they concern sees them, with the screen's refusals."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock, idempotency
from console.api import request_data as data
from console.models import TeamRequest
from console.states import NotAllowed
from console.team_requests import agreeing, dates, drafting, files, moving, seeing, talking
from metrics import promises

KEYED = idempotency.KEYED
FILE = {"type": "string", "format": "binary"}


def verb(given: type[serializers.Serializer]) -> Callable[[Any], Any]:
    """A deed about one request: POST with an `Idempotency-Key`, answered with the request."""

    def decorate(method: Any) -> Any:
        told = extend_schema(request=given, responses=data.WholeRequestSerializer, parameters=KEYED)
        return told(action(detail=True, methods=["post"])(idempotency.once(method)))

    return decorate


class TeamRequestViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Requests that concern the caller, newest first; others are not there (404)."""

    needs: ClassVar = {
        **dict.fromkeys(("list", "retrieve", "comments", "comment", "files"), seeing.VIEW),
        **dict.fromkeys(("create", "ask", "withdraw", "receive", "give_back"), seeing.ASK),
        **dict.fromkeys(("accept", "decline", "send_back", "start", "deliver"), seeing.TAKE),
        **dict.fromkeys(("promise",), seeing.TAKE),
        # Either side; the verb says which of them may.
        **dict.fromkeys(("propose", "confirm", "judge", "attach"), seeing.VIEW),
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
        return seeing.visible_to(user).prefetch_related("parties", "slips")

    @extend_schema(responses=data.WholeRequestSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._told()

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
        given = form.validated_data
        how = self._how()
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

    # --- the life of a request ----------------------------------------------------

    @verb(data.SeenSerializer)
    def ask(self, request: Request, pk: str | None = None) -> Response:
        """Ask the other team, once it says enough for its kind."""
        return self._do(moving.ask, data.SeenSerializer)

    @verb(data.AcceptSerializer)
    def accept(self, request: Request, pk: str | None = None) -> Response:
        """Say yes: who does it, until when; the baseline is frozen."""
        one = self.get_object()
        baseline = promises.baseline(one, on=clock.today())
        return self._do(moving.accept, data.AcceptSerializer, baseline=baseline)

    @verb(data.BecauseSerializer)
    def decline(self, request: Request, pk: str | None = None) -> Response:
        """Say no, with the reason."""
        return self._do(moving.decline, data.BecauseSerializer)

    @verb(data.BecauseSerializer)
    def send_back(self, request: Request, pk: str | None = None) -> Response:
        """Say that it cannot be answered as it is; a draft again."""
        return self._do(moving.send_back, data.BecauseSerializer)

    @verb(data.BecauseSerializer)
    def withdraw(self, request: Request, pk: str | None = None) -> Response:
        """Not want it any more."""
        return self._do(moving.withdraw, data.BecauseSerializer)

    @verb(data.SeenSerializer)
    def start(self, request: Request, pk: str | None = None) -> Response:
        """Begin the work."""
        return self._do(moving.start, data.SeenSerializer)

    @verb(data.DeliverSerializer)
    def deliver(self, request: Request, pk: str | None = None) -> Response:
        """Say that it is done."""
        return self._do(moving.deliver, data.DeliverSerializer)

    @verb(data.SeenSerializer)
    def receive(self, request: Request, pk: str | None = None) -> Response:
        """Say that it is what was asked for."""
        return self._do(moving.receive, data.SeenSerializer)

    @verb(data.BecauseSerializer)
    def give_back(self, request: Request, pk: str | None = None) -> Response:
        """Say that it is not what was asked for."""
        return self._do(moving.give_back, data.BecauseSerializer)

    @verb(data.JudgeSerializer)
    def judge(self, request: Request, pk: str | None = None) -> Response:
        """Say whether it moved its number."""
        one, measured = self.get_object(), dict[str, Any]()
        if one.metric:
            _outcome, measured = promises.judge(one, on=clock.today())
        return self._do(moving.judge, data.JudgeSerializer, measured=measured)

    @verb(data.PromiseSerializer)
    def promise(self, request: Request, pk: str | None = None) -> Response:
        """Promise another day, and say what made it move."""
        return self._do(dates.promise, data.PromiseSerializer)

    # --- priority -----------------------------------------------------------------

    @verb(data.ProposeSerializer)
    def propose(self, request: Request, pk: str | None = None) -> Response:
        """Say for one's side what it brings, what it costs and when."""
        return self._do(agreeing.propose, data.ProposeSerializer)

    @verb(data.SeenSerializer)
    def confirm(self, request: Request, pk: str | None = None) -> Response:
        """Say yes to what the other side proposed last."""
        given = self._given(data.SeenSerializer)
        proposal = agreeing.open_proposal(self.get_object())
        if proposal is None:
            raise NotAllowed(_("Nothing is proposed that waits for a yes."))
        agreeing.confirm(proposal, **given, **self._how())
        return self._told()

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
        given = self._given(data.RequestCommentSerializer)
        said = talking.comment(self.get_object(), **given, **self._how())
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
        if sent is None or (sent.size or 0) > files.LARGEST:
            words = _("A file has at most %(most)d MB.") % {"most": files.LARGEST >> 20}
            raise serializers.ValidationError({"file": [words]})
        content = sent.read()
        kept = files.attach(self.get_object(), name=sent.name or "", content=content, **self._how())
        return Response(data.RequestFileSerializer(kept).data, status=201)

    # --- how ----------------------------------------------------------------------

    def _do(
        self, deed: Callable[..., Any], form: type[serializers.Serializer], **more: Any
    ) -> Response:
        deed(self.get_object(), **self._given(form), **more, **self._how())
        return self._told()

    def _given(self, form: type[serializers.Serializer]) -> dict[str, Any]:
        given = form(data=self.request.data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def _how(self) -> dict[str, Any]:
        return {"by": self.request.user, "at": clock.now()}

    def _told(self) -> Response:
        return Response(data.WholeRequestSerializer(self.get_object()).data)
