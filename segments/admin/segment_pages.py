"""The pages behind a segment: its members, its versions, who came and went, and why."""

import datetime as dt
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from console import clock, figures, roles
from console.states import NotAllowed, Stale
from segments import collection, crossings, explaining, identity, looks, tasks, versions, vocabulary
from segments.admin import members, segment_facts
from segments.models import Customer, Segment
from segments.rules.nodes import RuleError

VIEW = "segments.view"
SAMPLE = 12  # of those who came, and of those who went
DAYS_BACK = 7


def urls() -> list[URLPattern]:
    """The addresses, to stand before those of the admin itself."""
    view, name = admin.site.admin_view, "segments_segment"
    return [
        path("<int:pk>/members/", view(show_members), name=f"{name}_members"),
        path("<int:pk>/versions/", view(show_versions), name=f"{name}_versions"),
        path("<int:pk>/versions/restore/", view(require_POST(go_back)), name=f"{name}_go_back"),
        path("<int:pk>/crossings/", view(show_crossings), name=f"{name}_crossings"),
        path("<int:pk>/explain/", view(show_explanation), name=f"{name}_explain"),
    ]


def page(segment: Segment) -> str:
    return reverse("admin:segments_segment_change", args=[segment.pk])


def show_members(request: HttpRequest, pk: int) -> HttpResponse:
    roles.require(request.user, VIEW)
    segment = get_object_or_404(Segment, pk=pk)
    freshness = segment_facts.freshness(segment, clock.today())
    return members.view(
        request, segment.members, original=segment, freshness=freshness, back=page(segment)
    )


# --- versions -------------------------------------------------------------------


def show_versions(request: Any, pk: int) -> HttpResponse:
    """Every rule that the segment had, and what changed between two of them."""
    segment = _found(request, pk)
    known = vocabulary.current()
    said = versions.of(segment, known)
    numbers = [one.version.number for one in said]
    now, before = numbers[0], numbers[1] if len(numbers) > 1 else numbers[0]
    earlier, later = _number(request, "from", before), _number(request, "to", now)
    context = {
        **_head(segment, _("Versions of “%(name)s”") % {"name": segment}, request),
        "versions": said,
        "earlier": earlier,
        "later": later,
        "may_change": roles.may_change(request.user, segment, collection.ACTION)
        and segment.archived_at is None,
        **_difference(said, earlier, later, known),
    }
    return TemplateResponse(request, "segments/segment/versions.html", context)


def _difference(said: list[versions.Said], earlier: int, later: int, known: Any) -> dict[str, Any]:
    rules = {one.version.number: one.version.rule for one in said}
    if earlier == later or not {earlier, later} <= rules.keys():
        return {}
    try:
        return {"difference": versions.between(rules[earlier], rules[later], known)}
    except RuleError as problem:
        return {"unreadable": problem.said(_)}


def go_back(request: Any, pk: int) -> HttpResponse:
    """Give the segment an earlier rule again."""
    segment = _found(request, pk)
    roles.require(request.user, collection.ACTION, record=segment)
    number, seen = _posted(request, "number"), _posted(request, "seen_version")
    try:
        if collection.go_back(segment, number, by=request.user, seen_version=seen):
            tasks.recompute_soon(segment)
        messages.success(request, _("The rule is that of version %(n)s again.") % {"n": number})
    except RuleError as problem:
        messages.error(request, problem.said(_))
    except (NotAllowed, Stale) as problem:
        messages.error(request, str(problem))
    return HttpResponseRedirect(reverse("admin:segments_segment_versions", args=[pk]))


# --- who came and who went --------------------------------------------------------


def show_crossings(request: Any, pk: int) -> HttpResponse:
    segment = _found(request, pk)
    days = crossings.days(segment)
    last = _day(request, "to", days[0] if days else clock.today())
    first = _day(request, "from", last - dt.timedelta(days=DAYS_BACK))
    found = crossings.between(segment, first, last) if first < last else None
    context = {
        **_head(segment, _("Who came into “%(name)s”, and who left") % {"name": segment}, request),
        "first": first,
        "last": last,
        "days": days[:60],
        "is_backwards": first >= last,
        "crossing": found,
        "sides": _sides(segment, found) if found else [],
    }
    return TemplateResponse(request, "segments/segment/crossings.html", context)


def _sides(segment: Segment, crossing: crossings.Crossing) -> list[dict[str, Any]]:
    both = (
        (_("Came in"), "good", crossing.entered),
        (pgettext("a segment", "Left"), "warn", crossing.left),
    )
    found = []
    for title, look, whom in both:
        some = [whom[at] for at in range(min(SAMPLE, len(whom)))]
        why = crossings.reasons(segment, crossing, some) if some else {}
        rows = [{**_fields(row), "reason": why.get(row.customer.pk)} for row in members.rows(some)]
        count = figures.whole(len(whom))
        found.append({"title": title, "look": look, "count": count, "rows": rows})
    return found


def _fields(row: members.Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


# --- explaining -------------------------------------------------------------------


def show_explanation(request: Any, pk: int) -> HttpResponse:
    """Each condition of the rule for one customer, found by a number or an identifier."""
    segment = _found(request, pk, whole=True)
    term = request.GET.get("customer", "").strip()[:200]
    may_contact = roles.allows(request.user, looks.ACTION)
    found = sorted(identity.search(term, contact=may_contact))[:SAMPLE] if term else []
    context = {
        **_head(segment, _("Who belongs to “%(name)s”, and why") % {"name": segment}, request),
        "term": term,
        "found": members.rows(found) if len(found) > 1 else [],
        "nobody": bool(term) and not found,
        **(_explained(segment, found[0]) if len(found) == 1 else {}),
    }
    return TemplateResponse(request, "segments/segment/explain.html", context)


def _explained(segment: Segment, number: int) -> dict[str, Any]:
    customer = Customer.objects.get(pk=number)
    try:
        explanation = explaining.explain(segment, customer, day=clock.today())
    except RuleError as problem:
        return {"customer": customer, "unreadable": problem.said(_)}
    return {
        "customer": customer,
        "name": looks.mask(customer.name or customer.email),
        "explanation": explanation,
    }


# --- what addresses and forms say ---------------------------------------------------


def _found(request: HttpRequest, pk: int, *, whole: bool = False) -> Segment:
    roles.require(request.user, VIEW)
    known = Segment.objects.select_related("owner", "team")
    return get_object_or_404(known if whole else known.defer("members"), pk=pk)


def _head(segment: Segment, title: str, request: HttpRequest) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "opts": segment._meta,
        "original": segment,
        "segment": segment,
        "title": title,
        "freshness": segment_facts.freshness(segment, clock.today()),
        "back": page(segment),
    }


def _number(request: HttpRequest, name: str, otherwise: int) -> int:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else otherwise


def _posted(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0


def _day(request: HttpRequest, name: str, otherwise: dt.date) -> dt.date:
    try:
        day = dt.date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return otherwise
    return day if clock.is_near(day) else otherwise
