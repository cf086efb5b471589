"""Work: one inbox, and a page for each thing to do."""

import datetime as dt
import functools
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import approvals, clock, kept_words, roles, work, work_kinds
from console.admin import work_giving, work_learning, work_load
from console.duties import inbox, lifts
from console.modeladmin import ReadOnlyAdmin
from console.models import AuditEntry, Staff, TeamRequest, WorkItem
from console.states import NotAllowed, Stale
from console.team_requests import seeing

COLORS = {"open": "info", "started": "warning", "done": "success", "dropped": ""}
TONES = {"started": "warn", "done": "good"}
MOST_WAITING = 99  # approvals, as a number on a button
ARRANGING = ("ask", "hand_over", "move_deadline")  # deeds with a form of their own
DEEDS = {
    "work_item.given": pgettext_lazy("work", "given"),
    "work_item.started": _("begun"),
    "work_item.open": _("opened again"),
    "work_item.done": _("done"),
    "work_item.dropped": _("dropped"),
    "work_item.escalated": _("told upward"),
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
        return [
            ("team", _("my team's")),
            ("told", _("late, as I was told")),
            ("all", _("everybody's")),
        ]

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        if self.value() == "team":
            return queryset.filter(work.of_team(request.user))
        if self.value() == "told":
            return queryset.filter(inbox.told(request.user))
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


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return work_kinds.choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(WorkItem)
class WorkItemAdmin(ReadOnlyAdmin):
    view_action = work.VIEW
    empty_words: ClassVar = _(
        "What a rule, an alert or a colleague gives you to do waits here, with its deadline and "
        "the reason for it."
    )
    list_display: ClassVar = ["title", "of_kind", "state", "due", "owner", "team", "given_on"]
    list_filter: ClassVar = [WhoseFilter, StateFilter, KindFilter]
    list_select_related: ClassVar = ["owner", "team"]
    list_before_template = "console/work/head.html"
    search_fields: ClassVar = ["title"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = {
            "load": work_load.show,
            "give": work_giving.show,
            "learning": work_learning.show,
        }
        do = view(require_POST(self.do))
        begin = view(require_POST(functools.partial(work_load.begin, self)))
        end = view(require_POST(functools.partial(work_load.end, self)))
        about = view(functools.partial(work_giving.about_customer, self))
        return [
            *(
                path(
                    f"{name}/", view(functools.partial(page, self)), name=f"console_workitem_{name}"
                )
                for name, page in pages.items()
            ),
            path("raise/", begin, name="console_workitem_raise"),
            path("raise/<int:pk>/end/", end, name="console_workitem_unraise"),
            path("of-customer/<int:pk>/", about, name="console_workitem_of_customer"),
            path("<int:pk>/do/", do, name="console_workitem_do"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: Any) -> QuerySet[WorkItem]:
        self.today = clock.today()
        self.raised = lifts.in_force(self.today)
        return lifts.first(inbox.visible_to(request.user), self.raised)

    def get_ordering(self, request: HttpRequest) -> Any:
        return inbox.ORDER

    def changelist_view(
        self, request: Any, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "raised": lifts.in_force(clock.today()),
            "held": inbox.requests_held(request.user),
        }
        if roles.allows(request.user, "approvals.decide"):
            context["to_approve"] = len(approvals.waiting_for(request.user, most=MOST_WAITING))
        return super().changelist_view(request, context | (extra_context or {}))

    # --- the list -------------------------------------------------------------

    @display(description=_("kind"), ordering="kind")
    def of_kind(self, item: WorkItem) -> str:
        return item.kind_words

    @display(description=_("status"), label=COLORS)
    def state(self, item: WorkItem) -> tuple[str, str]:
        return item.status, item.get_status_display()

    @display(description=_("due on"), ordering="due_on")
    def due(self, item: WorkItem) -> str | SafeString:
        due_on = lifts.deadline(item, self.raised)
        said = due_on.isoformat() if due_on else "–"
        if item.is_unfinished and due_on is not None and due_on < self.today:
            return format_html('{} <span class="badge bad">{}</span>', said, gettext("overdue"))
        if lifts.over(item, self.raised):
            return format_html('{} <span class="badge warn">{}</span>', said, gettext("raised"))
        return said

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

    def _one(self, request: Any, pk: str) -> WorkItem:
        roles.require(request.user, self.view_action)
        if not pk.isdecimal() or len(pk) > 18:
            raise Http404
        rows = inbox.visible_to(request.user)
        rows = rows.select_related("owner", "team", "given_by", "closed_by")
        return get_object_or_404(rows, pk=pk)

    def _page(
        self, request: Any, item: WorkItem, *, refused: str = "", status: int = 200
    ) -> HttpResponse:
        today, kind = clock.today(), work_kinds.of(item.kind)
        raised = lifts.in_force(today)
        due_on = lifts.deadline(item, raised)
        subject = subject_for(item, request.user)
        context = {
            "title": item.title,
            "original": item,
            "item": item,
            "kind": kind,
            "asks": asks(kind, request.POST),
            "told": work_kinds.told(kind, kept_words.said_all(item.facts)),
            "tone": TONES.get(item.status, ""),
            "due_on": due_on,
            "lift": lifts.over(item, raised),
            "is_overdue": item.is_unfinished and due_on is not None and due_on < today,
            "subject": subject,
            "subject_link": link_to(subject),
            "questions": inbox.visible_to(request.user).filter(
                pk__in=work.about(item).values("pk")
            ),
            "escalations": item.escalations.select_related("to"),
            "may_do": work.may_do(item, by=request.user),
            "colleagues": Staff.objects.filter(is_active=True).order_by("username"),
            "course": course(item),
            "refused": refused,
            "typed": typed(request.POST),
            "tried": item.facts.get(work.TRIED, []),
            "tomorrow": today + lifts.DAY,
        }
        return self.show(request, "console/work_item.html", context, status=status)

    def show(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts}
        return render(request, template, site | context, status=status)


def typed(sent: Any) -> dict[str, Any]:
    """What a refused form held, under the form's name, so that each keeps its own words."""
    deed = sent.get("deed", "")
    return {deed if deed in ARRANGING else "outcome": sent}


def asks(kind: work_kinds.Kind, typed: Any) -> list[dict[str, Any]]:
    """The further fields of a kind's form, with what was typed."""
    return [{"ask": one, "typed": typed.get(one.name, "")} for one in kind.asks]


def subject_for(item: WorkItem, staff: Staff) -> Model | None:
    """What it is about, unless that is a request or work that somebody may not see."""
    subject = item.subject
    match subject:
        case TeamRequest():
            return subject if seeing.may_see(subject, staff) else None
        case WorkItem():
            return inbox.visible_to(staff).filter(pk=subject.pk).first()
    return subject


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
        case "work_item.tried":
            return gettext("tried; again on %(due_on)s") % said
        case "work_item.escalated":
            said["to"] = line.details.get("to") or "–"
            return gettext("late since %(due_on)s: told %(to)s") % said
        case "work_item.deadline_moved":
            return gettext("deadline moved to %(due_on)s; before: %(was)s") % said
    return str(DEEDS.get(line.action, line.action))


def _do(item: WorkItem, given: Any, *, by: Staff) -> str:
    words, today = given.get("words", ""), clock.today()
    match given.get("deed"):
        case "start":
            work.start(item, by=by)
            return gettext("It is yours, and in progress.")
        case "finish":
            work.finish(item, outcome=words, answer=given.dict(), on=today, by=by)
            if item.is_unfinished:
                return gettext("It is to be tried again on that day.")
            return gettext("Done. What came of it is kept with it.")
        case "drop":
            work.drop(item, because=words, by=by)
            return gettext("Dropped, with your reason.")
        case "reopen":
            work.reopen(item, by=by)
            return gettext("It is open again.")
    return _arrange(item, given, today, by=by)


def _arrange(item: WorkItem, given: Any, today: dt.date, *, by: Staff) -> str:
    """Who does it, by when, and whether it may be done so."""
    words = given.get("words", "")
    match given.get("deed"):
        case "ask":
            of = _colleague(given.get("of", ""))
            if of is None:
                raise NotAllowed(gettext("Choose whom you ask."))
            work.ask_for_yes(item, of=of, question=words, on=today, by=by)
            return gettext("Asked. It can be finished once the answer is there.")
        case "hand_over":
            to = _colleague(given.get("to", ""))
            work.hand_over(item, to=to, because=words, by=by)
            return gettext("Handed over.")
        case "move_deadline":
            work.move_deadline(item, to=_day(given.get("due_on", "")), because=words, by=by)
            return gettext("The deadline has moved.")
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
