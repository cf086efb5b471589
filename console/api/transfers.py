"""Transfers between budgets over the API: what was asked for, and keeping or taking it back."""

from typing import Any, ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from console import budgets, clock, idempotency, transfers
from console.models import Approval, Transfer


class TransferSerializer(serializers.ModelSerializer):
    """So much for a budget, from another one or new, and how its approval stands."""

    approval = serializers.IntegerField(read_only=True)
    status = serializers.ChoiceField(Approval.Status.choices, read_only=True)

    class Meta:
        model = Transfer
        fields: ClassVar = [
            *("id", "source", "target", "amount_minor", "because", "asked_by", "asked_on"),
            *("approval", "status"),
        ]


class KeepingSerializer(serializers.Serializer):
    """Why the money is kept."""

    because = serializers.CharField(max_length=2000)


class TransferViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Askings for money, newest first. Both deeds need an `Idempotency-Key`."""

    needs: ClassVar = {
        **dict.fromkeys(("list", "retrieve"), budgets.VIEW),
        "refuse": budgets.CHANGE,
        "withdraw": budgets.ASK,
    }
    queryset = Transfer.objects.all()
    serializer_class = TransferSerializer
    filterset_fields: ClassVar = ["source", "target"]

    def get_queryset(self) -> QuerySet[Transfer]:
        kind = ContentType.objects.get_for_model(Transfer)
        asked = Approval.objects.filter(subject_type=kind, subject_id=OuterRef("pk")).order_by(
            "-pk"
        )
        newest = {"approval": Subquery(asked.values("pk")[:1])}
        newest["status"] = Subquery(asked.values("status")[:1])
        rows = Transfer.objects.select_related("source__team", "target__team")
        return rows.annotate(**newest)

    @extend_schema(
        request=KeepingSerializer, responses=TransferSerializer, parameters=idempotency.KEYED
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def refuse(self, request: Request, pk: str | None = None) -> Response:
        """Keep the money that would go to another budget: whoever looks after this one may."""
        given = KeepingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        transfers.refuse(
            self.get_object(), because=given.validated_data["because"], by=_staff(request)
        )
        return self._now()

    @extend_schema(request=None, responses=TransferSerializer, parameters=idempotency.KEYED)
    @action(detail=True, methods=["post"])
    @idempotency.once
    def withdraw(self, request: Request, pk: str | None = None) -> Response:
        """Take one's own asking back."""
        transfers.withdraw(self.get_object(), by=_staff(request), on=clock.today())
        return self._now()

    def _now(self) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


def _staff(request: Request) -> Any:
    return request.user
