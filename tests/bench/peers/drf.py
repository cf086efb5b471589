"""The peer of `ingest`: the view that one would write with Django REST framework and the ORM."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.test.utils import override_settings
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from segments import write_keys
from segments.models import InboxEvent, WriteKey


class EventSerializer(serializers.Serializer):
    id = serializers.CharField(max_length=200)
    user_id = serializers.CharField(max_length=200)
    event = serializers.CharField(max_length=80)
    at = serializers.DateTimeField()
    properties = serializers.DictField()


class ByKey(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, Any]:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        key = WriteKey.objects.filter(digest=write_keys.digest(given)).first()
        if key is None:
            raise AuthenticationFailed
        return None, key


class HasKey(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return request.auth is not None


class EventsView(APIView):
    authentication_classes = [ByKey]
    permission_classes = [HasKey]

    def post(self, request: Request) -> Response:
        serializer = EventSerializer(data=dict(request.data)["items"], many=True)
        serializer.is_valid(raise_exception=True)
        rows = [
            InboxEvent(
                key=one["id"],
                customer_id=1,
                name=one["event"],
                time=one["at"],
                properties=one["properties"],
                received_at=timezone.now(),
            )
            for one in serializer.validated_data
        ]
        InboxEvent.objects.bulk_create(rows, ignore_conflicts=True)
        return Response({"accepted": len(rows)})


urlpatterns = [path("peer", EventsView.as_view())]


def application() -> Any:
    """Django's handler with this one view and the least of middleware, for the whole process."""
    override_settings(
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"], ROOT_URLCONF=__name__
    ).enable()
    return WSGIHandler()
