"""The admin site of the console: its words, its styles and the pinned date."""

import functools
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.sites import UnfoldAdminSite

from console import clock, menu


class ConsoleSite(UnfoldAdminSite):
    """Everybody who works here works in this site; roles decide what they see."""

    index_title = gettext_lazy("Home")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every screen by app, for whoever asks: our menu does not, and each page would pay."""
        return SimpleLazyObject(functools.partial(super().get_app_list, request, app_label))

    def get_urls(self) -> list[Any]:
        """Without the page that looks a record up by a type's number: no record of ours has one.

        It tells anybody of the staff whether a record is there, and falls over a key of bytes.
        """
        return [one for one in super().get_urls() if getattr(one, "name", "") != "view_on_site"]

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The menu as it is: Unfold would copy all of it, and try each string as a function."""
        return menu.sidebar(request)


def subheader(request: HttpRequest) -> str:
    return clock.project().name if request.user.is_authenticated else ""


def pinned_today(request: HttpRequest) -> list[str] | None:
    """The label in the header that says which date the console plays, when pinned."""
    today_on = clock.project().today_on
    if today_on is None:
        return None
    return [_("Today: %(date)s") % {"date": date_format(today_on, "Y-m-d")}, "warning"]


def stylesheet(request: HttpRequest) -> str:
    return static("console/console.css")


def script(request: HttpRequest) -> str:
    return static("console/console.js")


def icon(request: HttpRequest) -> str:
    return static("console/icon.svg")
