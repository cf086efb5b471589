"""On the page of a record: the requests about it, and the way to ask another team."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.db import models
from django.template import Context
from django.urls import reverse

from console import figures, roles
from console.models import RequestVerdict, TeamRequest
from console.team_requests import linking, record, seeing
from segments import catalogue

register = template.Library()
SHOWN, MOST = 8, 30
Outcome = RequestVerdict.Outcome
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
    """The requests for the feature that an event shows, each with what came of its promise;
    without one every feature, with how many of its promises were kept."""
    user = context["request"].user
    if not roles.allows(user, seeing.VIEW):
        return {}
    if not event:
        built = record.built(seeing.visible_to(user))[:MOST]
        return {"built": [_built(one) for one in built], "outcomes": Outcome.labels}
    found = list(linking.of_event(event, seen_by=user)[:SHOWN])
    verdicts = record.standing([one.pk for one in found])
    return {
        "features": [(one, verdicts.get(one.pk), _moved(verdicts.get(one.pk))) for one in found]
    }


def _built(one: record.Built) -> dict[str, Any]:
    return {
        "event": one.event,
        "title": catalogue.title(one.event),
        "counts": [one.asked, one.delivered, *(one.verdicts[key] for key in Outcome.values)],
    }


def _moved(verdict: RequestVerdict | None) -> str:
    """By how much its number moved, with the 95 % bounds; nothing where nobody could tell."""
    measured = verdict.measured if verdict else {}
    if measured.get("relative") is None:
        return ""
    told = figures.signed_share(measured["relative"])
    if measured.get("low") is None:
        return told
    low, high = (figures.signed_share(measured[key]) for key in ("low", "high"))
    return f"{told} ({low} … {high})"


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
