"""On the page of a record: the requests about it, and the way to ask another team."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.db import models
from django.template import Context
from django.urls import reverse

from console import roles
from console.models import RequestVerdict, TeamRequest
from console.team_requests import linking, record, seeing

register = template.Library()
SHOWN = 8
TONES = {
    TeamRequest.Status.DELIVERED: "good",
    TeamRequest.Status.JUDGED: "good",
    TeamRequest.Status.DECLINED: "bad",
}


@register.inclusion_tag("console/requests/_about.html", takes_context=True)
def requests_about(context: Context, record: models.Model, address: str = "") -> dict[str, Any]:
    """Those that the reader may see, and a button; `address` where it has no page of its own."""
    request = context["request"]
    found = []
    if roles.allows(request.user, seeing.VIEW):
        found = list(linking.about(record, seen_by=request.user)[: SHOWN + 1])
    return {
        "requests": [(one, TONES.get(TeamRequest.Status(one.status), "")) for one in found[:SHOWN]],
        "has_more": len(found) > SHOWN,
        "ask": ask(request, address),
    }


@register.inclusion_tag("console/requests/_of_event.html", takes_context=True)
def features_asked_for(context: Context, event: str) -> dict[str, Any]:
    """The requests for the feature that an event shows, each with what came of its promise."""
    user = context["request"].user
    if not event or not roles.allows(user, seeing.VIEW):
        return {"features": []}
    found = list(linking.of_event(event, seen_by=user)[:SHOWN])
    verdicts = record.verdicts([one.pk for one in found])
    outcomes = {pk: RequestVerdict.Outcome(one) for pk, one in verdicts.items()}
    return {"features": [(one, outcomes.get(one.pk)) for one in found]}


@register.simple_tag(takes_context=True)
def ask_about(context: Context, chart: str = "", title: str = "", address: str = "") -> str:
    """Where one asks another team about a chart of this page, or another page; nothing for who
    may not."""
    return ask(context["request"], address, chart=chart, title=title)


def ask(request: Any, address: str = "", *, chart: str = "", title: str = "") -> str:
    if not roles.allows(request.user, seeing.ASK):
        return ""
    said = {"about": address or request.get_full_path(), "chart": chart, "title": title}
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{reverse('admin:console_teamrequest_new')}?{query}"
