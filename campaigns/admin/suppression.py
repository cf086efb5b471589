"""The do-not-contact list."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.admin.contact import ShowsContact
from campaigns.contact import suppression
from campaigns.models import Suppression
from console import clock, roles
from console.modeladmin import ConsoleModelAdmin
from segments.models import Customer


class SuppressionForm(forms.ModelForm):
    """One address."""

    class Meta:
        model = Suppression
        fields = ("address",)

    def clean_address(self) -> str:
        address = suppression.normal(self.cleaned_data["address"])
        forms.EmailField().clean(address)
        if suppression.is_listed(address):
            raise forms.ValidationError(_("This address is on the list already."))
        return address


@admin.register(Suppression)
class SuppressionAdmin(ShowsContact, ConsoleModelAdmin):
    view_action = "suppressions.view"
    empty_words: ClassVar = _(
        "Nobody is on the list. Who unsubscribes comes onto it by themselves."
    )
    add_action = delete_action = "suppressions.change"
    form = SuppressionForm
    list_filter: ClassVar = ["reason"]
    search_fields: ClassVar = ["address"]  # shows the box; `get_search_results` decides
    search_help_text = _("Search by the beginning of an address.")

    list_display: ClassVar = ["masked", "reason", "customer_number", "at"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["address"]
        return [self.address_field(request, obj), "reason", "customer_number", "at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj) if obj else []

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        term = suppression.normal(search_term)
        if not term or not roles.allows(request.user, "customers.contact"):
            return queryset, False
        return queryset.filter(address__startswith=term), False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        address = form.cleaned_data["address"]
        line = suppression.add(
            address,
            reason=Suppression.Reason.BY_HAND,
            at=clock.now(),
            customer=Customer.objects.filter(email=address).first(),
        )
        obj.pk = line.pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        suppression.remove(obj)

    @display(description=_("customer"))
    def customer_number(self, line: Suppression) -> str:
        return f"#{line.customer_id}" if line.customer_id else "–"
