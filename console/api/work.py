"""Work over the API: what somebody has to do, with the inbox's sight and the verbs' refusals."""

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock, idempotency, work, work_kinds
from console.duties import giving, inbox, lifts
from console.models import Staff, Team, WorkItem
from console.team_requests import seeing

WORDS: dict[str, Any] = {"max_length": 4000, "default": "", "allow_blank": True}
GIVEN = [(key, key) for key, _label in work_kinds.choices(given=True)]
ACTIVE = Staff.objects.filter(is_active=True)


class WorkSerializer(serializers.ModelSerializer):
    """One thing to do; `deadline` is sooner than `due_on` while the team's work is raised."""

    deadline = serializers.SerializerMethodField()
    subject_type = serializers.CharField(source="subject_type.model", default="", read_only=True)

    class Meta:
        model = WorkItem
        fields: ClassVar = [
            *("id", "kind", "title", "why", "plan", "status", "owner", "team", "due_on"),
            *("deadline", "given_on", "given_by", "subject_type", "subject_id", "tries"),
            *("outcome", "result", "facts", "closed_at", "closed_by"),
        ]
        read_only_fields: ClassVar = fields

    def get_deadline(self, item: WorkItem) -> str | None:
        due_on = lifts.deadline(item, self.context["raised"])
        return due_on.isoformat() if due_on else None


class StandingWorkSerializer(serializers.ModelSerializer):
    """How it stands after a deed, without words: answers are kept, and words may be private."""

    class Meta:
        model = WorkItem
        fields: ClassVar = ["id", "kind", "status", "owner", "team", "due_on", "result", "tries"]
        read_only_fields: ClassVar = fields


class GiveWorkSerializer(serializers.Serializer):
    """What somebody is to do: an owner, or a team of which whoever takes it."""

    kind = serializers.ChoiceField(choices=GIVEN)
    title = serializers.CharField(max_length=160)
    why = serializers.CharField(max_length=1000, default="", allow_blank=True)
    plan = serializers.CharField(max_length=2000, default="", allow_blank=True)
    owner = serializers.PrimaryKeyRelatedField(queryset=ACTIVE, allow_null=True, default=None)
    team = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.all(), allow_null=True, default=None
    )
    due_on = serializers.DateField(allow_null=True, default=None)
    request = serializers.IntegerField(
        min_value=1, allow_null=True, default=None, help_text="The request that it is about."
    )


class WorkFinishSerializer(serializers.Serializer):
    """What came of it: the result of its kind, the further answers by name, and words."""

    result = serializers.CharField(max_length=20, default="", allow_blank=True)
    answers = serializers.DictField(
        child=serializers.CharField(max_length=300, allow_blank=True), default=dict
    )
    words = serializers.CharField(**WORDS)


class WorkWhySerializer(serializers.Serializer):
    """A reason."""

    because = serializers.CharField(max_length=300)


class WorkNoWordsSerializer(serializers.Serializer):
    """Nothing besides."""


class HandOverWorkSerializer(serializers.Serializer):
    """To whom; nobody: the team may take it."""

    to = serializers.PrimaryKeyRelatedField(queryset=ACTIVE, allow_null=True)
    because = serializers.CharField(max_length=300, default="", allow_blank=True)


class WorkDeadlineSerializer(WorkWhySerializer):
    """Another day, and why."""

    to = serializers.DateField()


class WorkQuestionSerializer(serializers.Serializer):
    """Whom one asks for a yes, and what."""

    of = serializers.PrimaryKeyRelatedField(queryset=ACTIVE)
    question = serializers.CharField(max_length=300)


class WorkFilter(filters.FilterSet):
    """What the inbox is narrowed by."""

    whose = filters.ChoiceFilter(
        choices=[("mine", _("my work")), ("team", _("my team's"))], method="by_whose"
    )

    class Meta:
        model = WorkItem
        fields: ClassVar = {
            **{name: ["exact"] for name in ("kind", "owner", "team")},
            "status": ["exact", "in"],
            "due_on": ["lt", "lte", "gte"],
            "closed_at": ["gte"],
        }

    def by_whose(self, rows: QuerySet, _name: str, chosen: str) -> QuerySet:
        staff: Any = self.request.user
        return rows.filter(work.mine(staff) if chosen == "mine" else work.of_team(staff))


def verb(form: type[serializers.Serializer]) -> Callable[[Any], Any]:
    """A deed about one item: POST with an `Idempotency-Key`, answered with how it stands."""

    def decorate(method: Any) -> Any:
        told = extend_schema(
            request=form, responses=StandingWorkSerializer, parameters=idempotency.KEYED
        )
        return told(action(detail=True, methods=["post"])(idempotency.once(method)))

    return decorate


class WorkViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Work that the caller may see, the newest first; the rest is not there (404)."""

    needs: ClassVar = {
        **dict.fromkeys(("list", "retrieve"), work.VIEW),
        **dict.fromkeys(("create", "start", "finish", "drop", "reopen"), work.DO),
        **dict.fromkeys(("hand_over", "move_deadline", "ask"), work.DO),
    }
    queryset = WorkItem.objects.none()  # for the schema
    serializer_class = WorkSerializer
    filterset_class = WorkFilter

    def get_queryset(self) -> QuerySet[WorkItem]:
        return inbox.visible_to(self._caller).select_related("subject_type")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "raised": lifts.in_force(clock.today())}

    @extend_schema(
        request=GiveWorkSerializer,
        responses={201: StandingWorkSerializer},
        parameters=idempotency.KEYED,
    )
    @idempotency.once
    def create(self, request: Request) -> Response:
        """Give work: to oneself, and a manager to their team."""
        given = self._given(GiveWorkSerializer)
        kind, title, number = (given.pop(name) for name in ("kind", "title", "request"))
        about = seeing.get_or_404(self._caller, number) if number else None
        how: dict[str, Any] = {"subject": about, "on": clock.today(), "by": self._caller}
        item = giving.hand_out(kind, title, **given, **how)
        return Response(StandingWorkSerializer(item).data, status=201)

    @verb(WorkNoWordsSerializer)
    def start(self, request: Request, pk: str | None = None) -> Response:
        """Begin; what belonged to nobody belongs to who begins."""
        return self._do(work.start)

    @verb(WorkFinishSerializer)
    def finish(self, request: Request, pk: str | None = None) -> Response:
        """Say what came of it; an answer that says "again" does not end it."""
        given = self._given(WorkFinishSerializer)
        answer = {**given["answers"], "result": given["result"]}
        return self._do(work.finish, outcome=given["words"], answer=answer, on=clock.today())

    @verb(WorkWhySerializer)
    def drop(self, request: Request, pk: str | None = None) -> Response:
        """Not to be done after all, with the reason."""
        return self._do(work.drop, **self._given(WorkWhySerializer))

    @verb(WorkNoWordsSerializer)
    def reopen(self, request: Request, pk: str | None = None) -> Response:
        """Take it up again."""
        return self._do(work.reopen)

    @verb(HandOverWorkSerializer)
    def hand_over(self, request: Request, pk: str | None = None) -> Response:
        """Give it to somebody else, or back to nobody."""
        return self._do(work.hand_over, **self._given(HandOverWorkSerializer))

    @verb(WorkDeadlineSerializer)
    def move_deadline(self, request: Request, pk: str | None = None) -> Response:
        """Another deadline, with the reason."""
        return self._do(work.move_deadline, **self._given(WorkDeadlineSerializer))

    @verb(WorkQuestionSerializer)
    def ask(self, request: Request, pk: str | None = None) -> Response:
        """Ask somebody for a yes; until it is there, the work is not finished."""
        return self._do(work.ask_for_yes, on=clock.today(), **self._given(WorkQuestionSerializer))

    def _do(self, deed: Callable[..., Any], **said: Any) -> Response:
        item: WorkItem = self.get_object()
        deed(item, **said, by=self._caller)
        item.refresh_from_db()
        return Response(StandingWorkSerializer(item).data)

    def _given(self, form: type[serializers.Serializer]) -> dict[str, Any]:
        said = form(data=self.request.data)
        said.is_valid(raise_exception=True)
        return dict(said.validated_data)

    @property
    def _caller(self) -> Staff:
        staff: Any = self.request.user
        return staff
