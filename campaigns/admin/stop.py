"""What the console stopped: the list, and the page on which a decision is made in writing."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from campaigns import tasks
from campaigns.admin import strategy
from campaigns.models import Stop
from campaigns.stoploss import stops, words
from console import clock, roles
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed, Stale

COLORS = {"open": "danger", "watched": "warning", "on": "success", "ended": ""}


class StateFilter(admin.SimpleListFilter):
    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("to be decided")), ("watched", _("watched"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "open":
            return queryset.filter(decided_at=None)
        if self.value() == "watched":
            return queryset.filter(goes_on=True, watched_until__gte=clock.today())
        return queryset


@admin.register(Stop)
class StopAdmin(ReadOnlyAdmin):
    view_action = "campaigns.view"
    empty_words: ClassVar = _(
        "A campaign that brings less than was agreed, or makes too many customers go away, stops "
        "by itself and waits here for a decision in writing."
    )
    list_display: ClassVar = ["campaign", "state", "why", "stopped_on", "watched_until", "by"]
    list_filter: ClassVar = [StateFilter]
    list_select_related: ClassVar = ["campaign", "decided_by"]
    search_fields: ClassVar = ["campaign__name__icontains"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.decide))
        return [path("<int:pk>/decide/", view, name="campaigns_stop_decide"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        self.today = clock.today()
        return super().get_queryset(request)

    @display(description=_("status"), label=COLORS)
    def state(self, stop: Stop) -> tuple[str, Any]:
        return state(stop, self.today)

    @display(description=_("why"))
    def why(self, stop: Stop) -> str:
        return words.why(stop)

    @display(description=pgettext_lazy("stop-loss", "decided by"))
    def by(self, stop: Stop) -> str:
        return str(stop.decided_by or "–")

    # --- the page -------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return self._page(request, int(object_id))

    def decide(self, request: Any, pk: int) -> HttpResponse:
        """It goes on, or it ends; a refusal comes back as words beside what was written."""
        stop = self._one(request, pk)
        goes_on = request.POST.get("decision") == "go_on"
        if not goes_on and request.POST.get("decision") != "end":
            raise Http404
        try:
            reason = request.POST.get("reason", "")
            stops.decide(stop, goes_on=goes_on, reason=reason, by=request.user)
        except (NotAllowed, Stale) as refused:
            return self._page(request, pk, refused=str(refused), status=409)
        if goes_on:
            tasks.send_wave.delay_on_commit(stop.campaign_id)
        said = gettext("It goes on.") if goes_on else gettext("It ended for good.")
        messages.success(request, said)
        return HttpResponseRedirect(reverse("admin:campaigns_stop_change", args=[pk]))

    def _one(self, request: HttpRequest, pk: int) -> Stop:
        roles.require(request.user, self.view_action)
        rows = Stop.objects.select_related("campaign__team", "decided_by", "work_item")
        return get_object_or_404(rows, pk=pk)

    def _page(
        self, request: HttpRequest, pk: int, *, refused: str = "", status: int = 200
    ) -> HttpResponse:
        stop = self._one(request, pk)
        campaign = stop.campaign
        context = {
            **self.admin_site.each_context(request),
            "title": str(campaign),
            "opts": self.opts,
            "original": stop,
            "stop": stop,
            "campaign": campaign,
            "state": state(stop, clock.today()),
            "why": words.why(stop),
            "by_chance": [one["name"] for one in stop.periods if one["may_be_chance"]],
            "why_not": stops.why_not(stop, request.user),
            "refused": refused,
            "typed": request.POST.get("reason", ""),
            **strategy.agreed(campaign),
            "periods": strategy.of_campaign(campaign) if campaign.is_lasting else None,
            "evaluation": strategy.evaluation(campaign),
            "others": [
                (one, words.why(one))
                for one in campaign.stops.exclude(pk=stop.pk).select_related("decided_by")
            ],
        }
        return render(request, "campaigns/stop.html", context, status=status)


def state(stop: Stop, today: Any) -> tuple[str, Any]:
    if stop.is_open:
        return "open", _("to be decided")
    if not stop.goes_on:
        return "ended", pgettext("stop-loss", "ended")
    return ("watched", _("watched")) if stop.watched_until >= today else ("on", _("goes on"))
