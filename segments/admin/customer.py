"""Customers: finding one, everything that we know about them on a page, and their deeds."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Prefetch, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.views import ChangeList

from console import clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import Project
from segments import consent, corrections, identity, looks, notes, portrait, timeline
from segments.admin import customer_page
from segments.models import Customer, CustomerNote, CustomerStage, Stage

EVENTS_A_PAGE = 30
LIVING = Q(merged_into=None, erased_at=None)


class StageFilter(admin.SimpleListFilter):
    """The stages of the default set; a fixed choice, so no scan over customers."""

    title = _("stage")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        stages = Stage.objects.filter(stage_set__is_default=True).select_related("stage_set")
        return [(str(stage.pk), str(stage)) for stage in stages]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        stage = self.value() or ""
        if not stage.isdecimal():
            return queryset
        standing = CustomerStage.objects.filter(stage=int(stage))
        return queryset.filter(pk__in=standing.values("customer"))


class CustomerList(ChangeList):
    """The list; ordered by a trait it has those that have traits, which an index answers."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        found = super().get_queryset(request, exclude_parameters)
        if any(str(name).lstrip("-").startswith("traits__") for name in found.query.order_by):
            found = found.filter(traits__isnull=False)
        return found


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    view_action = "customers.view"
    empty_words: ClassVar = _(
        "Customers appear with the first event that a source sends, or from a list or a file "
        "of events that you bring in."
    )
    list_display: ClassVar = ["who", "stage", "last_order", "orders", "spent", "rfm"]
    list_filter: ClassVar = [StageFilter]
    list_select_related: ClassVar = ["traits"]
    search_fields: ClassVar = ["pk"]  # shows the box; `get_search_results` decides
    search_help_text = _(
        "A number, or how an identifier, an e-mail address, a telephone number or a name begins."
    )
    list_before_template = "segments/customer/list_head.html"
    change_form_template = "segments/customer/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        standing = CustomerStage.objects.filter(stage_set__is_default=True).select_related("stage")
        return (
            super()
            .get_queryset(request)
            .prefetch_related(Prefetch("stages", standing, to_attr="standing"))
            .annotate(currency=Subquery(Project.objects.values("currency")[:1]))
        )

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
        return [f"#{customer.pk}", looks.mask(customer.name or customer.email)]

    @display(description=_("stage"), label=True)
    def stage(self, customer: Any) -> str | None:
        return str(customer.standing[0].stage) if customer.standing else None

    @display(description=_("last order"), ordering="-traits__recency_days")
    def last_order(self, customer: Customer) -> dt.date | None:
        return customer_page.trait(customer, "last_order_on")

    @display(description=_("orders"))
    def orders(self, customer: Customer) -> int | None:
        return customer_page.trait(customer, "orders")

    @display(description=_("spent in all"), ordering="traits__monetary_minor")
    def spent(self, customer: Any) -> str:
        return figures.money(customer_page.trait(customer, "monetary_minor"), customer.currency)

    @display(description=_("R F M"))
    def rfm(self, customer: Customer) -> str:
        scores = [customer_page.trait(customer, f"{letter}_score") for letter in "rfm"]
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
            *(
                path(
                    f"<int:pk>/{name}/", view(require_POST(deed)), name=f"segments_customer_{name}"
                )
                for name, deed in deeds.items()
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
        found = self.get_queryset(request).select_related("traits")
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
        self.message_user(request, _("The note is kept."))
        return _to(pk)

    def remove_note(self, request: Any, pk: int) -> HttpResponse:
        note = get_object_or_404(CustomerNote, pk=pk)
        notes.remove(note, by=request.user)
        self.message_user(request, _("The note is removed."))
        return _to(note.customer_id)


def _to(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:segments_customer_change", args=[pk]))
