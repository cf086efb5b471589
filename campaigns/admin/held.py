"""The page of a campaign's held messages, where a person says what became of them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import held, tasks
from campaigns.contact import reasons
from campaigns.delivery import saying
from campaigns.models import Campaign
from console import clock, roles
from segments import looks

ROWS = 100  # on the page; the others come when these are settled
WORDS = {
    held.LEFT: gettext_lazy("Mark as sent"),
    held.AGAIN: gettext_lazy("Send again"),
    held.GIVEN_UP: gettext_lazy("Give up"),
}


def view(request: HttpRequest, pk: int, each_context: dict[str, Any]) -> HttpResponse:
    """The list, and what was pressed below it."""
    campaign = get_object_or_404(Campaign, pk=pk)
    roles.require(request.user, "messages.view")
    if request.method == "POST":
        return _settle(request, campaign)
    found = held.of(campaign)
    context = {
        **each_context,
        "title": _("Held messages of “%(name)s”") % {"name": campaign},
        "opts": Campaign._meta,
        "campaign": campaign,
        "count": found.count(),
        "rows": [
            {
                "message": one,
                "name": saying.name_of(one.pk, campaign.pk),
                "address": looks.mask(one.address) or "–",
                "why": reasons.said(one.reason),
            }
            for one in found[:ROWS]
        ],
        "ends": WORDS.items() if roles.may_change(request.user, campaign, held.ACTION) else (),
        "back": reverse("admin:campaigns_campaign_change", args=[pk]),
    }
    return render(request, "campaigns/held.html", context)


def _settle(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    staff: Any = request.user
    ids = [int(one) for one in request.POST.getlist("message") if one.isdecimal()]
    end = request.POST.get("end", "")
    done = held.settle(campaign, ids, end, by=staff, at=clock.now())
    if end == held.AGAIN and done:
        tasks.send_wave.delay_on_commit(campaign.pk)
    if done:
        said = ngettext("%(count)s message settled.", "%(count)s messages settled.", done)
        messages.success(request, said % {"count": done})
    else:
        messages.warning(request, _("Choose messages first."))
    return HttpResponseRedirect(request.path)
