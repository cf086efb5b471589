"""What every API view shares: who may, and pages.

REST framework imports this module while it loads its own views, so it imports none of them.
"""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import exceptions, pagination, permissions
from rest_framework.request import Request

from console import roles


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

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """Raises NotFound: the cursor is none that a page gave."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError) as nowhere:
            raise exceptions.NotFound(self.invalid_cursor_message) from nowhere
