"""Servers that speak with the API: known by a source's key instead of by a person's session."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from console.rest import ByRole
from segments import deliveries, write_keys
from segments.write_keys import Key

WORD = "Bearer"


class ByWriteKey(BaseAuthentication):
    """`Authorization: Bearer wk_…`: nobody of the staff, with the key as `request.auth`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Key] | None:
        word, _space, given = request.headers.get("Authorization", "").partition(" ")
        if word.lower() != WORD.lower():
            return None
        try:
            key = write_keys.find(given.strip(), at=timezone.now())
        except deliveries.Unavailable as away:
            raise Away from away
        if key is None:
            raise exceptions.AuthenticationFailed(_("This key does not work."))
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return WORD


class ByKeyOrRole(ByRole):
    """Allows a key with the view's `scope`, no faster than it may, or a person by `needs`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        key = request.auth
        if not isinstance(key, Key):
            return super().has_permission(request, view)
        if view.scope not in key.scopes:
            return False
        if wait := write_keys.seconds_to_wait(key, 1):
            raise exceptions.Throttled(wait)
        return True


class Away(exceptions.APIException):
    """Whether the key works cannot be told just now."""

    status_code = 503


class WriteKeyInSchema(OpenApiAuthenticationExtension):
    """How the documentation of the API tells of it."""

    target_class = ByWriteKey
    name = "writeKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
