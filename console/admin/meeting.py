"""The weekly meeting: its pack on one page that prints, and what is decided there."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import charts, clock, figures, roles
from console.charts import Chart
from console.meetings import building, holding, pack, weeks
from console.meetings.pack import Pack
from console.meetings.weeks import Week
from console.modeladmin import ReadOnlyAdmin
from console.models import Meeting, Staff
from console.states import NotAllowed, Stale
from console.team_requests import seeing

COLORS = {"open": "warning", "closed": "success"}
DAYS_TO_DO = 7


@admin.register(Meeting)
class MeetingAdmin(ReadOnlyAdmin):
    view_action = holding.VIEW
    list_display: ClassVar = ["week", "state", "closed_by", "closed_at"]
    list_display_links: ClassVar = ["week"]
    list_select_related: ClassVar = ["closed_by"]
    list_before_template = "console/meetings/head.html"
    empty_words: ClassVar = gettext_lazy(
        "Open this week's pack; the meeting stands here once something was decided in it."
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("week/", view(self.latest), name="console_meeting_latest"),
            path("week/<slug:name>/", view(self.week_page), name="console_meeting_week"),
            path(
                "week/<slug:name>/decide/",
                view(require_POST(self.decide)),
                name="console_meeting_decide",
            ),
            path(
                "week/<slug:name>/close/",
                view(require_POST(self.close)),
                name="console_meeting_close",
            ),
            *super().get_urls(),
        ]

    # --- the list ---------------------------------------------------------------

    @display(description=gettext_lazy("week"), ordering="monday")
    def week(self, meeting: Meeting) -> str:
        return Week(meeting.monday).name

    @display(description=gettext_lazy("status"), label=COLORS)
    def state(self, meeting: Meeting) -> tuple[str, str]:
        return meeting.status, meeting.get_status_display()

    # --- the page ---------------------------------------------------------------

    def latest(self, request: HttpRequest) -> HttpResponse:
        """The week of yesterday, the last measured day; of today, once that meeting is closed."""
        today = clock.today()
        week = weeks.of(today - weeks.DAY)
        is_over = Meeting.objects.filter(monday=week.since, status=Meeting.Status.CLOSED).exists()
        return _to(weeks.of(today) if is_over else week)

    def change_view(self, request: Any, object_id: str, *args: Any, **kw: Any) -> HttpResponse:
        roles.require(request.user, self.view_action)
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return _to(Week(get_object_or_404(Meeting, pk=object_id).monday))

    def week_page(self, request: Any, name: str) -> HttpResponse:
        roles.require(request.user, self.view_action)
        return self._page(request, _week(name))

    def decide(self, request: Any, name: str) -> HttpResponse:
        """What was decided becomes work; a refusal comes back beside what was written."""
        week, given = _week(name), request.POST
        try:
            holding.decide(
                week,
                text=given.get("text", ""),
                owner=_owner(given.get("owner", "")),
                due_on=_day(given.get("due_on", "")),
                request=_request(given.get("request", ""), request.user),
                on=clock.today(),
                by=request.user,
            )
        except (NotAllowed, Stale) as refused:
            return self._page(request, week, refused=str(refused), status=409)
        messages.success(request, _("It is in the inbox of who carries it out."))
        return _to(week, "#decided")

    def close(self, request: Any, name: str) -> HttpResponse:
        week = _week(name)
        try:
            holding.close(week, at=clock.now(), today=clock.today(), by=request.user)
        except (NotAllowed, Stale) as refused:
            return self._page(request, week, refused=str(refused), status=409)
        messages.success(request, _("Closed; the pack is kept as it is now."))
        return _to(week)

    def _page(
        self, request: Any, week: Week, *, refused: str = "", status: int = 200
    ) -> HttpResponse:
        staff: Staff = request.user
        roles.require(staff, self.view_action)
        meeting = Meeting.objects.select_related("closed_by").filter(monday=week.since).first()
        today = clock.today()
        seen = building.as_seen(meeting) if meeting else None
        shown = pack.for_reader(seen or building.build(week, today=today), staff)
        is_open = meeting is None or meeting.status == Meeting.Status.OPEN
        may_hold = is_open and roles.allows(staff, holding.HOLD)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Meeting of %(week)s") % {"week": week.name},
            "original": meeting,
            "week": week,
            "weeks": [(one.name, one == week) for one in (week.ago(1), week, week.ago(-1))],
            "meeting": meeting,
            "pack": shown,
            "chart": chart(shown),
            "decisions": holding.decided(meeting, seen_by=staff),
            "may_hold": may_hold,
            "people": Staff.objects.filter(is_active=True).order_by("username") if may_hold else [],
            "requests": choices(shown) if may_hold else [],
            "due_on": today + dt.timedelta(days=DAYS_TO_DO),
            "refused": refused,
            "typed": request.POST,
        }
        return render(request, "console/meetings/week.html", context, status=status)


def choices(shown: Pack) -> list[tuple[int, str]]:
    """The requests of the pack, for what a decision is about."""
    found = {
        line.request: line.what
        for key in ("decisions", "slips", "requests")  # the last one has its plain name
        for line in getattr(shown.section(key), "lines", [])
        if line.request is not None
    }
    return sorted(found.items())


def chart(shown: Pack) -> Chart | None:
    """What each team took on against the days it has, over the coming weeks."""
    section = shown.section("resources")
    lines = [one for one in section.lines if any(one.numbers[::2])] if section else []
    if section is None or not lines:
        return None
    heads = list(section.heads)
    series = {one.what: list(one.numbers[::2]) for one in lines}
    rows = [
        [
            one.what,
            *(
                f"{figures.number(taken)} / {figures.number(days)}"
                for taken, days in _pairs(one.numbers)
            ),
        ]
        for one in lines
    ]
    return Chart(
        id="meeting-load",
        title=_("Days of work taken on, by week"),
        option=charts.grouped(heads, series, unit=charts.unit("count")),
        columns=[_("Team"), *heads],
        rows=rows,
        note=_("In the table: days taken on / days of work that the team has."),
        size="low",
    )


def _pairs(numbers: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _to(week: Week, place: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:console_meeting_week", args=[week.name]) + place)


def _week(name: str) -> Week:
    if (found := weeks.named(name)) is None:
        raise Http404
    return found


def _owner(text: str) -> Staff:
    if not text.isdecimal() or len(text) > 9:
        raise NotAllowed(_("Say who carries it out."))
    return get_object_or_404(Staff, pk=text)


def _request(text: str, by: Staff) -> Any:
    return seeing.get_or_404(by, text) if text else None


def _day(text: str) -> dt.date:
    if (found := clock.read_day(text)) is None:
        raise NotAllowed(_("Write the day as 2018-01-31."))
    return found
