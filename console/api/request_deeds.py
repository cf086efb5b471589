"""The life of a request over the API: each deed is a POST, answered with the request as it is."""

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock, idempotency
from console.api import request_data as data
from console.models import Staff
from console.team_requests import dates, drafting, kinds, moving, turns
from metrics import promises

KEYED = idempotency.KEYED
Form = type[serializers.Serializer]


def verb(form: Form) -> Callable[[Any], Any]:
    """A deed about one request: POST with an `Idempotency-Key`, answered with the request."""

    def decorate(method: Any) -> Any:
        told = extend_schema(request=form, responses=data.WholeRequestSerializer, parameters=KEYED)
        return told(action(detail=True, methods=["post"])(idempotency.once(method)))

    return decorate


def plain(act: Callable[..., Any], form: Form, words: str, *, name: str = "") -> Any:
    """A deed whose verb takes what its form gives; `name` where the verb has another one."""

    def method(self: "Deeds", request: Request, pk: str | None = None) -> Response:
        return self.do(act, form)

    method.__name__, method.__doc__ = name or act.__name__, words
    return verb(form)(method)


class Deeds(viewsets.GenericViewSet):
    """What deeds about one request share: reading what was sent, doing it, and the answer."""

    def do(self, act: Callable[..., Any], form: Form, **more: Any) -> Response:
        act(self.get_object(), **self.given(form), **more, **self.how())
        return self.told()

    def given(self, form: Form) -> dict[str, Any]:
        said = form(data=self.request.data)
        said.is_valid(raise_exception=True)
        return dict(said.validated_data)

    def how(self) -> dict[str, Any]:
        return {"by": self.caller, "at": clock.now()}

    def told(self) -> Response:
        return Response(data.WholeRequestSerializer(self.get_object()).data)

    @property
    def caller(self) -> Staff:
        staff: Any = self.request.user
        return staff


class LifeDeeds(Deeds):
    """From the wish to the verdict."""

    ask = plain(
        moving.ask, data.SeenSerializer, "Ask the other team, once it says enough for its kind."
    )
    decline = plain(moving.decline, data.BecauseSerializer, "Say no, with the reason.")
    send_back = plain(
        moving.send_back,
        data.BecauseSerializer,
        "Say that it cannot be answered as it is; a draft again.",
    )
    withdraw = plain(moving.withdraw, data.BecauseSerializer, "Not want it any more.")
    take_up = plain(
        moving.take_up, data.SeenSerializer, "Take up again what was declined or withdrawn."
    )
    start = plain(moving.start, data.SeenSerializer, "Begin the work.")
    put_back = plain(moving.put_back, data.BecauseSerializer, "Stop the work for now.")
    hand_over = plain(
        moving.hand_over,
        data.RequestOwnerSerializer,
        "Let somebody else of the receiving team do it.",
    )
    deliver = plain(moving.deliver, data.DeliverSerializer, "Say that it is done.")
    receive = plain(moving.receive, data.SeenSerializer, "Say that it is what was asked for.")
    give_back = plain(
        moving.give_back, data.BecauseSerializer, "Say that it is not what was asked for."
    )
    promise = plain(
        dates.promise,
        data.PromiseSerializer,
        "Promise another day, and say what made it move.",
    )

    @verb(data.AcceptSerializer)
    def accept(self, request: Request, pk: str | None = None) -> Response:
        """Say yes: who does it, until when; the baseline is frozen."""
        return self.do(promises.accept, data.AcceptSerializer, on=clock.today())

    @verb(data.JudgeSerializer)
    def judge(self, request: Request, pk: str | None = None) -> Response:
        """Say whether it moved its number."""
        return self.do(promises.say, data.JudgeSerializer, on=clock.today())

    @verb(data.RequestChangeSerializer)
    def change(self, request: Request, pk: str | None = None) -> Response:
        """Say it in other words; after the other team's yes with a reason."""
        one, given = self.get_object(), self.given(data.RequestChangeSerializer)
        changes = {name: given.pop(name) for name in kinds.LABELS if name in given}
        changes |= {kinds.DETAIL + name: text for name, text in given.pop("details", {}).items()}
        require_possible(
            changes.get("metric", one.metric),
            changes.get("expected_change", one.expected_change),
            frozen=one.baseline,
        )
        drafting.edit(one, changes=changes, **given, **self.how())
        return self.told()

    @verb(data.RequestCostSerializer)
    def cost(self, request: Request, pk: str | None = None) -> Response:
        """Say what a change costs; the promise moves by it, or to another day."""
        given = self.given(data.RequestCostSerializer)
        revision = get_object_or_404(self.get_object().revisions, number=given.pop("revision"))
        drafting.cost(revision, **given, **self.how())
        return self.told()

    @verb(data.RequestHandSerializer)
    def hand(self, request: Request, pk: str | None = None) -> Response:
        """Hand it to another team that is in it, such as with a question."""
        return self.do(turns.hand, data.RequestHandSerializer)


def require_possible(key: str, change: Any, *, frozen: Any = None) -> None:
    """Refuse to promise a share of more than all."""
    if words := promises.too_much(key, change, frozen=frozen, on=clock.today()):
        raise serializers.ValidationError({"expected_change": [words]})
