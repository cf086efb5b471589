"""Customers' coupons: each with its redemptions, and what people do with it by hand."""

import datetime as dt
import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.views import ChangeList

from campaigns.admin.amounts import MoneyField
from campaigns.models import Coupon, Redemption
from campaigns.offers import coupon_codes, coupon_words, coupons, redemptions
from campaigns.offers.redemptions import Order
from console import clock, roles
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed
from segments import merging

COUPONS_OF_ONE = 20  # that a customer's page shows
COLORS = {"issued": "info", "redeemed": "success", "revoked": "danger", "over": "warning"}
BADGES = {"issued": "", "redeemed": "good", "revoked": "bad", "over": "warn"}
Status = Coupon.Status


class RedeemForm(forms.Form):
    """A code in an order, as support or a till without a program of its own types it."""

    # Of the form that was shown: pressed twice, it is redeemed once.
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    code = forms.CharField(label=_("Code"), max_length=64)
    order = forms.CharField(label=_("Order number"), max_length=120)
    amount_minor = MoneyField(label=_("Order's amount"), required=False)
    customer = forms.IntegerField(
        label=_("Customer's number"),
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text=_("Needed for a code that is shared."),
    )


class CouponList(ChangeList):
    """The list, whose rows all know what time it is."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        now = clock.now()
        for coupon in self.result_list:
            coupon.seen_at = now


@admin.register(Coupon)
class CouponAdmin(ReadOnlyAdmin):
    view_action = coupons.VIEW
    empty_words: ClassVar = _("A customer has a coupon once a message or a person gave one.")
    list_display: ClassVar = [
        *("named", "batch", "customer_number", "status_label", "issued_at", "expires_at"),
        "campaign",
    ]
    list_display_links: ClassVar = ["named"]
    list_select_related: ClassVar = ["batch", "campaign"]
    list_filter: ClassVar = ["status"]
    search_fields: ClassVar = ["=customer__id"]  # shows the box; `get_search_results` decides
    search_help_text = _("Search by a whole code, or by a customer's number.")

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:
        return CouponList

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[QuerySet[Coupon], bool]:
        term = search_term.strip().removeprefix("#")
        if not term:
            return queryset, False
        found = Q(code=coupon_codes.read(term))
        if term.isascii() and term.isdecimal() and len(term) < 10:
            found |= Q(customer__in=merging.numbers_of(int(term)))
        return queryset.filter(found), False

    @display(description=pgettext_lazy("coupon", "code"))
    def named(self, coupon: Coupon) -> str:
        return coupon_codes.hint(coupon.code) if coupon.code else coupon.batch.shared_code

    @display(description=_("customer"), ordering="customer_id")
    def customer_number(self, coupon: Coupon) -> str:
        return f"#{coupon.customer_id}"

    @display(description=_("status"), ordering="status", label=COLORS)
    def status_label(self, coupon: Any) -> tuple[str, Any]:
        return status_of(coupon, coupon.seen_at)

    # --- pages ----------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("redeem/", view(self.redeem), name="campaigns_coupon_redeem"),
            path("of/<int:pk>/", view(self.of), name="campaigns_coupon_of"),
            path(
                "<int:pk>/do/<str:deed>/", view(require_POST(self.do)), name="campaigns_coupon_do"
            ),
            *super().get_urls(),
        ]

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        coupon = self._found(int(object_id) if object_id.isdecimal() else 0)
        may_redeem = roles.allows(request.user, redemptions.REDEEM)
        state, label = status_of(coupon, clock.now())
        context = {
            "coupon": coupon,
            "code": coupons.code_of(coupon) if may_redeem else coupon_codes.hint(coupon.code),
            "terms": coupon_words.terms(coupon.batch, clock.project().currency),
            "state": state,
            "badge": BADGES[state],
            "state_words": label,
            "redemptions": coupon.redemptions.select_related("by"),
            "may_redeem": may_redeem and state == Status.ISSUED,
            "may_reverse": may_redeem,
            "may_revoke": roles.allows(request.user, coupons.GIVE)
            and coupon.status == Status.ISSUED,
            "redeem_link": f"{reverse('admin:campaigns_coupon_redeem')}?coupon={coupon.pk}",
        }
        return self._page(request, "coupon", str(coupon), context)

    def redeem(self, request: Any) -> HttpResponse:
        """The form for a code, and what came of it."""
        roles.require(request.user, redemptions.REDEEM)
        first = {"key": uuid.uuid4().hex, **_of_coupon(request.GET.get("coupon", ""))}
        form = RedeemForm(request.POST or None, initial=first)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            order = Order(
                f"staff:{given['key']}", given["order"], given["amount_minor"], given["customer"]
            )
            try:
                done = redemptions.redeem(
                    given["code"], order, at=clock.now(), by=request.user
                ).redemption
            except NotAllowed as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, _("The coupon is redeemed."))
                return _to(done.coupon_id)
        return self._page(request, "coupon_redeem", _("Redeem a coupon"), {"form": form})

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Take a coupon back, or reverse its redemption."""
        coupon, because = self._found(pk), request.POST.get("because", "").strip()
        if deed == "revoke":
            coupons.revoke(coupon, because=because, by=request.user)
            messages.success(request, _("The coupon is taken back."))
        elif deed == "reverse":
            roles.require(request.user, redemptions.REDEEM)
            if not because:
                raise NotAllowed(str(_("Say why it is reversed.")))
            live = get_object_or_404(Redemption, coupon=coupon, reversed_at=None)
            redemptions.reverse(live, because=because, at=clock.now(), by=request.user)
            messages.success(request, _("The redemption is reversed."))
        else:
            raise Http404
        return _to(pk)

    def of(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The last coupons of one customer, as a part of the customer's page."""
        roles.require(request.user, self.view_action)
        theirs = Coupon.objects.filter(customer__in=merging.numbers_of(pk))
        found = theirs.select_related("batch", "campaign").order_by("-pk")[:COUPONS_OF_ONE]
        now = clock.now()
        context = {
            "rows": [_row(one, now) for one in found],
            "more": reverse("admin:campaigns_coupon_changelist") + f"?q={pk}",
        }
        return render(request, "campaigns/coupons_of.html", context)

    def _found(self, pk: int) -> Coupon:
        known = Coupon.objects.select_related("batch", "campaign", "given_by")
        return get_object_or_404(known, pk=pk)

    def _page(
        self, request: HttpRequest, name: str, title: Any, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return render(request, f"campaigns/{name}.html", site | context)


def status_of(coupon: Coupon, at: dt.datetime) -> tuple[str, Any]:
    """The status as people mean it: a coupon that ran out is none that one has."""
    if coupon.status == Status.ISSUED and coupon.is_over(at):
        return "over", pgettext_lazy("coupon", "run out")
    return coupon.status, coupon.get_status_display()


def _row(coupon: Coupon, at: dt.datetime) -> dict[str, Any]:
    state, words = status_of(coupon, at)
    return {"coupon": coupon, "badge": BADGES[state], "words": words}


def _of_coupon(number: str) -> dict[str, Any]:
    """What the form knows when one comes from a coupon's page."""
    known = Coupon.objects.select_related("batch")
    found = known.filter(pk=number).first() if number.isdecimal() and len(number) < 18 else None
    if found is None:
        return {}
    return {"code": coupons.code_of(found)} | (
        {} if found.code else {"customer": found.customer_id}
    )


def _to(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:campaigns_coupon_change", args=[pk]))
