"""Customers: finding one, everything that we know about them on a page, and their deeds."""

import datetime as dt
from typing import Any, ClassVar

import numpy as np
from django.contrib import admin, messages
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db.models import F, Func, IntegerField, Q, QuerySet, Subquery, Value
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from pyroaring import BitMap
from unfold.decorators import display
from unfold.views import ChangeList

from console import clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import Project
from segments import (
    arrays,
    bitmaps,
    columns,
    consent,
    corrections,
    identity,
    looks,
    notes,
    portrait,
    sheet,
    standing,
    tags,
    timeline,
    traits,
)
from segments.admin import customer_page, scoring_facts
from segments.models import Customer, CustomerNote, Stage, Tag

EVENTS_A_PAGE = 30
ORDERED = ("last_order_on", "orders", "monetary_minor")  # traits that the list is ordered by
SHOWN = (*ORDERED, "r_score", "f_score", "m_score")
MOST_ORDERED = 2_000  # as far as people page
LIVING = Q(merged_into=None, erased_at=None)


class StageFilter(admin.SimpleListFilter):
    """The stages of the default set. `CustomerList` looks up who stands there."""

    title = _("stage")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        stages = Stage.objects.filter(stage_set__is_default=True, retired_at=None)
        return [(str(stage.pk), str(stage)) for stage in stages.order_by("position")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset


class CustomerList(ChangeList):
    """The list; ordered by a trait it has the first of those of whom it is known.

    Each row has what is known of its customer as `known`.
    """

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        names = [str(name) for name in super().get_ordering(request, queryset)]
        self.by_trait = next((name for name in names if name.lstrip("-") in ORDERED), "")
        return [name for name in names if name.lstrip("-") not in ORDERED]

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        self.by_trait = ""
        found = super().get_queryset(request, exclude_parameters)
        within = _standing_in(self.params.get(StageFilter.parameter_name, ""))
        if self.by_trait:
            return _ordered(found, self.by_trait, within)
        return found if within is None else _first(found, within, is_searched=bool(self.query))

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        shown: list[Any] = list(self.result_list)  # type: ignore[has-type]
        numbers = [one.pk for one in shown]
        known, stages = traits.of(numbers, SHOWN), standing.in_default(numbers)
        for one in shown:
            one.known, one.stage = known[one.pk], stages.get(one.pk)
        self.result_list = shown


def _standing_in(stage: Any) -> BitMap | None:
    """Who stands in the stage that somebody filters by; None without such a filter."""
    text = stage[-1] if isinstance(stage, list) else stage
    if not text.isdecimal() or len(text) > 9:
        return None
    found = Stage.objects.filter(pk=int(text)).first()
    return standing.members(found.stage_set_id, [found.pk]) if found else BitMap()


def _first(among: QuerySet, within: BitMap, *, is_searched: bool) -> QuerySet:
    """As many of the set as people page: those with the highest numbers."""
    if is_searched:  # few, of whom the newest may not be among those found
        within = within & _ids(among)
    newest = within[max(0, len(within) - MOST_ORDERED) :]
    return among.filter(pk__in=list(newest))


def _ordered(among: QuerySet, by: str, within: BitMap | None) -> QuerySet:
    """The first of the customers by a trait; with a minus, those with the highest values."""
    key = by.lstrip("-")
    column = sheet.read(key).get(key)
    if column is None:
        return among.none()
    found = _ids(among)
    ids = bitmaps.to_array(found if within is None else found & within)
    ids = ids[: np.searchsorted(ids, len(column.values))]
    ids = ids[arrays.known(column.values[ids])]
    ranks = column.values[ids].astype(np.int64) * (-1 if by.startswith("-") else 1)
    first = ids[np.lexsort((ids, ranks))[:MOST_ORDERED]].tolist()
    place = Func(Value(first, ArrayField(IntegerField())), F("pk"), function="array_position")
    return among.filter(pk__in=first).order_by(place)


def _ids(among: QuerySet) -> BitMap:
    """The numbers of the customers that a query finds."""
    whole = among.model.objects.filter(pk__in=among.order_by().values("pk")).values("pk")
    try:
        query, params = whole.query.sql_with_params()
    except EmptyResultSet:  # Django knows that nobody can be found, such as by a search
        return BitMap()
    return columns.ids(query, params)


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    view_action = "customers.view"
    empty_words: ClassVar = _(
        "Customers appear with the first event that a source sends, or from a list or a file "
        "of events that you bring in."
    )
    list_display: ClassVar = ["who", "stage", "last_order", "orders", "spent", "rfm"]
    list_filter: ClassVar = [StageFilter]
    search_fields: ClassVar = ["pk"]  # shows the box; `get_search_results` decides
    search_help_text = _(
        "A number, or how an identifier, an e-mail address, a telephone number or a name begins."
    )
    list_before_template = "segments/customer/list_head.html"
    change_form_template = "segments/customer/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        currency = Subquery(Project.objects.values("currency")[:1])
        return super().get_queryset(request).annotate(currency=currency)

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:
        return CustomerList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Two steps, each by an index; one with OR over both tables would read them whole."""
        queryset = queryset.filter(LIVING)  # only of the list: their pages say what became of them
        term = search_term.strip()
        if not term:
            return queryset, False
        may_contact = roles.allows(request.user, looks.ACTION)
        return queryset.filter(pk__in=identity.search(term, contact=may_contact)), False

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        asked = request.GET.urlencode()
        head = {
            "import_link": reverse("admin:segments_customerimport_changelist")
            if roles.allows(request.user, "customers.import")
            else "",
            "export_link": reverse("admin:segments_customerexport_ask") + f"?{asked}"
            if roles.allows(request.user, "customers.export")
            else "",
        }
        return super().changelist_view(request, {**(extra_context or {}), **head})

    # --- the list -----------------------------------------------------------

    @display(description=_("customer"), ordering="pk", header=True)
    def who(self, customer: Customer) -> list[str]:
        masked = looks.mask(customer.name or customer.email)
        return [f"#{customer.pk}", masked] if masked else [f"#{customer.pk}"]

    @display(description=_("stage"), label=True)
    def stage(self, customer: Any) -> str | None:
        return str(customer.stage) if customer.stage else None

    @display(description=_("last order"), ordering="last_order_on")
    def last_order(self, customer: Any) -> dt.date | None:
        return customer.known.get("last_order_on")

    @display(description=_("orders"), ordering="orders")
    def orders(self, customer: Any) -> int | None:
        return customer.known.get("orders")

    @display(description=_("spent in all"), ordering="monetary_minor")
    def spent(self, customer: Any) -> str:
        return figures.money(customer.known.get("monetary_minor"), customer.currency)

    @display(description=_("R F M"))
    def rfm(self, customer: Any) -> str:
        scores = [customer.known.get(f"{letter}_score") for letter in "rfm"]
        if not any(scores):
            return figures.NOTHING
        return " ".join("–" if score is None else str(score) for score in scores)

    # --- the page -----------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        deeds = {
            "contact": self.contact,
            "correct": self.correct,
            "withdraw": self.withdraw,
            "consent": self.consent,
            "note": self.note,
        }
        return [
            path("<int:pk>/events/", view(self.events), name="segments_customer_events"),
            path("<int:pk>/doings/", view(self.doings), name="segments_customer_doings"),
            path("<int:pk>/score/", view(self.score), name="segments_customer_score"),
            path("<int:pk>/moves/", view(self.moves), name="segments_customer_moves"),
            *(
                path(
                    f"<int:pk>/{name}/", view(require_POST(deed)), name=f"segments_customer_{name}"
                )
                for name, deed in deeds.items()
            ),
            path(
                "<int:pk>/tag/<str:deed>/",
                view(require_POST(self.tag)),
                name="segments_customer_tag",
            ),
            path(
                "note/<int:pk>/remove/",
                view(require_POST(self.remove_note)),
                name="segments_customer_remove_note",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().change_view(request, object_id)
        found = self.get_queryset(request)
        if not object_id.isdecimal() or int(object_id) >= 2**31:
            raise Http404
        customer = get_object_or_404(found, pk=object_id)
        if customer.merged_into_id:
            words = gettext("#%(was)d was merged into this customer.") % {"was": customer.pk}
            messages.info(request, words)
            return _to(customer.merged_into_id)
        site = {**self.admin_site.each_context(request), "opts": self.opts}
        if customer.erased_at:
            gone = {**site, "title": f"#{customer.pk}", "customer": customer}
            return render(request, "segments/customer/erased.html", gone)
        return render(
            request, self.change_form_template, site | customer_page.context(request.user, customer)
        )

    def events(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A page of the timeline, as a part that the customer's page loads."""
        roles.require(request.user, self.view_action)
        customer = get_object_or_404(Customer, LIVING, pk=pk)
        event = request.GET.get("event", "")[:80]
        page = timeline.newest(
            customer.pk, limit=EVENTS_A_PAGE, before=timeline.place(request.GET), event=event
        )
        context = customer_page.events(page, customer, event)
        return render(request, "segments/customer/events.html", context)

    def doings(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Interests, habits and where they come from, as a part that the page loads."""
        roles.require(request.user, self.view_action)
        customer = get_object_or_404(Customer, LIVING, pk=pk)
        found = portrait.doings(customer.pk, day=clock.today(), zone=clock.zone())
        context = customer_page.doings(found)
        return render(request, "segments/customer/doings.html", context)

    def score(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What makes up their value score, as a part that the page loads."""
        roles.require(request.user, self.view_action)
        customer = get_object_or_404(Customer, LIVING, pk=pk)
        context = scoring_facts.explained(str(customer.pk), clock.today())
        return render(request, "segments/customer/score.html", context)

    def moves(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How they moved between stages, as a part that the page loads."""
        roles.require(request.user, self.view_action)
        customer = get_object_or_404(Customer, LIVING, pk=pk)
        context = {"histories": customer_page.moves(customer)}
        return render(request, "segments/customer/moves.html", context)

    # --- deeds --------------------------------------------------------------

    def contact(self, request: Any, pk: int) -> HttpResponse:
        """The names and addresses, shown once and noted in the audit log."""
        customer = get_object_or_404(Customer, LIVING, pk=pk)
        looks.record(customer, by=request.user, what=["name", "email", "phone", "identifiers"])
        context = customer_page.who(request.user, customer, shown=True)
        return render(request, "segments/customer/who.html", context)

    def correct(self, request: Any, pk: int) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=pk)
        roles.require(request.user, looks.ACTION)
        corrections.correct(
            customer,
            by=request.user,
            seen=request.POST.get("seen", ""),
            **customer_page.corrected(request.POST, customer),
        )
        self.message_user(request, _("The customer is corrected."))
        return _to(pk)

    def withdraw(self, request: Any, pk: int) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=pk)
        consent.withdraw(
            customer,
            channel=request.POST.get("channel", ""),
            purpose=request.POST.get("purpose", consent.MARKETING),
            by=request.user,
            at=clock.now(),
        )
        self.message_user(request, _("The consent is withdrawn."))
        return _to(pk)

    def consent(self, request: Any, pk: int) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=pk)
        given = {key: request.POST.get(key, "") for key in ("channel", "purpose", "source")}
        consent.record(customer, **given, by=request.user, at=clock.now())
        self.message_user(request, _("The consent is recorded."))
        return _to(pk)

    def note(self, request: Any, pk: int) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=pk)
        given = {key: request.POST.get(key, "") for key in ("text", "kind")}
        notes.add(customer, **given, by=request.user, at=clock.now())
        self.message_user(request, _("The note is saved."))
        return _to(pk)

    def tag(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Give the customer a tag, or take one."""
        roles.require(request.user, tags.ACTION)
        customer = get_object_or_404(Customer, LIVING, pk=pk)
        verb = {"give": tags.give, "take": tags.take}.get(deed)
        number = request.POST.get("tag", "")
        if verb is None or not number.isdecimal():
            raise Http404
        tag = get_object_or_404(Tag.objects.defer("members"), pk=number)
        source = gettext("on the customer's page")
        verb(tag, BitMap([pk]), by=request.user, at=clock.now(), source=source)
        words = _("The tag is given.") if deed == "give" else _("The tag is taken.")
        self.message_user(request, words)
        return _to(customer.pk)

    def remove_note(self, request: Any, pk: int) -> HttpResponse:
        note = get_object_or_404(CustomerNote, pk=pk)
        notes.remove(note, by=request.user)
        self.message_user(request, _("The note is removed."))
        return _to(note.customer_id)


def _to(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:segments_customer_change", args=[pk]))
