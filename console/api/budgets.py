"""Budgets over the API: what there is, and every movement of money once under its key."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.outcomes import evidence
from console import budgets, clock, idempotency, outlays, roles, transfers
from console.models import Budget, BudgetEntry, Staff


class BudgetSerializer(serializers.ModelSerializer):
    """A budget with its balances, in minor units of its currency."""

    total_minor = serializers.IntegerField(read_only=True)
    over = serializers.CharField(source="rule.over", read_only=True)
    rule_version = serializers.IntegerField(source="rule.number", read_only=True)
    is_low = serializers.SerializerMethodField()

    class Meta:
        model = Budget
        fields: ClassVar = [
            *("id", "name", "purpose", "team", "since", "until", "currency", "total_minor"),
            *("available_minor", "reserved_minor", "committed_minor", "spent_minor"),
            *("over", "rule_version", "is_low", "archived_at"),
        ]

    def get_is_low(self, budget: Budget) -> bool:
        return budgets.is_low(budget)


class EntrySerializer(serializers.ModelSerializer):
    """One movement of the ledger."""

    rule_version = serializers.IntegerField(source="rule.number", read_only=True)

    class Meta:
        model = BudgetEntry
        fields: ClassVar = [
            *("id", "budget", "kind", "subject_type", "subject_id", "asked_minor", "amount_minor"),
            *("available_minor", "reserved_minor", "committed_minor", "spent_minor"),
            *("rule_version", "key", "because", "by", "on", "at"),
        ]


class SubjectSerializer(serializers.Serializer):
    """What the money is for: the kind of record (such as campaigns.campaign) and its number."""

    subject_kind = serializers.CharField(max_length=100)
    subject_id = serializers.IntegerField(min_value=1, max_value=2**62)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        given["subject"] = _subject(given.pop("subject_kind"), given.pop("subject_id"))
        return given


class MovementSerializer(SubjectSerializer):
    """So much for the subject, in minor units."""

    amount_minor = serializers.IntegerField(min_value=1, max_value=10**15)


class OutlaySerializer(MovementSerializer):
    """The same, and why: whoever says yes to it reads that."""

    because = serializers.CharField(max_length=300, default="", allow_blank=True)


class ReservedSerializer(EntrySerializer):
    """What was set aside, and the approval that commits it."""

    approval = serializers.IntegerField(allow_null=True)

    class Meta(EntrySerializer.Meta):
        fields: ClassVar = [*EntrySerializer.Meta.fields, "approval"]


class MoneySerializer(serializers.Serializer):
    """Money in or out, with the reason."""

    amount_minor = serializers.IntegerField(min_value=1, max_value=10**15)
    because = serializers.CharField(max_length=300)


class AskSerializer(MoneySerializer):
    """Asking for money: from another budget, or new."""

    from_budget = serializers.PrimaryKeyRelatedField(
        queryset=Budget.objects.all(), allow_null=True, default=None
    )


class BudgetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Budgets, newest first. Every call that moves money needs an `Idempotency-Key`."""

    needs: ClassVar = {
        **dict.fromkeys(("list", "retrieve", "entries"), budgets.VIEW),
        **dict.fromkeys(("fund", "reduce"), budgets.FUND),
        **dict.fromkeys(("reserve", "release", "spend", "refund"), budgets.SPEND),
        "ask": budgets.ASK,
    }
    queryset = Budget.objects.prefetch_related("rules")
    serializer_class = BudgetSerializer
    filterset_fields: ClassVar = {"team": ["exact"], "archived_at": ["isnull"]}

    @extend_schema(responses=EntrySerializer(many=True))
    @action(detail=True, methods=["get"])
    def entries(self, request: Request, pk: str | None = None) -> Response:
        """The ledger, newest first."""
        rows = BudgetEntry.objects.filter(budget=self.get_object()).select_related("rule")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(EntrySerializer(page, many=True).data)

    @extend_schema(request=MoneySerializer, responses=EntrySerializer, parameters=idempotency.KEYED)
    @action(detail=True, methods=["post"])
    @idempotency.once
    def fund(self, request: Request, pk: str | None = None) -> Response:
        """Put money in."""
        given = _read(MoneySerializer, request)
        return _told(
            budgets.fund(
                self.get_object(),
                given["amount_minor"],
                because=given["because"],
                **_movement(request),
            )
        )

    @extend_schema(request=MoneySerializer, responses=EntrySerializer, parameters=idempotency.KEYED)
    @action(detail=True, methods=["post"])
    @idempotency.once
    def reduce(self, request: Request, pk: str | None = None) -> Response:
        """Take out what is available."""
        given = _read(MoneySerializer, request)
        return _told(
            budgets.reduce(
                self.get_object(),
                given["amount_minor"],
                because=given["because"],
                **_movement(request),
            )
        )

    @extend_schema(
        request=OutlaySerializer, responses={201: ReservedSerializer}, parameters=idempotency.KEYED
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def reserve(self, request: Request, pk: str | None = None) -> Response:
        """Set money aside for the subject; somebody else's yes commits it."""
        given, budget = _read(OutlaySerializer, request), self._own(request)
        outlay = outlays.ask(
            budget,
            given["amount_minor"],
            subject=given["subject"],
            because=given["because"],
            evidence=evidence.of_team(budget.team, at=clock.now()),
            **_movement(request),
        )
        entry = BudgetEntry.objects.get(budget=budget, key=outlay.key)
        asked = outlays.approval_of(outlay)
        told = EntrySerializer(entry).data | {"approval": asked.pk if asked else None}
        return Response(told, status=201)

    @extend_schema(
        request=MovementSerializer, responses=EntrySerializer, parameters=idempotency.KEYED
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def spend(self, request: Request, pk: str | None = None) -> Response:
        """Spend of what was committed for the subject."""
        return self._move(request, budgets.spend)

    @extend_schema(
        request=MovementSerializer, responses=EntrySerializer, parameters=idempotency.KEYED
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def refund(self, request: Request, pk: str | None = None) -> Response:
        """It was not spent after all."""
        return self._move(request, budgets.refund)

    @extend_schema(
        request=SubjectSerializer, responses=BudgetSerializer, parameters=idempotency.KEYED
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def release(self, request: Request, pk: str | None = None) -> Response:
        """Give back all that was set aside for the subject and not spent."""
        given = _read(SubjectSerializer, request)
        budget = self._own(request)
        outlays.release(budget, subject=given["subject"], **_movement(request))
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=AskSerializer, responses={201: None}, parameters=idempotency.KEYED)
    @action(detail=True, methods=["post"])
    @idempotency.once
    def ask(self, request: Request, pk: str | None = None) -> Response:
        """Ask for money; somebody else decides, by what past campaigns brought."""
        given, budget = _read(AskSerializer, request), self.get_object()
        approval = transfers.ask(
            budget,
            given["amount_minor"],
            evidence=evidence.of_team(budget.team, at=clock.now()),
            source=given["from_budget"],
            because=given["because"],
            **_movement(request),
        )
        return Response({"approval": approval.pk, "status": approval.status}, status=201)

    def _move(self, request: Request, verb: Any) -> Response:
        given = _read(MovementSerializer, request)
        amount, subject = given["amount_minor"], given["subject"]
        return _told(verb(self._own(request), amount, subject=subject, **_movement(request)))

    def _own(self, request: Request) -> Budget:
        budget: Budget = self.get_object()
        roles.require(request.user, budgets.SPEND, record=budget)
        return budget


def _read(kind: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    found = kind(data=request.data)
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)


def _movement(request: Request) -> dict[str, Any]:
    """The key, the day and the person of a movement over the API."""
    assert isinstance(request.user, Staff)
    day: dt.date = clock.today()
    verb = request.path.rstrip("/").rpartition("/")[2]
    key = f"api:{request.user.pk}:{verb}:{request.headers[idempotency.HEADER].strip()}"
    return {"key": key, "on": day, "by": request.user}


def _told(entry: BudgetEntry) -> Response:
    return Response(EntrySerializer(entry).data, status=201)


def _subject(kind: str, number: int) -> Model:
    app, _dot, model = kind.partition(".")
    found = ContentType.objects.filter(app_label=app, model=model).first()
    known = found.model_class() if found else None
    record = known._default_manager.filter(pk=number).first() if known else None
    if record is None:
        raise ValidationError({"subject_id": [_("There is no such record.")]})
    if hasattr(record, "on_approved"):
        words = _("Its money moves with its approval, and as it is spent.")
        raise ValidationError({"subject_kind": [words]})
    return record
