"""What a request stands beside: what waits for what, the room for it, and what it is about."""

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from console import charts, roles, work
from console.admin.team_requests.standing import Stand
from console.admin.team_requests.talk_part import page_of
from console.duties import inbox
from console.models import RequestDependency, RequestLink, TeamRequest, WorkItem
from console.team_requests import depending, seeing, urgent

MOST_WAITING, MOST_WORK = 50, 20


def context(stand: Stand) -> dict[str, Any]:
    request, is_open = stand.request, stand.is_at(*TeamRequest.OPEN)
    lines = list(depending.lines_of(request).select_related("needs__to_team", "waived_by"))
    chain = depending.critical_path(request, seen_by=stand.staff) if lines else []
    return {
        "needs": _needs(lines, stand),
        "waiting": waiting(stand),
        "chain": chain if len(chain) > 1 else [],
        "chain_days": sum(step.days for step in chain),
        "outlook": stand.outlook if stand.takes and is_open else None,
        "quota": urgent.quota(request.from_team, stand.today) if is_open else None,
        "links": [_link(one) for one in _links(request)],
        "work": list(_work(stand)),
        "give_work": _give_work(stand),
    }


def _work(stand: Stand) -> QuerySet[WorkItem]:
    """What somebody has to do about it, as far as this person may see it."""
    about = work.about(stand.request).values("pk")
    items = inbox.visible_to(stand.staff).filter(pk__in=about[:MOST_WORK])
    return items.select_related("owner").order_by("-pk")


def _give_work(stand: Stand) -> str:
    if not roles.allows(stand.staff, work.DO):
        return ""
    return f"{reverse('admin:console_workitem_give')}?request={stand.request.pk}"


def _needs(lines: list[RequestDependency], stand: Stand) -> list[dict[str, Any]]:
    """What it waits for; of what one may not see, only that there is something."""
    found = seeing.visible_to(stand.staff).filter(pk__in=[one.needs_id for one in lines])
    visible = set(found.values_list("pk", flat=True))
    return [
        {
            "line": one,
            "request": one.needs if one.needs_id in visible else None,
            "is_done": one.needs.status in depending.DONE,
            "holds": one.waived_by_id is None and one.needs.status not in depending.DONE,
        }
        for one in lines
    ]


def waiting(stand: Stand) -> list[tuple[str, str]]:
    """What waits for it, each with its page; of others' requests only that there is one."""
    lines = stand.request.needed_by.filter(waived_by=None).select_related("request")
    rows = list(lines.prefetch_related("subject")[:MOST_WAITING])
    asked = [one.request_id for one in rows if one.request_id]
    visible = set(seeing.visible_to(stand.staff).filter(pk__in=asked).values_list("pk", flat=True))
    found = []
    for one in rows:
        if one.request_id and one.request_id not in visible:
            found.append((_("another team's request"), ""))
        else:
            record = one.request or one.subject
            found.append((str(record or "–"), page_of(record)))
    return found


def _links(request: TeamRequest) -> QuerySet[RequestLink]:
    return request.links.select_related("added_by").prefetch_related("subject")


def _link(link: RequestLink) -> dict[str, Any]:
    record = link.subject if link.subject_id else None
    chart = charts.thawed(link.shown, f"link-{link.pk}") if link.shown else None
    if (
        chart and link.shown and link.shown.get("on")
    ):  # "computed a minute ago" was true of that day alone
        chart = replace(chart, freshness=_("as it was on %(day)s") % {"day": link.shown["on"]})
    return {
        "link": link,
        "title": link.title or str(record or link.path),
        "page": link.path or page_of(record),
        "chart": chart,
    }
