"""On the page of a record: the requests about it, and the way to ask another team."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.db import models
from django.template import Context
from django.urls import reverse

from console import roles
from console.models import TeamRequest
from console.team_requests import linking, seeing

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
