"""How the API answers when a verb refuses."""

from typing import Any

from django.db import DataError
from django.utils.translation import gettext as _
from rest_framework import exceptions, views
from rest_framework.response import Response

from console.states import NotAllowed, Stale


def in_words(problem: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a verb's refusal with 403 and a lost race with 409, both in words."""
    if isinstance(problem, NotAllowed):
        problem = exceptions.PermissionDenied(str(problem))
    if isinstance(problem, Stale):
        return Response({"detail": str(problem)}, status=409)
    if isinstance(problem, RecursionError | UnicodeError | DataError):
        words = _("This is nested too deeply, or has characters that nobody can store.")
        return Response({"detail": words}, status=400)
    return views.exception_handler(problem, context)
