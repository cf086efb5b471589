"""What a campaign's approval rests on, for whoever decides over the API."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns import parting
from campaigns.models import Audience, AudienceGroup, Campaign, Evidence, Quote
from console import kept_words


class GroupSerializer(serializers.ModelSerializer):
    """Customers whom chance put together: the step and the arm or wording; blank: the control."""

    class Meta:
        model = AudienceGroup
        fields: ClassVar = ["step", "name", "size"]


class FrozenSerializer(serializers.ModelSerializer):
    """Who was frozen: how many, who was left out and why, by which rule and which data."""

    left_out = serializers.SerializerMethodField()
    control = serializers.SerializerMethodField()
    groups = GroupSerializer(many=True, read_only=True)

    class Meta:
        model = Audience
        fields: ClassVar = [
            *("size", "control", "groups", "left_out", "segment_rule", "segment_version"),
            *("policy_version", "data_as_of", "frozen_at"),
        ]

    def get_left_out(self, frozen: Audience) -> dict[str, int]:
        """Customers by the reason for which they get nothing."""
        return dict(frozen.exclusions.filter(size__gt=0).values_list("reason", "size"))

    def get_control(self, frozen: Audience) -> int | None:
        """How many of them chance keeps out, to compare; unknown of who comes later."""
        if frozen.campaign.is_lasting:
            return None
        if groups := frozen.groups.all():
            return sum(one.size for one in groups if one.step == parting.CONTROL)
        return len(parting.control(frozen.campaign, frozen.members))  # what is older has none


class QuoteSerializer(serializers.ModelSerializer):
    """The price, line by line, in minor units: at least, expected and at most."""

    lines = serializers.SerializerMethodField()
    roi = serializers.FloatField(allow_null=True, read_only=True)

    class Meta:
        model = Quote
        fields: ClassVar = [
            *("size", "lines", "low_minor", "expected_minor", "worst_minor"),
            *("returns", "roi", "made_at"),
        ]

    def get_lines(self, quote: Quote) -> list[dict[str, Any]]:
        """So many of one thing each, with what that assumes."""
        return list(kept_words.said_all(quote.lines))


class EvidenceSerializer(serializers.ModelSerializer):
    """What past campaigns like it brought, and how good such forecasts were."""

    precedents = serializers.SerializerMethodField()

    class Meta:
        model = Evidence
        fields: ClassVar = ["precedents", "expected", "skill", "found_at"]

    def get_precedents(self, found: Evidence) -> list[dict[str, Any]]:
        """The most alike first; without a control there is no lift."""
        return list(kept_words.said_all(found.precedents))


class GroundsSerializer(serializers.Serializer):
    """As it was asked for last; empty where it never was."""

    frozen = serializers.SerializerMethodField()
    quote = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()

    @extend_schema_field(FrozenSerializer(allow_null=True))
    def get_frozen(self, campaign: Campaign) -> Any:
        frozen = Audience.objects.filter(campaign=campaign).select_related("campaign").first()
        return frozen and FrozenSerializer(frozen).data

    @extend_schema_field(QuoteSerializer(allow_null=True))
    def get_quote(self, campaign: Campaign) -> Any:
        quote = Quote.objects.filter(campaign=campaign).first()
        return quote and QuoteSerializer(quote).data

    @extend_schema_field(EvidenceSerializer(allow_null=True))
    def get_evidence(self, campaign: Campaign) -> Any:
        found = Evidence.objects.filter(campaign=campaign).first()
        return found and EvidenceSerializer(found).data
