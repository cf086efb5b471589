"""Customers: finding one, and everything that we know about them on a page."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Prefetch, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.views import ChangeList

from console import clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import Project
from segments import consent, identity, timeline, traits
from segments.models import Customer, CustomerStage, Identifier, Segment, Stage

EVENTS_A_PAGE = 30


def mask(address: str) -> str:
    """`h•••@shop.example`: enough to recognise, too little to write to."""
    name, at, host = address.partition("@")
    return f"{name[:1]}•••{at}{host}" if address else ""


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
    list_display: ClassVar = ["who", "stage", "last_order", "orders", "spent", "rfm"]
    list_filter: ClassVar = [StageFilter]
    list_select_related: ClassVar = ["traits"]
    search_fields: ClassVar = ["pk"]  # shows the box; `get_search_results` decides
    search_help_text = _("A number, or how an identifier, an e-mail address or a name begins.")
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
        term = search_term.strip()
        if not term:
            return queryset, False
        may_contact = roles.allows(request.user, "customers.contact")
        return queryset.filter(pk__in=identity.search(term, contact=may_contact)), False

    # --- the list -----------------------------------------------------------

    @display(description=_("customer"), ordering="pk", header=True)
    def who(self, customer: Customer) -> list[str]:
        return [f"#{customer.pk}", customer.attributes.get("income", "")]

    @display(description=_("stage"), label=True)
    def stage(self, customer: Any) -> str | None:
        return str(customer.standing[0].stage) if customer.standing else None

    @display(description=_("last order"), ordering="-traits__recency_days")
    def last_order(self, customer: Customer) -> dt.date | None:
        return _trait(customer, "last_order_on")

    @display(description=_("orders"))
    def orders(self, customer: Customer) -> int | None:
        return _trait(customer, "orders")

    @display(description=_("spent in all"), ordering="traits__monetary_minor")
    def spent(self, customer: Any) -> str:
        return figures.money(_trait(customer, "monetary_minor"), customer.currency)

    @display(description=_("R F M"))
    def rfm(self, customer: Customer) -> str:
        scores = [_trait(customer, f"{letter}_score") for letter in "rfm"]
        return " ".join("–" if score is None else str(score) for score in scores)

    # --- the page -----------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/events/", view(self.events), name="segments_customer_events"),
            path(
                "<int:pk>/withdraw/",
                view(require_POST(self.withdraw)),
                name="segments_customer_withdraw",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().change_view(request, object_id)
        found = self.get_queryset(request).select_related("traits")
        if not object_id.isdecimal():
            raise Http404
        customer = get_object_or_404(found, pk=object_id)
        return render(request, self.change_form_template, self._context(request, customer))

    def _context(self, request: HttpRequest, customer: Any) -> dict[str, Any]:
        contact = roles.allows(request.user, "customers.contact")
        return {
            **self.admin_site.each_context(request),
            "title": customer if contact else f"#{customer.pk}",
            "opts": self.opts,
            "original": customer if contact else None,  # the header would say the name
            "customer": customer,
            "attributes": list(customer.attributes.items()),
            "email": customer.email if contact else mask(customer.email),
            "identifiers": _identifiers(customer, contact),
            "consents": customer.consents.order_by("channel", "purpose"),
            "traits": _traits(customer, clock.project().currency),
            "moves": customer.stage_moves.select_related(
                "from_stage__stage_set", "to_stage__stage_set"
            )[:20],
            "segments": _segments_of(customer),
            "may_withdraw": roles.allows(request.user, "customers.change"),
            "messages_link": reverse("admin:campaigns_message_changelist")
            + f"?customer={customer.pk}"
            if roles.allows(request.user, "messages.view")
            else "",
        }

    def events(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A page of the timeline, as a part that the customer's page loads."""
        roles.require(request.user, self.view_action)
        customer = get_object_or_404(Customer, pk=pk)
        page = timeline.newest(customer.pk, limit=EVENTS_A_PAGE, before=_before(request))
        return render(
            request,
            "segments/customer/events.html",
            {"page": page, "customer": customer, "zone": clock.zone()},
        )

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=pk)
        staff: Any = request.user
        consent.withdraw(
            customer, channel=request.POST.get("channel", ""), by=staff, at=clock.now()
        )
        self.message_user(request, _("The consent is withdrawn."))
        return HttpResponseRedirect(reverse("admin:segments_customer_change", args=[pk]))


def _identifiers(customer: Customer, contact: bool) -> list[Identifier]:
    """How sources know the customer; addresses and numbers masked for who may not see them."""
    found = list(customer.identifiers.order_by("kind", "value")[:50])
    for identifier in found:
        if identifier.kind in identity.CONTACTS and not contact:
            identifier.value = mask(identifier.value)
    return found


def _trait(customer: Customer, field: str) -> Any:
    return getattr(customer.traits, field) if hasattr(customer, "traits") else None


def _traits(customer: Customer, currency: str) -> list[tuple[traits.Trait, Any]]:
    """Each trait with its value as it is shown."""
    shown = []
    for trait in traits.REGISTRY.values():
        value = _trait(customer, trait.key)
        is_money = trait.kind == traits.MONEY
        shown.append((trait, figures.money(value, currency) if is_money else value))
    return shown


def _segments_of(customer: Customer) -> list[Segment]:
    """The segments in use that have this customer as a member."""
    return [
        segment
        for segment in Segment.objects.filter(archived_at=None).order_by("name")
        if customer.pk in segment.members
    ]


def _before(request: HttpRequest) -> tuple[dt.datetime, str] | None:
    """Where the page begins, from the address; nonsense begins at the newest."""
    moment, _comma, key = request.GET.get("before", "").partition(",")
    try:
        time = dt.datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (time, key) if time.tzinfo and 1900 < time.year < 3000 else None
