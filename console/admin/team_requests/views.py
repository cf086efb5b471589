"""The other ways to look at requests: board, timeline, my work, a team's promises."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from console import clock, roles
from console.admin.team_requests import (
    board,
    deeds,
    listing,
    own,
    promises,
    record_page,
    timeline,
)
from console.models import Staff, Team, TeamRequest
from console.states import NotAllowed, Stale
from console.team_requests import news

AT = "admin:console_teamrequest_"


class OtherViews:
    """Mixed into the screen of requests, which gives `_filters`, `_stand` and `_render`."""

    _filters: Callable[..., Any]
    _stand: Callable[..., Any]
    _render: Callable[..., HttpResponse]
    view_action: ClassVar[Any]

    def other_urls(self, at: Callable[[str, Any, str], URLPattern]) -> list[URLPattern]:
        return [
            at("board/", self.board, "board"),
            at("board/move/", require_POST(self.move), "move"),
            at("timeline/", self.timeline, "timeline"),
            at("mine/", self.mine, "mine"),
            at("mine/read/", require_POST(self.read_all), "read_all"),
            at("promises/", self.promises, "promises"),
            at("record/", self.record, "record"),
        ]

    # --- board ------------------------------------------------------------------

    def board(self, request: Any) -> HttpResponse:
        filters = self._filters(request)
        context = listing.head(filters, asked=request.GET)
        context["columns"] = board.columns(filters, asked=request.GET, at=clock.now())
        context["has_cards"] = any(one.count for one in context["columns"])
        return self._render(request, "board", _("Board"), context)

    def move(self, request: Any) -> HttpResponse:
        """Bring a card to another column; what needs words has its form on the request's page."""
        pk, to, edition = _read(request.POST.get("move", ""))
        stand = self._stand(request, pk)
        back = f"{reverse(AT + 'board')}?{request.POST.get('kept', '')}#card-{pk}"
        try:
            name = board.deed_for(stand, to)
            deed = deeds.named(name)
            form = deed.form({"edition": edition}, stand=stand, name=name)
            if not form.is_valid():
                page = reverse(AT + "change", args=[stand.request.pk])
                return HttpResponseRedirect(f"{page}?deed={name}#deed-{name}")
            deed.act(stand, dict(form.cleaned_data))
        except (NotAllowed, Stale) as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, f"{stand.request}: {deed.done}")
        return HttpResponseRedirect(back)

    def record(self, request: Any) -> HttpResponse:
        """How teams keep what they promise."""
        roles.require(request.user, self.view_action)
        days = request.GET.get("days", "")
        context = record_page.context(request.user, days=days, today=clock.today())
        return self._render(request, "record", _("How promises are kept"), context)

    # --- timeline, mine, promises -----------------------------------------------

    def timeline(self, request: Any) -> HttpResponse:
        filters = self._filters(request)
        context = listing.head(filters, asked=request.GET)
        context |= timeline.context(filters, asked=request.GET)
        return self._render(request, "timeline", _("Timeline"), context)

    def mine(self, request: Any) -> HttpResponse:
        roles.require(request.user, self.view_action)
        context = own.context(request.user, today=clock.today())
        return self._render(request, "mine", _("My work between teams"), context)

    def read_all(self, request: Any) -> HttpResponse:
        roles.require(request.user, self.view_action)
        news.read_all(by=request.user, at=clock.now())
        return HttpResponseRedirect(reverse(AT + "mine"))

    def promises(self, request: Any) -> HttpResponse:
        """One's own team, or another one by its number, of which one sees what one may see."""
        roles.require(request.user, self.view_action)
        teams = list(Team.objects.order_by("pk"))
        team = _team(request.user, request.GET.get("team", ""))
        ours = request.GET.get("side") != "asked"
        context: dict[str, Any] = {"team": team, "teams": teams, "ours": ours}
        if team is not None:
            found = promises.context(request.user, team, ours=ours, today=clock.today())
            context |= found
        return self._render(request, "promises", _("Promises"), context)


def _read(sent: str) -> tuple[int, str, str]:
    """Which card, to which status, as of which edition."""
    parts = sent.split(":")
    if len(parts) != 3 or not (parts[0].isdecimal() and parts[2].isdecimal()):
        raise Http404
    if len(parts[0]) > 18 or len(parts[2]) > 9 or parts[1] not in TeamRequest.Status.values:
        raise Http404
    return int(parts[0]), parts[1], parts[2]


def _team(staff: Staff, asked: str) -> Team | None:
    if not asked:
        return staff.team
    if not asked.isdecimal() or len(asked) > 9:
        raise Http404
    return get_object_or_404(Team, pk=asked)
