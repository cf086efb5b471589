"""Playbooks over the API: their plays, their steps, and what came of them."""

from typing import Any, ClassVar

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import playbooks
from campaigns.models import CouponBatch, MessageTemplate, Play, Playbook, PlayResult
from campaigns.plans import nodes
from campaigns.playbooks import Offer
from console import clock, idempotency
from console.models import Staff, Team
from console.seen_marks import SeenField, unseen
from segments.models import Segment

SEGMENTS = Segment.objects.filter(archived_at=None)


class PlayResultSerializer(serializers.ModelSerializer):
    """Who came back, of those who got it and of the control; cost in the smallest unit."""

    share = serializers.FloatField()
    control_share = serializers.FloatField()
    saved = serializers.FloatField()
    cost_a_wake = serializers.FloatField()
    stayed_share = serializers.FloatField()

    class Meta:
        model = PlayResult
        exclude: ClassVar = ["id", "playbook", "play"]


class PlaySerializer(serializers.ModelSerializer):
    """A line of the matrix. Its campaign says what they get, and is approved by itself."""

    status = serializers.CharField(source="campaign.status")
    plan = serializers.ListField(source="campaign.plan")
    limit_minor = serializers.IntegerField(source="campaign.limit_minor", allow_null=True)
    result = PlayResultSerializer(default=None)

    class Meta:
        model = Play
        fields: ClassVar = ["id", "place", "level", "value", "campaign", "status", "plan"]
        fields += ["limit_minor", "result"]


class OfferSerializer(serializers.Serializer):
    """Who (a level, and a value if it matters), and what they get: a message or work, or both."""

    level = serializers.PrimaryKeyRelatedField(queryset=SEGMENTS)
    value = serializers.PrimaryKeyRelatedField(queryset=SEGMENTS, allow_null=True, default=None)
    template = serializers.PrimaryKeyRelatedField(
        queryset=MessageTemplate.objects.filter(archived_at=None), allow_null=True, default=None
    )
    coupon = serializers.PrimaryKeyRelatedField(
        queryset=CouponBatch.objects.filter(archived_at=None), allow_null=True, default=None
    )
    task = serializers.CharField(max_length=160, allow_blank=True, default="")
    task_days = serializers.IntegerField(min_value=0, max_value=90, default=3)
    duty = serializers.ChoiceField(choices=["", *nodes.DUTIES], default="")
    owner = serializers.PrimaryKeyRelatedField(
        queryset=Staff.objects.filter(is_active=True), allow_null=True, default=None
    )
    team = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.all(), allow_null=True, default=None
    )
    limit_minor = serializers.IntegerField(
        min_value=1, max_value=10**15, allow_null=True, default=None
    )


class PlaybookSerializer(serializers.ModelSerializer):
    """A playbook: its plays in the order of their urgency, under one control and one budget."""

    plays = PlaySerializer(many=True, read_only=True)
    result = serializers.SerializerMethodField()
    seen = SeenField(playbooks.SETTINGS)

    class Meta:
        model = Playbook
        fields: ClassVar = [
            *("id", *playbooks.SETTINGS, "status", "owner", "team", "created_at", "started_at"),
            *("result", "plays", "seen"),
        ]
        read_only_fields: ClassVar = ["status", "owner", "team", "created_at", "started_at"]

    @extend_schema_field(PlayResultSerializer(allow_null=True))
    def get_result(self, playbook: Playbook) -> Any:
        """Of all its plays together."""
        whole = next((one for one in playbook.results.all() if one.play_id is None), None)
        return whole and PlayResultSerializer(whole).data


class PlaybookViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Playbooks, newest first. What is not open answers 403 in words, lost races 409."""

    needs: ClassVar = {
        "list": playbooks.VIEW,
        "retrieve": playbooks.VIEW,
        "create": playbooks.ACTION,
        "partial_update": playbooks.ACTION,
        "add_play": playbooks.ACTION,
        "change_play": playbooks.ACTION,
        "run": playbooks.RUN,
    }
    queryset = Playbook.objects.prefetch_related(
        Prefetch(
            "plays",
            Play.objects.select_related("campaign", "result").defer("seen").order_by("place"),
        ),
        "results",
    )
    serializer_class = PlaybookSerializer
    filterset_fields: ClassVar = ["status", "team"]

    def create(self, request: Request) -> Response:
        playbook = playbooks.add(by=_staff(request), **unseen(self._read(request)))
        return self._now(playbook, status=201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        playbook = self.get_object()
        playbooks.edit(playbook, by=_staff(request), **self._read(request, playbook, partial=True))
        return self._now(playbook)

    @extend_schema(request=OfferSerializer, responses={201: PlaybookSerializer})
    @action(detail=True, methods=["post"], url_path="plays")
    def add_play(self, request: Request, pk: str | None = None) -> Response:
        """Add a play behind the others; its campaign is a draft."""
        playbook = self.get_object()
        given = OfferSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        said = dict(given.validated_data)
        level, value = said.pop("level"), said.pop("value")
        playbooks.add_play(playbook, level, value, Offer(**said), by=_staff(request))
        return self._now(playbook, status=201)

    @extend_schema(request=None, operation_id="v1_playbooks_plays_change")
    @action(
        detail=True,
        methods=["post"],
        url_path=r"plays/(?P<play>\d{1,9})/(?P<deed>remove|up|down)",
    )
    def change_play(
        self, request: Request, play: str, deed: str, pk: str | None = None
    ) -> Response:
        """Take a play out, or make it more urgent or less."""
        playbook = self.get_object()
        found = get_object_or_404(playbook.plays.select_related("playbook", "campaign"), pk=play)
        if deed == "remove":
            playbooks.remove_play(found, by=_staff(request))
        else:
            playbooks.move_play(found, up=deed == "up", by=_staff(request))
        return self._now(playbook)

    @extend_schema(request=None, operation_id="v1_playbooks_run", parameters=idempotency.KEYED)
    @action(detail=True, methods=["post"], url_path="(?P<deed>submit|start|pause|end)")
    @idempotency.once
    def run(self, request: Request, deed: str, pk: str | None = None) -> Response:
        """Ask for approval of every play; put it in force; let nobody more in; end it for good."""
        playbook, staff, at = self.get_object(), _staff(request), clock.now()
        match deed:
            case "submit":
                playbooks.submit(playbook, by=staff, at=at)
            case "start":
                playbooks.start(playbook, by=staff, at=at)
            case "pause":
                playbooks.pause(playbook, by=staff)
            case _end:
                playbooks.end(playbook, by=staff, at=at)
        return self._now(playbook)

    def _now(self, playbook: Playbook, *, status: int = 200) -> Response:
        found = self.get_queryset().get(pk=playbook.pk)
        return Response(self.get_serializer(found).data, status=status)

    def _read(self, request: Request, *args: Any, partial: bool = False) -> dict[str, Any]:
        serializer = self.get_serializer(*args, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _staff(request: Request) -> Any:
    return request.user
