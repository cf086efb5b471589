"""What the API takes and gives of requests between teams."""

from decimal import Decimal
from typing import Any, ClassVar

from rest_framework import serializers

from console.models import (
    PriorityProposal,
    RequestComment,
    RequestFile,
    RequestLink,
    RequestRevision,
    RequestSlip,
    RequestVerdict,
    Staff,
    Team,
    TeamRequest,
)
from console.team_requests import depending, kinds, turns

BY_HAND = [(one.value, one.label) for one in turns.Holding if one in turns.BY_HAND]
LEAST = Decimal(-1)  # of a change: nothing is left
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


class RequestLinkSerializer(serializers.ModelSerializer):
    """What a request is about: a page of this console."""

    class Meta:
        model = RequestLink
        fields: ClassVar = ["id", "path", "title", "added_by", "added_at"]


class WholeRequestSerializer(TeamRequestSerializer):
    """The same with its slips, and what it is about."""

    slips = SlipSerializer(many=True, read_only=True)
    links = RequestLinkSerializer(many=True, read_only=True)

    class Meta(TeamRequestSerializer.Meta):
        fields: ClassVar = [*TeamRequestSerializer.Meta.fields, "slips", "links"]
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
        max_digits=9, decimal_places=4, min_value=LEAST, allow_null=True, default=None
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


class RequestChangeSerializer(serializers.Serializer):
    """What is to be said otherwise; what is left out stays. `edition` is the one that was read."""

    edition = serializers.IntegerField(min_value=1)
    title = serializers.CharField(max_length=160, required=False)
    why = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    for_whom = serializers.CharField(max_length=300, required=False, allow_blank=True)
    spec = serializers.CharField(max_length=40_000, required=False, allow_blank=True)
    metric = serializers.CharField(max_length=80, required=False, allow_blank=True)
    expected_change = serializers.DecimalField(
        max_digits=9, decimal_places=4, min_value=LEAST, required=False, allow_null=True
    )
    expected_by = serializers.DateField(required=False, allow_null=True)
    details = serializers.DictField(
        child=serializers.CharField(max_length=8000, allow_blank=True), required=False
    )
    because = serializers.CharField(**WORDS)
    costs_days = serializers.DecimalField(
        max_digits=5, decimal_places=1, required=False, allow_null=True
    )


class RequestRevisionSerializer(serializers.ModelSerializer):
    """What was asked for at one moment, with who changed it and what the change costs."""

    class Meta:
        model = RequestRevision
        fields: ClassVar = ["number", "content", "author", "because", "costs_days", "at"]


class RequestCostSerializer(serializers.Serializer):
    """What a revision costs in working days; without a day the promise moves by them."""

    revision = serializers.IntegerField(min_value=1)
    days = serializers.DecimalField(
        max_digits=5, decimal_places=1, min_value=Decimal(0), max_value=Decimal(500)
    )
    promised_on = serializers.DateField(required=False, allow_null=True)


class RequestHandSerializer(serializers.Serializer):
    """To which team, for what, and what they are to do."""

    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())
    holding = serializers.ChoiceField(choices=BY_HAND)
    note = serializers.CharField(max_length=300)


class RequestLiftSerializer(SeenSerializer):
    """Why it is urgent."""

    cause = serializers.ChoiceField(choices=TeamRequest.Cause.choices)
    because = serializers.CharField(max_length=300)


class RequestNeedSerializer(serializers.Serializer):
    """The request that has to be delivered first."""

    needs = serializers.IntegerField(min_value=1)
    because = serializers.CharField(**WORDS)


class RequestLineSerializer(serializers.Serializer):
    """One line of `dependencies`, and the reason where one is needed."""

    line = serializers.IntegerField(min_value=1)
    because = serializers.CharField(**WORDS)


class DependencyLineSerializer(serializers.Serializer):
    """What it waits for; null in the place of a request that the caller may not see."""

    line = serializers.IntegerField()
    needs = serializers.IntegerField(allow_null=True)
    because = serializers.CharField()
    is_delivered = serializers.BooleanField()
    waived_by = serializers.IntegerField(allow_null=True)
    waived_because = serializers.CharField()


class RequestPathStepSerializer(serializers.Serializer):
    """One request of the chain; null for one that the caller may not see."""

    request = serializers.IntegerField(allow_null=True)
    days = serializers.DecimalField(max_digits=7, decimal_places=1)
    effort = serializers.ChoiceField(
        choices=[depending.AGREED, depending.PROPOSED, depending.UNKNOWN]
    )
    promised_on = serializers.DateField(allow_null=True)


class DependenciesSerializer(serializers.Serializer):
    """What a request waits for, and the chain before it that takes longest, it at the end."""

    waits_for = DependencyLineSerializer(many=True)
    critical_path = RequestPathStepSerializer(many=True)


class PageAddressSerializer(serializers.Serializer):
    """The address of a report, metric, warning, segment, campaign or comparison."""

    page = serializers.CharField(max_length=2000)


class RequestUnlinkSerializer(serializers.Serializer):
    """One of the request's links."""

    link = serializers.IntegerField(min_value=1)


class RequestOwnerSerializer(SeenSerializer):
    """Who does it."""

    owner = serializers.PrimaryKeyRelatedField(queryset=Staff.objects.filter(is_active=True))


class AcceptSerializer(RequestOwnerSerializer):
    """Who does it, and until when."""

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
