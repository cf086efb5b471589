"""What the API takes and gives of requests between teams."""

from typing import Any, ClassVar

from rest_framework import serializers

from console.models import (
    PriorityProposal,
    RequestComment,
    RequestFile,
    RequestSlip,
    RequestVerdict,
    Staff,
    Team,
    TeamRequest,
)
from console.team_requests import kinds

WORDS: dict[str, Any] = {"max_length": 300, "default": "", "allow_blank": True}


class SlipSerializer(serializers.ModelSerializer):
    """A promise that moved: by how many working days, and what made it."""

    class Meta:
        model = RequestSlip
        fields: ClassVar = ["was", "to", "days", "cause", "because", "by", "at"]


class TeamRequestSerializer(serializers.ModelSerializer):
    """A request as it stands. Its edition is sent back with a change, so that none is lost."""

    class Meta:
        model = TeamRequest
        fields: ClassVar = [
            *("id", "kind", "title", "why", "for_whom", "details", "spec", "status"),
            *("from_team", "to_team", "parties", "asked_by", "owner"),
            *("metric", "expected_change", "expected_by", "baseline"),
            *("lane", "urgent_cause", "impact", "effort_days", "priority", "is_reopened"),
            *("asked_on", "accepted_on", "first_promised_on", "promised_on", "delivered_on"),
            *("edition", "created_at", "changed_at"),
        ]
        read_only_fields: ClassVar = fields


class WholeRequestSerializer(TeamRequestSerializer):
    """The same with its slips."""

    slips = SlipSerializer(many=True, read_only=True)

    class Meta(TeamRequestSerializer.Meta):
        fields: ClassVar = [*TeamRequestSerializer.Meta.fields, "slips"]
        read_only_fields: ClassVar = fields


class NewRequestSerializer(serializers.Serializer):
    """A draft; with `ask` the team is asked at once, if it says enough for its kind."""

    kind = serializers.ChoiceField(choices=TeamRequest.Kind.choices)
    title = serializers.CharField(max_length=160)
    to_team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())
    parties = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.all(), many=True, default=list
    )
    why = serializers.CharField(max_length=4000, default="", allow_blank=True)
    for_whom = serializers.CharField(**WORDS)
    spec = serializers.CharField(max_length=40_000, default="", allow_blank=True)
    metric = serializers.CharField(max_length=80, default="", allow_blank=True)
    expected_change = serializers.DecimalField(
        max_digits=9, decimal_places=4, allow_null=True, default=None
    )
    expected_by = serializers.DateField(allow_null=True, default=None)
    details = serializers.DictField(
        child=serializers.CharField(max_length=8000, allow_blank=True),
        default=dict,
        help_text="The fields of the kind by their names.",
    )
    ask = serializers.BooleanField(default=False)

    def content(self) -> dict[str, Any]:
        """What was sent as `drafting` takes it."""
        given = self.validated_data
        names = ("why", "for_whom", "spec", "metric", "expected_change", "expected_by")
        content = {name: given[name] for name in names if given[name] not in {"", None}}
        return content | {kinds.DETAIL + name: text for name, text in given["details"].items()}


class SeenSerializer(serializers.Serializer):
    """Which edition the caller had read: if it is another by now, the answer is a 409."""

    edition = serializers.IntegerField(min_value=1, required=False)


class BecauseSerializer(SeenSerializer):
    """A reason."""

    because = serializers.CharField(**WORDS)


class AcceptSerializer(SeenSerializer):
    """Who does it, and until when."""

    owner = serializers.PrimaryKeyRelatedField(queryset=Staff.objects.filter(is_active=True))
    promised_on = serializers.DateField()


class DeliverSerializer(SeenSerializer):
    """What is delivered; later than promised, what made it so."""

    note = serializers.CharField(**WORDS)
    cause = serializers.ChoiceField(choices=RequestSlip.Cause.choices, default="", allow_blank=True)
    because = serializers.CharField(**WORDS)


class PromiseSerializer(SeenSerializer):
    """Another promised day, and what made it move."""

    to = serializers.DateField()
    cause = serializers.ChoiceField(choices=RequestSlip.Cause.choices)
    because = serializers.CharField(max_length=300)


class ProposeSerializer(SeenSerializer):
    """What one side says of impact, effort and priority."""

    impact = serializers.IntegerField(min_value=1, max_value=5)
    effort_days = serializers.DecimalField(max_digits=6, decimal_places=1)
    priority = serializers.IntegerField(min_value=0, max_value=3)
    because = serializers.CharField(**WORDS)


class ProposalSerializer(serializers.ModelSerializer):
    """A proposal; the other side's yes makes it the priority."""

    class Meta:
        model = PriorityProposal
        fields: ClassVar = [
            *("id", "side", "by", "impact", "effort_days", "priority", "because", "at"),
            *("confirmed_by", "confirmed_at"),
        ]
        read_only_fields: ClassVar = fields


class JudgeSerializer(SeenSerializer):
    """Whether it moved its number; what is measured stands beside it."""

    outcome = serializers.ChoiceField(choices=RequestVerdict.Outcome.choices)
    words = serializers.CharField(max_length=2000, default="", allow_blank=True)


class RequestCommentSerializer(serializers.ModelSerializer):
    """What somebody says; `@name` tells somebody of it."""

    text = serializers.CharField(max_length=8000)

    class Meta:
        model = RequestComment
        fields: ClassVar = ["id", "author", "text", "mentions", "at"]
        read_only_fields: ClassVar = ["id", "author", "mentions", "at"]


class RequestFileSerializer(serializers.ModelSerializer):
    """A file of a request, without its content."""

    class Meta:
        model = RequestFile
        fields: ClassVar = ["id", "name", "media_type", "size", "sha256", "added_by", "added_at"]
        read_only_fields: ClassVar = fields
