"""What every API view shares: roles, pages, and refusals in words."""

from typing import Any

from rest_framework import exceptions, pagination, permissions, views
from rest_framework.request import Request
from rest_framework.response import Response

from console import roles
from console.states import NotAllowed, Stale


class ByRole(permissions.BasePermission):
    """Allows what `roles.TABLE` says for the view's `needs`.

    `needs` is one action for every method, or a table from the view's method
    (`list`, `create`, `get`, `post`, a name of its own) to an action. What it does
    not name is refused.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        needs = getattr(view, "needs", None)
        if isinstance(needs, dict):
            method = getattr(view, "action", None) or (request.method or "").lower()
            needs = needs.get(method)
        return needs is not None and roles.allows(request.user, needs)


class Pages(pagination.CursorPagination):
    """Newest first, at any depth for the same cost."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


def in_words(problem: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a verb's refusal with 403 and a lost race with 409, both in words."""
    if isinstance(problem, NotAllowed):
        problem = exceptions.PermissionDenied(str(problem))
    if isinstance(problem, Stale):
        return Response({"detail": str(problem)}, status=409)
    return views.exception_handler(problem, context)
