"""Allocation over the API: what is proposed, and the decision about it."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from console import clock, idempotency
from console.models import Budget
from metrics import allocation
from metrics.models import Proposal


class ProposalSerializer(serializers.ModelSerializer):
    """A move of money with what it would gain; amounts in minor units of the currency.

    `basis` is what told it: numbers of campaigns, or months of channels of acquisition.
    """

    class Meta:
        model = Proposal
        fields: ClassVar = [
            *("id", "dimension", "status", "source", "source_name", "target", "target_name"),
            *("amount_minor", "gain_minor", "gain_low_minor", "gain_high_minor", "sure"),
            *("basis", "made_at", "decided_by", "decided_at", "because", "transfer"),
        ]
        read_only_fields = fields


class DismissalSerializer(serializers.Serializer):
    """Why it is not done."""

    because = serializers.CharField(max_length=300)


class AcceptanceSerializer(DismissalSerializer):
    """Why, and between which budgets; without budgets it is a decision that is written down."""

    source_budget = serializers.PrimaryKeyRelatedField(
        queryset=Budget.objects.all(), allow_null=True, default=None
    )
    target_budget = serializers.PrimaryKeyRelatedField(
        queryset=Budget.objects.all(), allow_null=True, default=None
    )
    amount_minor = serializers.IntegerField(
        min_value=1, max_value=10**15, allow_null=True, default=None
    )


class ProposalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Where money would bring more, newest first. Deciding needs an `Idempotency-Key`."""

    needs: ClassVar = {
        **dict.fromkeys(("list", "retrieve"), allocation.VIEW),
        **dict.fromkeys(("accept", "dismiss"), allocation.DECIDE),
    }
    queryset = Proposal.objects.all()
    serializer_class = ProposalSerializer
    filterset_fields: ClassVar = ["dimension", "status"]

    @extend_schema(
        request=AcceptanceSerializer, responses=ProposalSerializer, parameters=idempotency.KEYED
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def accept(self, request: Request, pk: str | None = None) -> Response:
        """Move it: between two budgets somebody else approves the transfer."""
        given = _read(AcceptanceSerializer, request)
        proposal, staff = self.get_object(), _staff(request)
        allocation.accept(
            proposal,
            by=staff,
            because=given["because"],
            on=clock.today(),
            at=clock.now(),
            source=given["source_budget"],
            target=given["target_budget"],
            amount=given["amount_minor"],
        )
        return Response(self.get_serializer(proposal).data)

    @extend_schema(
        request=DismissalSerializer, responses=ProposalSerializer, parameters=idempotency.KEYED
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def dismiss(self, request: Request, pk: str | None = None) -> Response:
        """Leave the money where it is, and say why."""
        given, proposal = _read(DismissalSerializer, request), self.get_object()
        allocation.dismiss(proposal, by=_staff(request), because=given["because"], at=clock.now())
        return Response(self.get_serializer(proposal).data)


def _read(kind: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    found = kind(data=request.data)
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)


def _staff(request: Request) -> Any:
    return request.user
