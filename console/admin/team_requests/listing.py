"""The list of requests: what one sees, narrowed, page by page, and the same as a file."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.http import QueryDict
from django.utils.translation import gettext as _

from console import roles
from console.admin.team_requests import dates_part
from console.admin.team_requests.filters import WHOSE, Filters
from console.modeladmin import CappedPaginator
from console.models import RequestSlip, RequestTurn, Staff, TeamRequest
from console.team_requests import seeing

A_PAGE = 50
MOST_IN_FILE = 20_000
RELATED = ("from_team", "to_team", "owner", "asked_by")
TONES = {
    TeamRequest.Status.ASKED: "warn",
    TeamRequest.Status.STARTED: "warn",
    TeamRequest.Status.DELIVERED: "good",
    TeamRequest.Status.JUDGED: "good",
    TeamRequest.Status.DECLINED: "bad",
}
HEADINGS = [
    *("id", "title", "kind", "status", "asked by", "to", "done by", "lane", "priority"),
    *("impact", "effort days", "asked on", "promised first", "promised for", "delivered on"),
    *("slipped days", "metric", "expected change", "by when"),
]


def context(filters: Filters, *, asked: QueryDict) -> dict[str, Any]:
    """A page of what was found, with the form that narrows it."""
    page = _page(filters, asked.get("page"))
    rows = [row(one, today=filters.today) for one in page]
    return {**head(filters, asked=asked), "page": page, "rows": rows}


def _page(filters: Filters, number: str | None) -> Any:
    found = filters.found()
    if not filters.words:
        return CappedPaginator(shown(found), A_PAGE).get_page(number)
    # For words every title is read: once, and not again for the count and the page.
    numbers = list(found.values_list("pk", flat=True)[: CappedPaginator.most])
    page: Any = Paginator(numbers, A_PAGE).get_page(number)
    here = list(page.object_list)
    rows = shown(TeamRequest.objects.filter(pk__in=here))
    page.object_list = sorted(rows, key=lambda one: here.index(one.pk))
    return page


def head(filters: Filters, *, asked: QueryDict) -> dict[str, Any]:
    """What stands above every view: whose requests, and the form that narrows them."""
    return {
        "filters": filters,
        "form": filters.form,
        "is_narrow": filters.is_narrow,
        "has_more_filters": any(asked.get(name) for name in MORE),
        "kept": without(asked, "page"),
        "may_ask": roles.allows(filters.staff, seeing.ASK),
        "whose": [
            ("", _("all"), not asked.get("whose"), without(asked, "page", "whose")),
            *(
                (key, words, asked.get("whose") == key, without(asked, "page", "whose"))
                for key, words in WHOSE
            ),
        ],
    }


MORE = ("status", "kind", "from_team", "to_team", "priority", "lane", "sort")


def shown(rows: QuerySet[TeamRequest]) -> QuerySet[TeamRequest]:
    """With what a row says besides: teams, owner, whose turn it is, and how far it slipped."""
    turns = RequestTurn.objects.filter(until=None).select_related("team")
    return (
        with_slips(rows)
        .select_related(*RELATED)
        .prefetch_related(Prefetch("turns", turns, to_attr="open_turns"))
    )


def with_slips(rows: QuerySet[TeamRequest]) -> QuerySet[TeamRequest]:
    """With `slipped`: by how many working days the promise moved altogether; None: never."""
    slips = RequestSlip.objects.filter(request=OuterRef("pk")).order_by()
    days = slips.values("request").annotate(days=Sum("days")).values("days")
    return rows.defer("spec", "why", "details", "baseline").annotate(slipped=Subquery(days))


def row(request: Any, *, today: dt.date) -> dict[str, Any]:
    """What one line of the list says of a request that `shown` brought."""
    turn = request.open_turns[0] if request.open_turns else None
    return {
        "request": request,
        "tone": TONES.get(request.status, ""),
        "is_late": request.is_late(today),
        "turn": turn,
        "slipped": request.slipped,
        "slipped_words": dates_part.days_words(request.slipped) if request.slipped else "",
    }


def cells(rows: QuerySet[TeamRequest]) -> Iterable[list[object]]:
    """What was found as lines of a file, with the names that the API gives."""
    yield list(HEADINGS)
    found = with_slips(rows).select_related(*RELATED)[:MOST_IN_FILE]
    for one in found.iterator(chunk_size=2000):
        yield _cells(one)


def _cells(one: Any) -> list[object]:
    return [
        *(one.pk, one.title, one.kind, one.status, str(one.from_team), str(one.to_team)),
        *(_name(one.owner), one.lane, one.priority, one.impact, one.effort_days),
        *(one.asked_on, one.first_promised_on, one.promised_on, one.delivered_on),
        *(one.slipped or 0, one.metric, one.expected_change, one.expected_by),
    ]


def _name(staff: Staff | None) -> str:
    return staff.username if staff else ""


def without(asked: QueryDict, *names: str) -> str:
    """What is asked for but for these, to be gone on with."""
    left = asked.copy()
    for name in names:
        left.pop(name, None)
    return left.urlencode()
