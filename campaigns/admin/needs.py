"""On a campaign's page: which requests it waits for, and deciding that it need not."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns import needs
from campaigns.models import Campaign
from console import clock, roles
from console.models import RequestDependency, TeamRequest
from console.team_requests import depending, seeing

MOST = 200  # requests to choose from
BEFORE = {Campaign.Status.DRAFT, Campaign.Status.SUBMITTED, Campaign.Status.APPROVED}
OPEN = [TeamRequest.Status.DRAFT, *sorted(TeamRequest.OPEN)]


def context(campaign: Campaign, staff: Any) -> dict[str, Any]:
    """What it waits for; once it has begun that is history, and none is added."""
    lines = list(depending.lines_of(campaign))
    names = depending.named([line.needs for line in lines], seen_by=staff)
    visible = {one.pk for one in _visible(staff, [line.needs_id for line in lines])}
    is_before = campaign.kind == Campaign.Kind.OURS and campaign.status in BEFORE
    may_add = is_before and roles.may_change(staff, campaign, "campaigns.change")
    return {
        "needs": [
            {
                "line": line,
                "name": name,
                "is_visible": line.needs_id in visible,
                "is_done": line.needs.status in depending.DONE,
            }
            for line, name in zip(lines, names, strict=True)
        ],
        "needs_words": needs.words(campaign, by=staff) if is_before and lines else "",
        "may_need": may_add,
        "may_waive": is_before and _may_decide(campaign, staff),
        "could_need": _offered(staff, [line.needs_id for line in lines]) if may_add else [],
    }


def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it wait for another team, or decide that it need not."""
    roles.require(request.user, "campaigns.view")
    campaign = get_object_or_404(Campaign.objects.select_related("team"), pk=pk)
    messages.success(request, _act(request, campaign))
    page = reverse("admin:campaigns_campaign_change", args=[pk])
    return HttpResponseRedirect(f"{page}#needs-title")


def _act(request: HttpRequest, campaign: Campaign) -> str:
    """One deed of the page's forms; what is said afterwards."""
    staff: Any = request.user
    given, because = request.POST, request.POST.get("because", "")
    match given.get("deed"):
        case "add":
            roles.require(staff, "campaigns.change", record=campaign)
            wanted = seeing.get_or_404(staff, given.get("request", ""))
            depending.add(campaign, needs=wanted, because=because, by=staff, at=clock.now())
            return _("It waits until the request is delivered.")
        case "waive":
            line = _line(campaign, given.get("line", ""))
            depending.waive(line, because=because, by=staff, at=clock.now())
            return _("Decided: it need not wait.")
        case "remove":
            roles.require(staff, "campaigns.change", record=campaign)
            depending.remove(_line(campaign, given.get("line", "")), because=because, by=staff)
            return _("It does not wait for that any more.")
    raise Http404


def _line(campaign: Campaign, number: str) -> RequestDependency:
    found = depending.lines_of(campaign).filter(pk=int(number) if number.isdecimal() else 0)
    line = found.first()
    if line is None:
        raise Http404
    return line


def _may_decide(campaign: Campaign, staff: Any) -> bool:
    return roles.may_change(staff, campaign, seeing.DECIDE)


def _visible(staff: Any, numbers: list[int]) -> list[TeamRequest]:
    return list(seeing.visible_to(staff).filter(pk__in=numbers)) if numbers else []


def _offered(staff: Any, taken: list[int]) -> list[TeamRequest]:
    rows = seeing.visible_to(staff).filter(status__in=OPEN).exclude(pk__in=taken)
    return list(rows.select_related("to_team").order_by("-pk")[:MOST])
