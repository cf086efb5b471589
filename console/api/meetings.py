"""Weekly meetings over the API: each caller's part of the pack, and what was decided."""

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock, idempotency
from console.meetings import building, holding, pack, weeks
from console.meetings.weeks import Week
from console.models import Meeting, MeetingDecision, Staff
from console.team_requests import seeing

NAMED = OpenApiParameter("week", str, OpenApiParameter.PATH, description="Such as 2018-W10.")


class MeetingLineSerializer(serializers.Serializer):
    """One thing that the meeting should know."""

    what = serializers.CharField()
    link = serializers.CharField()
    badge = serializers.CharField()
    tone = serializers.CharField()
    when = serializers.CharField()
    why = serializers.CharField()
    request = serializers.IntegerField(allow_null=True)
    team = serializers.IntegerField(allow_null=True)
    numbers = serializers.ListField(child=serializers.FloatField())


class MeetingSectionSerializer(serializers.Serializer):
    """A heading with its lines."""

    key = serializers.CharField()
    title = serializers.CharField()
    lines = MeetingLineSerializer(many=True)


class MeetingDecisionSerializer(serializers.ModelSerializer):
    """What was decided, and the work that came of it."""

    class Meta:
        model = MeetingDecision
        fields: ClassVar = ["id", "text", "request", "work", "decided_by", "at"]


class MeetingPackSerializer(serializers.Serializer):
    """A week's pack as the caller sees it, as of a day, with its decisions."""

    week = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField()
    as_of = serializers.DateField()
    is_closed = serializers.BooleanField()
    sections = MeetingSectionSerializer(many=True)
    decisions = MeetingDecisionSerializer(many=True)


class MeetingSerializer(serializers.ModelSerializer):
    """A meeting in which something was decided, or that was closed."""

    week = serializers.SerializerMethodField()

    class Meta:
        model = Meeting
        fields: ClassVar = ["week", "monday", "status", "closed_by", "closed_at"]

    def get_week(self, meeting: Meeting) -> str:
        return Week(meeting.monday).name


class MeetingDecideSerializer(serializers.Serializer):
    """What was decided, who carries it out until when, and the request that it is about."""

    text = serializers.CharField(max_length=500)
    owner = serializers.PrimaryKeyRelatedField(queryset=Staff.objects.filter(is_active=True))
    due_on = serializers.DateField()
    request = serializers.IntegerField(min_value=1, allow_null=True, default=None)


class MeetingViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Weekly meetings, the newest first; a pack by the name of its week, such as 2018-W10."""

    needs: ClassVar = {
        **dict.fromkeys(("list", "retrieve"), holding.VIEW),
        **dict.fromkeys(("decide", "close"), holding.HOLD),
    }
    queryset = Meeting.objects.all()
    serializer_class = MeetingSerializer
    lookup_field = "week"
    lookup_value_regex = r"\d{4}-W\d{2}"

    @extend_schema(responses=MeetingPackSerializer, parameters=[NAMED])
    def retrieve(self, request: Request, week: str = "") -> Response:
        """The caller's part of the week's pack: as it is now, or as it was when it was closed."""
        return Response(self._pack(_week(week)))

    @extend_schema(
        request=MeetingDecideSerializer,
        responses={201: MeetingDecisionSerializer},
        parameters=[NAMED, *idempotency.KEYED],
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def decide(self, request: Request, week: str = "") -> Response:
        """Record what was decided; it is work of whoever carries it out."""
        form = MeetingDecideSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(form.validated_data)
        number = given.pop("request")
        about = seeing.get_or_404(self._caller, number) if number else None
        made = holding.decide(
            _week(week), request=about, on=clock.today(), by=self._caller, **given
        )
        return Response(MeetingDecisionSerializer(made).data, status=201)

    @extend_schema(
        request=None, responses=MeetingSerializer, parameters=[NAMED, *idempotency.KEYED]
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def close(self, request: Request, week: str = "") -> Response:
        """Keep the pack as it is now; nothing is decided in this meeting any more."""
        meeting = holding.close(_week(week), at=clock.now(), today=clock.today(), by=self._caller)
        return Response(MeetingSerializer(meeting).data)

    def _pack(self, week: Week) -> dict[str, Any]:
        meeting = Meeting.objects.filter(monday=week.since).first()
        seen = building.as_seen(meeting) if meeting else None
        shown = pack.for_reader(seen or building.build(week, today=clock.today()), self._caller)
        said = {
            **pack.as_data(shown),
            "is_closed": meeting is not None and meeting.status == Meeting.Status.CLOSED,
            "decisions": holding.decided(meeting, seen_by=self._caller),
        }
        return dict(MeetingPackSerializer(said).data)

    @property
    def _caller(self) -> Staff:
        staff: Any = self.request.user
        return staff


def _week(name: str) -> Week:
    if (found := weeks.named(name)) is None:
        raise Http404
    return found
