"""Work: one inbox, and a page for each thing to do."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import clock, roles, work
from console.modeladmin import ReadOnlyAdmin
from console.models import AuditEntry, Staff, WorkItem
from console.states import NotAllowed, Stale

COLORS = {"open": "info", "started": "warning", "done": "success", "dropped": ""}
TONES = {"started": "warn", "done": "good"}
DEEDS = {
    "work_item.given": _("given"),
    "work_item.started": _("begun"),
    "work_item.open": _("opened again"),
    "work_item.done": _("done"),
    "work_item.dropped": _("dropped"),
}


class Usual(admin.SimpleListFilter):
    """A filter whose first choice is taken when nothing is chosen."""

    first: tuple[str, Any] = ("", "")

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": self.first[1]}, *others]


class WhoseFilter(Usual):
    title = _("whose")
    parameter_name = "whose"
    first = ("mine", _("my work"))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("team", _("my team's")), ("all", _("everybody's"))]

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        if self.value() == "team":
            return queryset.filter(work.of_team(request.user))
        return queryset.filter(work.mine(request.user))


class StateFilter(Usual):
    title = _("status")
    parameter_name = "state"
    first = ("unfinished", _("unfinished"))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("overdue", _("overdue")), ("closed", _("closed")), ("all", _("all"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        if self.value() == "closed":
            return queryset.exclude(status__in=WorkItem.UNFINISHED)
        unfinished = queryset.filter(status__in=WorkItem.UNFINISHED)
        return (
            unfinished.filter(due_on__lt=clock.today()) if self.value() == "overdue" else unfinished
        )


@admin.register(WorkItem)
class WorkItemAdmin(ReadOnlyAdmin):
    view_action = work.VIEW
    empty_words: ClassVar = _(
        "What a rule, an alert or a colleague gives you to do waits here, with its deadline and "
        "the reason for it."
    )
    list_display: ClassVar = ["title", "state", "due", "owner", "team", "given_on"]
    list_filter: ClassVar = [WhoseFilter, StateFilter]
    list_select_related: ClassVar = ["owner", "team"]
    search_fields: ClassVar = ["title"]
    ordering: ClassVar = [F("due_on").asc(nulls_last=True), "pk"]

    def get_urls(self) -> list[URLPattern]:
        do = self.admin_site.admin_view(require_POST(self.do))
        return [path("<int:pk>/do/", do, name="console_workitem_do"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkItem]:
        self.today = clock.today()
        return super().get_queryset(request)

    # --- the list -------------------------------------------------------------

    @display(description=_("status"), label=COLORS)
    def state(self, item: WorkItem) -> tuple[str, str]:
        return item.status, item.get_status_display()

    @display(description=_("due on"), ordering="due_on")
    def due(self, item: WorkItem) -> str | SafeString:
        if item.due_on is None:
            return "–"
        if not item.is_overdue(self.today):
            return item.due_on.isoformat()
        return format_html(
            '{} <span class="badge bad">{}</span>', item.due_on.isoformat(), gettext("overdue")
        )

    # --- the page -------------------------------------------------------------

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._one(request, object_id))

    def do(self, request: Any, pk: int) -> HttpResponse:
        """One deed; a refusal comes back as words beside what was written."""
        item = self._one(request, str(pk))
        try:
            said = _do(item, request.POST, by=request.user)
        except (NotAllowed, Stale) as refused:
            item.refresh_from_db()
            return self._page(request, item, refused=str(refused), status=409)
        messages.success(request, said)
        return HttpResponseRedirect(reverse("admin:console_workitem_change", args=[item.pk]))

    def _one(self, request: HttpRequest, pk: str) -> WorkItem:
        roles.require(request.user, self.view_action)
        if not pk.isdecimal() or len(pk) > 18:
            raise Http404
        rows = WorkItem.objects.select_related("owner", "team", "given_by", "closed_by")
        return get_object_or_404(rows, pk=pk)

    def _page(
        self, request: Any, item: WorkItem, *, refused: str = "", status: int = 200
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": item.title,
            "opts": self.opts,
            "original": item,
            "item": item,
            "tone": TONES.get(item.status, ""),
            "is_overdue": item.is_overdue(clock.today()),
            "subject": item.subject,
            "subject_link": link_to(item.subject),
            "may_do": work.may_do(item, by=request.user),
            "colleagues": Staff.objects.filter(is_active=True).order_by("username"),
            "course": course(item),
            "refused": refused,
            "typed": request.POST,
        }
        return render(request, "console/work_item.html", context, status=status)


def link_to(subject: Model | None) -> str:
    """The screen of whatever record it is; nothing where there is none."""
    if subject is None:
        return ""
    meta = subject._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[subject.pk])
    except NoReverseMatch:
        return ""


def course(item: WorkItem) -> list[dict[str, Any]]:
    """What happened to it, from the audit log, the newest first."""
    kind = ContentType.objects.get_for_model(WorkItem)
    lines = AuditEntry.objects.filter(subject_type=kind, subject_id=str(item.pk))
    return [
        {
            "at": line.at,
            "who": line.staff or "",
            "what": _told(line),
            "because": line.details.get("because") or "",
        }
        for line in lines.select_related("staff")[:50]
    ]


def _told(line: AuditEntry) -> str:
    """One deed as a sentence: what became of it, and for whom or until when."""
    said = {name: line.details.get(name) or "–" for name in ("owner", "was", "due_on")}
    match line.action:
        case "work_item.given" if line.details.get("owner"):
            return gettext("given to %(owner)s") % said
        case "work_item.handed_over" if line.details.get("owner"):
            return gettext("handed over to %(owner)s; before: %(was)s") % said
        case "work_item.handed_over":
            return gettext("given back by %(was)s") % said
        case "work_item.deadline_moved":
            return gettext("deadline moved to %(due_on)s; before: %(was)s") % said
    return str(DEEDS.get(line.action, line.action))


def _do(item: WorkItem, given: Any, *, by: Staff) -> str:
    words = given.get("words", "")
    match given.get("deed"):
        case "start":
            work.start(item, by=by)
            return gettext("It is yours, and in progress.")
        case "finish":
            work.finish(item, outcome=words, by=by)
            return gettext("Done. What came of it is kept with it.")
        case "drop":
            work.drop(item, because=words, by=by)
            return gettext("Dropped, with your reason.")
        case "reopen":
            work.reopen(item, by=by)
            return gettext("It is open again.")
        case "hand_over":
            to = _colleague(given.get("to", ""))
            work.hand_over(item, to=to, because=words, by=by)
            return gettext("Handed over.")
        case "move_deadline":
            work.move_deadline(item, to=_day(given.get("due_on", "")), because=words, by=by)
            return gettext("The deadline has moved.")
        case _deed:
            raise Http404


def _colleague(pk: str) -> Staff | None:
    if not pk:
        return None
    if not pk.isdecimal() or len(pk) > 9:
        raise Http404
    return get_object_or_404(Staff, pk=pk)


def _day(text: str) -> dt.date:
    if (found := clock.read_day(text)) is None:
        raise NotAllowed(gettext("Write the day as 2018-01-31."))
    return found
