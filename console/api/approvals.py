"""Approvals over the API: what waits, and a vote, with the same refusals as in the browser."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from console import approvals, idempotency, kept_words, policies
from console.models import Approval, Vote

VERBS: dict[str, Any] = {
    Vote.Decision.APPROVE: approvals.approve,
    Vote.Decision.REJECT: approvals.reject,
    Vote.Decision.CHANGES: approvals.ask_for_changes,
}


class VoteSerializer(serializers.ModelSerializer):
    """One person's decision; a comment is needed unless it is a yes."""

    comment = serializers.CharField(max_length=2000, default="", allow_blank=True)

    class Meta:
        model = Vote
        fields: ClassVar = ["decision", "comment", "step", "by", "stands_for", "at"]
        read_only_fields: ClassVar = ["step", "by", "stands_for", "at"]


class ApprovalSerializer(serializers.ModelSerializer):
    """What is asked for, by which policy, how far it is, and who decided what."""

    votes = VoteSerializer(many=True, read_only=True)
    policy_version = serializers.CharField(source="version", default="", read_only=True)
    steps = serializers.SerializerMethodField()
    summary = serializers.SerializerMethodField()

    class Meta:
        model = Approval
        fields: ClassVar = [
            *("id", "title", "status", "subject_type", "subject_id", "digest", "summary"),
            *(
                "policy_version",
                "steps",
                "step",
                "facts",
                "requested_by",
                "created_at",
                "expires_at",
            ),
            *("decided_at", "votes"),
        ]

    def get_steps(self, approval: Approval) -> list[dict[str, Any]]:
        """Whose yes each step wants."""
        return list(approval.policy.get("steps", []))

    def get_summary(self, approval: Approval) -> dict[str, Any]:
        """What was asked for, in short."""
        said: dict[str, Any] = kept_words.said_all(approval.summary)
        return said


class ApprovalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Approvals, newest first."""

    needs: ClassVar = {
        "list": "approvals.view",
        "retrieve": "approvals.view",
        "vote": policies.DECIDE,
    }
    queryset = Approval.objects.select_related("version__policy").prefetch_related("votes")
    serializer_class = ApprovalSerializer
    filterset_fields: ClassVar = ["status", "requested_by"]

    @extend_schema(
        request=VoteSerializer, responses=ApprovalSerializer, parameters=idempotency.KEYED
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def vote(self, request: Request, pk: str | None = None) -> Response:
        """Say yes, say no, or ask for changes."""
        given = VoteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        verb = VERBS[given.validated_data["decision"]]
        verb(self.get_object(), by=request.user, comment=given.validated_data["comment"])
        return Response(self.get_serializer(self.get_object()).data)
