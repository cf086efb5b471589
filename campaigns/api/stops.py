"""Stops over the API: what the console stopped, and the decision in writing."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import tasks
from campaigns.models import CampaignPeriod, Stop
from campaigns.stoploss import stops, words
from console import idempotency


class StopSerializer(serializers.ModelSerializer):
    """A stop, with its reason in words and the numbers of that moment."""

    why = serializers.SerializerMethodField()

    class Meta:
        model = Stop
        fields: ClassVar = [
            *("id", "campaign", "cause", "why", "facts", "stopped_on", "stopped_at"),
            *("watched_until", "doubted_on", "goes_on", "reason", "decided_by", "decided_at"),
        ]
        read_only_fields = fields

    def get_why(self, stop: Stop) -> str:
        return words.why(stop)


class DecisionSerializer(serializers.Serializer):
    """What becomes of it, and why."""

    goes_on = serializers.BooleanField()
    reason = serializers.CharField(max_length=2000)


class PeriodSerializer(serializers.ModelSerializer):
    """What a closed period cost and brought; amounts in the smallest unit of the currency."""

    roi = serializers.FloatField(read_only=True)

    class Meta:
        model = CampaignPeriod
        exclude: ClassVar = ["id", "campaign"]


class StopViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """What did not keep what was agreed, newest first."""

    needs: ClassVar = {
        "list": "campaigns.view",
        "retrieve": "campaigns.view",
        "decide": stops.ACTION,
    }
    queryset = Stop.objects.select_related("campaign")
    serializer_class = StopSerializer
    filterset_fields: ClassVar = ["campaign", "cause", "goes_on"]

    @extend_schema(
        request=DecisionSerializer,
        responses=StopSerializer,
        parameters=idempotency.KEYED,
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def decide(self, request: Request, pk: str | None = None) -> Response:
        """It goes on, or it ends; never by who runs it."""
        stop, given = self.get_object(), DecisionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        staff: Any = request.user
        stops.decide(stop, by=staff, **given.validated_data)
        if stop.goes_on:
            tasks.send_wave.delay_on_commit(stop.campaign_id)
        return Response(self.get_serializer(stop).data)
