"""Saved views: kept from the page that they are of, and one's own in a list."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import roles, saved_views
from console.modeladmin import ReadOnlyAdmin
from console.models import SavedView
from console.states import NotAllowed


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    """What somebody kept; nobody else's, but for what the page itself offers of the team's."""

    view_action = "requests.view"
    empty_words: ClassVar = _("Narrow a list or a board, and keep that view under a name.")
    list_display: ClassVar = ["name", "opened", "is_shared"]
    list_display_links: ClassVar = None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        keep, remove = require_POST(self.keep), require_POST(self.remove)
        return [
            path("keep/", view(keep), name="console_savedview_keep"),
            path("<int:pk>/remove/", view(remove), name="console_savedview_remove"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedView]:
        found: QuerySet[SavedView] = super().get_queryset(request)
        return found.filter(staff=request.user)  # type: ignore[misc]

    def keep(self, request: Any) -> HttpResponseRedirect:
        """Keep the filters that the page was narrowed by, and show it with them."""
        roles.require(request.user, self.view_action)
        given = request.POST
        try:
            view = saved_views.keep(
                given.get("page", ""),
                name=given.get("name", ""),
                query=given.get("query", ""),
                is_shared=bool(given.get("is_shared")),
                by=request.user,
            )
        except NotAllowed as refused:
            return self._back(request, str(refused))
        messages.success(request, gettext("The view is kept."))
        return HttpResponseRedirect(saved_views.address(view))

    def remove(self, request: Any, pk: int) -> HttpResponseRedirect:
        roles.require(request.user, self.view_action)
        view = get_object_or_404(self.get_queryset(request), pk=pk)
        back = saved_views.address(view).partition("?")[0]
        saved_views.remove(view, by=request.user)
        messages.success(request, gettext("The view is removed."))
        return HttpResponseRedirect(back)

    def _back(self, request: Any, words: str) -> HttpResponseRedirect:
        """To the page, which is one of ours whatever was sent, with what was wrong."""
        messages.error(request, words)
        return HttpResponseRedirect(reverse("admin:console_savedview_changelist"))

    @display(description=_("page"))
    def opened(self, view: SavedView) -> str | SafeString:
        address = saved_views.address(view)
        return format_html('<a href="{}">{}</a>', address, address.partition("?")[0])
