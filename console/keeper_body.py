"""Who looks after a definition, as the API is told."""

from rest_framework import serializers
from rest_framework.request import Request

from console.models import Staff


class OwnerSerializer(serializers.Serializer):
    """By their number; null: nobody, which only what ships may have."""

    owner = serializers.PrimaryKeyRelatedField(
        queryset=Staff.objects.filter(is_active=True), allow_null=True
    )


def read(request: Request) -> Staff | None:
    """Raises ValidationError: nobody is named, or nobody who works here."""
    body = OwnerSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    owner: Staff | None = body.validated_data["owner"]
    return owner
