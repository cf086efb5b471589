"""Runs of the model of lifetime value, for other programs; customers' values are traits."""

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework import serializers, viewsets

from console import rest
from metrics.models import LifetimeModel


class LifetimeSerializer(serializers.ModelSerializer):
    """A run without its report. Rates are a week's; p, q and v are of money in whole units."""

    recipe_version = serializers.IntegerField(source="recipe.version", read_only=True)
    months = serializers.IntegerField(source="recipe.months", read_only=True)
    monthly_discount = serializers.DecimalField(
        source="recipe.monthly_discount", max_digits=5, decimal_places=4, read_only=True
    )

    class Meta:
        model = LifetimeModel
        fields: ClassVar = [
            "id",
            "day",
            "since",
            "computed_at",
            "refusal",
            "customers",
            "repeaters",
            "currency",
            "paid_version",
            "parameters",
            "log_likelihood",
            "recipe_version",
            "months",
            "monthly_discount",
        ]


class LifetimeReportSerializer(LifetimeSerializer):
    """With the report: how customers spread, the trial, cohorts' spending in minor units.

    Days in it are whole days since 1970-01-01, months since the year nought.
    """

    class Meta(LifetimeSerializer.Meta):
        fields: ClassVar = [*LifetimeSerializer.Meta.fields, "report"]


class Newest(rest.Pages):
    """The newest run first."""

    ordering = "-pk"


class LifetimeViewSet(viewsets.ReadOnlyModelViewSet):
    """Every run of the model of lifetime value; the newest that was not refused is in force."""

    needs = "metrics.view"
    queryset = LifetimeModel.objects.select_related("recipe")
    pagination_class = Newest
    filterset_fields: ClassVar = ["refusal"]

    def get_queryset(self) -> QuerySet[LifetimeModel]:
        found = super().get_queryset()
        return found.defer("report") if self.action == "list" else found

    def get_serializer_class(self) -> type[LifetimeSerializer]:
        return LifetimeSerializer if self.action == "list" else LifetimeReportSerializer
