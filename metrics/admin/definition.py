"""The definitions screen: what each word means, what a change would do, and who changed it why."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from console import figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import Job, Staff
from console.states import NotAllowed, Stale
from metrics import history, measurements, tasks, words
from metrics.models import Metric
from segments import activity, catalogue, definitions
from segments import tasks as segment_tasks
from segments.definitions import EFFECTIVE, Said
from segments.models import Definition

DAYS = 30
OF_CUSTOMERS = {definitions.ACTIVE, definitions.PAID}  # words that traits rest on


@dataclass(frozen=True)
class Line:
    """One number of a preview, as it would be and as it is."""

    label: str
    now: int
    was: int

    @property
    def words(self) -> str:
        given = {"now": figures.whole(self.now), "was": figures.whole(self.was)}
        if self.now == self.was:
            return _("%(now)s, as before") % given
        return _("%(now)s instead of %(was)s") % given


@admin.register(Definition)
class DefinitionAdmin(ReadOnlyAdmin):
    """One page with a card for each word."""

    view_action = "metrics.view"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<slug:key>/preview/",
                view(require_POST(self.preview)),
                name="segments_definition_preview",
            ),
            path(
                "<slug:key>/change/",
                view(require_POST(self.change)),
                name="segments_definition_do",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        return self._page(request)

    def preview(self, request: Any, key: str) -> HttpResponse:
        """What the numbers would be with what stands in the form."""
        roles.require(request.user, self.view_action)
        said = _said(request, _known_key(key))
        day = history.last_closed_day().isoformat()
        context = {"lines": lines(key, said), "key": key, "day": day}
        return TemplateResponse(request, "metrics/definition_preview.html", context)

    def change(self, request: Any, key: str) -> HttpResponse:
        """A new version, and everything that rests on it is measured anew."""
        roles.require(request.user, definitions.ACTION)
        said, note = _said(request, _known_key(key)), request.POST.get("note", "")
        try:
            with transaction.atomic():
                seen = _whole(request.POST.get("seen_version"))
                definitions.change(key, said, seen_version=seen, note=note, by=request.user)
                measure_soon(key, by=request.user)
        except (NotAllowed, Stale) as problem:
            messages.error(request, str(problem))
            return self._page(request, tried={key: (said, note)}, status=409)
        messages.success(request, _("The new version is in force; the numbers are measured anew."))
        return HttpResponseRedirect(reverse(words.PAGE) + f"#{key}")

    def _page(
        self,
        request: HttpRequest,
        *,
        tried: dict[str, tuple[Said, str]] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Definitions"),
            "may_change": roles.allows(request.user, definitions.ACTION),
            "running": running(),  # before what it measures is read: none may end between
            "cards": cards(tried or {}),
            "most_times": definitions.MOST_TIMES,
            "most_days": definitions.MOST_DAYS,
        }
        return TemplateResponse(request, "metrics/definitions.html", context, status=status)


# --- what the page says -----------------------------------------------------------


def cards(tried: dict[str, tuple[Said, str]]) -> list[dict[str, Any]]:
    """Each word with its sentence, its events, its history and the numbers that rest on it."""
    titles = catalogue.titles()
    current = definitions.everything()
    stale = measurements.outdated({key: one.version for key, one in current.items()})
    metrics = list(Metric.objects.filter(archived_at=None))
    found = []
    for key, definition in current.items():
        said, note = tried.get(key, (_as_said(definition, titles), ""))
        resting = [metric for metric in metrics if metric.rests_on == key]
        found.append(
            {
                "key": key,
                "definition": definition,
                "sentence": definitions.sentence(definition, titles),
                "said": said,
                "note": note,
                "events": sorted(
                    ((name, title, name in said.events) for name, title in titles.items()),
                    key=lambda one: one[1],
                ),
                "has_numbers": key == EFFECTIVE,
                "metrics": resting,
                "warning": words.outdated() if stale & {one.key for one in resting} else "",
                "versions": versions(key, titles),
            }
        )
    return found


def versions(key: str, titles: dict[str, str]) -> list[tuple[Definition, list[str]]]:
    """Every version with what it changed, the newest first."""
    found = definitions.history(key)
    older: list[Definition | None] = [*found[1:], None]
    return [
        (one, definitions.diff(one, before, titles) if before else [])
        for one, before in zip(found, older, strict=True)
    ]


def running() -> Job | None:
    """The measuring that is under way or waits for a worker."""
    unfinished = [Job.Status.WAITING, Job.Status.RUNNING]
    return Job.objects.filter(kind=tasks.MEASURE, status__in=unfinished).first()


def lines(key: str, said: Said) -> list[Line]:
    """The last closed day and the last 30, with what is said and with what is in force."""
    yesterday = history.last_closed_day()
    since = yesterday - dt.timedelta(days=DAYS - 1)
    if key == EFFECTIVE:
        return _effective_lines(said)
    day = yesterday.isoformat()
    return [
        Line(label, _size(said, first, yesterday), len(activity.who(key, first, yesterday)))
        for label, first in (
            (_("Customers on %(day)s") % {"day": day}, yesterday),
            (_("Different customers in %(days)d days") % {"days": DAYS}, since),
        )
    ]


def _size(said: Said, since: dt.date, until: dt.date) -> int:
    return len(activity.did_any(said.events, since, until))


def _effective_lines(said: Said) -> list[Line]:
    past = history.load()
    meant = definitions.current(EFFECTIVE)
    wanted = Definition(key=EFFECTIVE, times=said.times, within_days=said.within_days)
    now = [len(one) for one in history.became_effective(past, wanted, said.events)]
    was = [len(one) for one in history.became_effective(past, meant)]
    return [
        Line(_("Became effective in the last %(days)d days") % {"days": days}, *pair)
        for days, pair in (
            (1, (sum(now[-1:]), sum(was[-1:]))),
            (DAYS, (sum(now[-DAYS:]), sum(was[-DAYS:]))),
        )
    ]


# --- what the form says -------------------------------------------------------------


def measure_soon(key: str, *, by: Staff) -> None:
    """Measure everything anew, and customers too where their traits rest on the word."""
    tasks.measure_soon(by=by)
    if key in OF_CUSTOMERS:
        segment_tasks.recompute_everything_soon(by=by)


def _known_key(key: str) -> str:
    if key not in definitions.KEYS:
        raise Http404
    return key


def _said(request: HttpRequest, key: str) -> Said:
    given = request.POST
    return Said(
        events=frozenset(given.getlist("event")),
        takes_new="takes_new" in given,
        times=_whole(given.get("times", "1")) if key == EFFECTIVE else 1,
        within_days=_whole(given.get("within_days", "1")) if key == EFFECTIVE else 1,
    )


def _as_said(definition: Definition, titles: dict[str, str]) -> Said:
    return Said(
        events=frozenset(name for name in titles if definition.counts(name)),
        takes_new=definition.all_but,
        times=definition.times,
        within_days=definition.within_days,
    )


def _whole(text: str | None) -> int:
    """The number, or one that nothing allows."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 6 else 0
