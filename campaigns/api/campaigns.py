"""Campaigns over the API: the same steps as in the browser, with the same refusals."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import additions, drafts, expectations, planning, tasks, transitions
from campaigns.api.grounds import GroundsSerializer
from campaigns.api.stops import PeriodSerializer
from campaigns.models import Campaign, CampaignResult, Trial
from campaigns.money import facts
from campaigns.outcomes import progress, trials
from console import clock, idempotency
from console.seen_marks import SeenField, unseen

VIEW, CHANGE, RUN = "campaigns.view", "campaigns.change", "campaigns.run"
STEP = extend_schema(request=None, parameters=idempotency.KEYED)


class ResultSerializer(serializers.ModelSerializer):
    """What came of it; amounts in the smallest unit of the project's currency."""

    class Meta:
        model = CampaignResult
        exclude: ClassVar = ["id", "campaign"]


def _is_share(value: float) -> None:
    if not 0 <= value <= 0.9:
        raise serializers.ValidationError("From 0 to 0.9.")


def _within(low: float, high: float) -> Callable[[float], None]:
    def check(value: float) -> None:
        if not low <= value <= high:
            raise serializers.ValidationError(f"From {low} to {high}.")

    return check


class CampaignSerializer(serializers.ModelSerializer):
    """A campaign. Only a draft can be changed; its status changes by steps."""

    audience_size = serializers.IntegerField(source="audience.size", default=None, read_only=True)
    result = ResultSerializer(read_only=True, default=None)
    exit_events = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, max_length=20
    )
    timetable = serializers.DictField(required=False)
    trigger = serializers.DictField(required=False)
    plan = serializers.ListField(required=False)
    seen = SeenField(drafts.EDITABLE)

    class Meta:
        model = Campaign
        fields: ClassVar = [
            "id",
            *drafts.EDITABLE,
            "seen",
            "kind",
            "status",
            "owner",
            "team",
            "audience_size",
            "stopped_because",
            "external_ref",
            "created_at",
            "started_at",
            "finished_at",
            "result",
        ]
        read_only_fields: ClassVar = [
            name
            for name in fields
            if name not in {*drafts.EDITABLE, "seen", "audience_size", "result"}
        ]
        validators: ClassVar[list[Any]] = []  # `validate` says it in words
        extra_kwargs: ClassVar = {
            "priority": {"max_value": 100},
            "conversion_days": {"min_value": 1, "max_value": 90},
            "limit_minor": {"min_value": 1},
            # Not a greatest value: what is no number is greater than none.
            "control_share": {"validators": [_is_share]},
            "expected_roi": {"validators": [_within(-1, 1000)]},
            "periods_below": {"min_value": 1, "max_value": 12},
            **{name: {"validators": [_within(0, 1)]} for name in expectations.LIMITS},
        }

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Refuse, at its field, what could never be submitted."""
        names = (
            *("entry", "segment", "template", "plan", "timetable", "trigger"),
            *("most_a_day", "most_in_all"),
        )
        now = self.instance or Campaign()
        whole = {name: given.get(name, getattr(now, name)) for name in names}
        problems = {name: words for name, words in planning.problems(**whole) if words}
        agreed = {name: given.get(name, getattr(now, name)) for name in expectations.PERIODS}
        for name in expectations.without_periods(whole["entry"], agreed):
            problems[name] = str(expectations.NO_PERIODS)
        if given.get("limit_minor", now.limit_minor) and not given.get("budget", now.budget):
            problems["budget"] = _("Choose the budget that it may spend so much of.")
        if problems:
            raise serializers.ValidationError(problems)
        return given


class StepSerializer(serializers.Serializer):
    """Who stands before a step, took it, and got its message."""

    step = serializers.CharField()
    here = serializers.IntegerField()
    through = serializers.IntegerField()
    sent = serializers.IntegerField()


class ProgressSerializer(serializers.Serializer):
    """Counts of customers."""

    status = serializers.CharField()
    size = serializers.IntegerField()
    ended = serializers.IntegerField()
    on_the_way = serializers.IntegerField()
    done_share = serializers.FloatField()
    sent = serializers.IntegerField()
    failed = serializers.IntegerField()
    held = serializers.IntegerField()
    skipped = serializers.IntegerField()
    retry = serializers.IntegerField()
    deferred = serializers.IntegerField()
    sending = serializers.IntegerField()
    delivered = serializers.IntegerField()
    bounced = serializers.IntegerField()
    opened = serializers.IntegerField()
    clicked = serializers.IntegerField()
    replied = serializers.IntegerField()
    unsubscribed = serializers.IntegerField()
    complained = serializers.IntegerField()
    steps = StepSerializer(many=True)


class TrialSerializer(serializers.ModelSerializer):
    """What each variant or way came to, and the winner; shares with their 95 % bounds."""

    class Meta:
        model = Trial
        fields: ClassVar = ["step", "tallies", "factors", "computed_at"]
        fields += ["winner", "why", "reason", "chosen_by", "chosen_at"]


class WinnerSerializer(serializers.Serializer):
    """Which way of a step everybody else gets, and why."""

    step = serializers.CharField(max_length=16)
    way = serializers.CharField(max_length=16)
    reason = serializers.CharField(max_length=500)


class CampaignMoneySerializer(serializers.Serializer):
    """What came of its money, in minor units of the budget's currency.

    Approved is what was spent, what is left, and what was given back of it.
    """

    budget = serializers.IntegerField(allow_null=True)
    reserved_minor = serializers.IntegerField()
    approved_minor = serializers.IntegerField()
    spent_minor = serializers.IntegerField()
    left_minor = serializers.IntegerField()
    given_back_minor = serializers.IntegerField()
    messages_minor = serializers.IntegerField()
    redeemed_minor = serializers.IntegerField()
    in_hands_minor = serializers.IntegerField()
    work_minor = serializers.IntegerField()


class MoreSerializer(serializers.Serializer):
    """How much more it needs, in minor units, and why."""

    amount_minor = serializers.IntegerField(min_value=1, max_value=10**15)
    because = serializers.CharField(max_length=300)


class AskedSerializer(serializers.Serializer):
    """The approval that was asked for."""

    approval = serializers.IntegerField()
    status = serializers.CharField()


class CampaignViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet,
):
    """Campaigns, newest first. Steps that are not open answer 403 in words, lost races 409."""

    needs: ClassVar = {
        "list": VIEW,
        "retrieve": VIEW,
        "progress": VIEW,
        "periods": VIEW,
        "trials": VIEW,
        "winner": RUN,
        "money": VIEW,
        "grounds": VIEW,
        "more": "campaigns.submit",
        "create": CHANGE,
        "partial_update": CHANGE,
        "submit": "campaigns.submit",
        "withdraw": "campaigns.submit",
        "start": RUN,
        "pause": RUN,
        "resume": RUN,
        "close": RUN,
        "cancel": RUN,
    }
    queryset = Campaign.objects.select_related("audience", "result").defer(
        "audience__members", "audience__body"
    )
    serializer_class = CampaignSerializer
    filterset_fields: ClassVar = ["status", "kind", "team"]

    def create(self, request: Request) -> Response:
        campaign = drafts.add(by=_staff(request), **unseen(self._read(request)))
        return Response(self.get_serializer(campaign).data, status=201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        campaign = self.get_object()
        drafts.edit(campaign, by=_staff(request), **self._read(request, campaign, partial=True))
        return Response(self.get_serializer(campaign).data)

    @STEP
    @action(detail=True, methods=["post"])
    @idempotency.once
    def submit(self, request: Request, pk: str | None = None) -> Response:
        """Freeze who gets what, and ask for approval."""
        campaign = self.get_object()
        transitions.submit(campaign, by=_staff(request), at=clock.now())
        return self._now(campaign)

    @STEP
    @action(detail=True, methods=["post"])
    @idempotency.once
    def withdraw(self, request: Request, pk: str | None = None) -> Response:
        """Back to draft; an approval counts no longer."""
        campaign = self.get_object()
        transitions.withdraw(campaign, by=_staff(request))
        return self._now(campaign)

    @STEP
    @action(detail=True, methods=["post"])
    @idempotency.once
    def start(self, request: Request, pk: str | None = None) -> Response:
        """Send what was approved."""
        campaign = self.get_object()
        transitions.start(campaign, by=_staff(request), at=clock.now())
        tasks.send_wave.delay_on_commit(campaign.pk)
        return self._now(campaign)

    @STEP
    @action(detail=True, methods=["post"])
    @idempotency.once
    def pause(self, request: Request, pk: str | None = None) -> Response:
        campaign = self.get_object()
        transitions.pause(campaign, by=_staff(request))
        return self._now(campaign)

    @STEP
    @action(detail=True, methods=["post"])
    @idempotency.once
    def resume(self, request: Request, pk: str | None = None) -> Response:
        campaign = self.get_object()
        transitions.resume(campaign, by=_staff(request))
        tasks.send_wave.delay_on_commit(campaign.pk)
        return self._now(campaign)

    @STEP
    @action(detail=True, methods=["post"])
    @idempotency.once
    def close(self, request: Request, pk: str | None = None) -> Response:
        """Let nobody in any more; who is in goes on to the end."""
        campaign = self.get_object()
        transitions.close(campaign, by=_staff(request), at=clock.now())
        return self._now(campaign)

    @STEP
    @action(detail=True, methods=["post"])
    @idempotency.once
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        campaign = self.get_object()
        transitions.cancel(campaign, by=_staff(request))
        return self._now(campaign)

    @extend_schema(responses=ProgressSerializer)
    @action(detail=True)
    def progress(self, request: Request, pk: str | None = None) -> Response:
        campaign = self.get_object()
        steps = [{"step": step, **at._asdict()} for step, at in progress.by_step(campaign).items()]
        now = progress.of(campaign).as_json()
        return Response(now | {"status": campaign.status, "steps": steps})

    @extend_schema(responses=PeriodSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_fields=[])
    def periods(self, request: Request, pk: str | None = None) -> Response:
        """What each closed period brought, the newest first; revised ones more than once."""
        found = self.get_object().periods.all()[:100]
        return Response(PeriodSerializer(found, many=True).data)

    @extend_schema(responses=TrialSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_fields=[])
    def trials(self, request: Request, pk: str | None = None) -> Response:
        """What its variants and ways came to."""
        found = Trial.objects.filter(campaign=self.get_object()).order_by("pk")
        return Response(TrialSerializer(found, many=True).data)

    @extend_schema(request=WinnerSerializer)
    @action(detail=True, methods=["post"])
    def winner(self, request: Request, pk: str | None = None) -> Response:
        """Choose which variant or way everybody else gets."""
        campaign, said = self.get_object(), WinnerSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        chosen = said.validated_data
        trials.choose(
            campaign, chosen["step"], chosen["way"], reason=chosen["reason"], by=_staff(request)
        )
        tasks.send_wave.delay_on_commit(campaign.pk)
        return self._now(campaign)

    @extend_schema(responses=GroundsSerializer)
    @action(detail=True)
    def grounds(self, request: Request, pk: str | None = None) -> Response:
        """What whoever decides about it reads: to whom, what it costs, what the like brought."""
        return Response(GroundsSerializer(self.get_object()).data)

    @extend_schema(responses=CampaignMoneySerializer)
    @action(detail=True)
    def money(self, request: Request, pk: str | None = None) -> Response:
        """What was set aside, spent and given back."""
        campaign = self.get_object()
        found = facts.of(campaign) or facts.NOTHING
        return Response({"budget": campaign.budget_id} | found.as_json())

    @extend_schema(
        request=MoreSerializer, responses={201: AskedSerializer}, parameters=idempotency.KEYED
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def more(self, request: Request, pk: str | None = None) -> Response:
        """Ask for more money; somebody else decides."""
        campaign = self.get_object()
        asked = MoreSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        approval = additions.ask(
            campaign,
            said["amount_minor"],
            because=said["because"],
            key=f"api:{_staff(request).pk}:{request.headers[idempotency.HEADER]}",
            by=_staff(request),
            at=clock.now(),
        )
        return Response({"approval": approval.pk, "status": approval.status}, status=201)

    def _now(self, campaign: Campaign) -> Response:
        campaign.refresh_from_db()
        return Response(self.get_serializer(campaign).data)

    def _read(self, request: Request, *args: Any, partial: bool = False) -> dict[str, Any]:
        serializer = self.get_serializer(*args, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _staff(request: Request) -> Any:
    return request.user
