"""The button that shows one whole address, to those who may see it, and notes that it did."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import audit, roles
from segments import looks


class ShowsContact:
    """For a screen over rows with an `address` and perhaps a `customer`."""

    def get_urls(self) -> list[URLPattern]:
        screen: Any = self
        view = screen.admin_site.admin_view(require_POST(self.show_contact))
        return [
            path("<int:pk>/contact/", view, name=f"{_name(screen.opts)}_contact"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def show_contact(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The address, once; the audit log keeps who looked."""
        screen: Any = self
        staff: Any = request.user
        roles.require(staff, screen.view_action)
        roles.require(staff, looks.ACTION)
        row = get_object_or_404(screen.model.objects.select_related("customer"), pk=pk)
        if row.customer:
            looks.record(row.customer, by=staff, what=["address"])
        else:
            audit.log("customer.looked", row, by=staff, fields=["address"])
        context = {
            **screen.admin_site.each_context(request),
            "title": screen.opts.verbose_name,
            "opts": screen.opts,
            "original": row,
            "address": row.address,
            "back": reverse(f"admin:{_name(screen.opts)}_change", args=[pk]),
        }
        return render(request, "campaigns/contact.html", context)

    @display(description=_("address"))
    def masked(self, row: Any) -> str:
        return looks.mask(row.address) or "–"

    @display(description=_("address"))
    def masked_with_button(self, row: Any) -> SafeString:
        """Inside of the page's form, whose token the button sends along."""
        screen: Any = self
        return format_html(
            '{} <button class="button" type="submit" formnovalidate formaction="{}">{}</button>',
            looks.mask(row.address) or "–",
            reverse(f"admin:{_name(screen.opts)}_contact", args=[row.pk]),
            _("Show contact"),
        )

    def address_field(self, request: HttpRequest, row: Any) -> str:
        """Which of the two the page of a row shows to this person."""
        may_see = row and row.address and roles.allows(request.user, looks.ACTION)
        return "masked_with_button" if may_see else "masked"


def _name(opts: Any) -> str:
    return f"{opts.app_label}_{opts.model_name}"
