"""The contact policy: what is in force, its versions, the holdout, and what was kept back."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from campaigns.admin.policy_forms import PolicyForms
from campaigns.contact import blocked, holdouts, holds, policies, policy_words, reach, reasons
from campaigns.models import ContactHold, ContactPolicy, Holdout
from campaigns.policy import reading
from console import clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed, Stale
from segments import merging
from segments.models import Customer

PAGE = "admin:campaigns_contactpolicy_changelist"
DAYS = 30  # of which it is told what was kept back
VERSIONS = 30  # that are shown
# Ways to one customer, about which their page tells.
CHANNELS = ("email", "sms", "push", "in_app")


class HoldoutForm(forms.Form):
    """How many are held out from now on."""

    percent = forms.DecimalField(
        label=gettext_lazy("share of all customers (%)"),
        min_value=0,
        max_value=50,
        decimal_places=2,
        help_text=gettext_lazy("0 ends it. A share that grows keeps those who are in it."),
    )
    anew = forms.BooleanField(
        label=gettext_lazy("draw other customers"),
        required=False,
        help_text=gettext_lazy("What was measured until now stays with those who were held out."),
    )
    note = forms.CharField(label=gettext_lazy("why"), required=False, max_length=200)


@admin.register(ContactPolicy)
class ContactPolicyAdmin(ReadOnlyAdmin):
    """One page instead of a table of versions."""

    view_action = "policy.view"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        post = "campaigns_contactpolicy"
        return [
            path("change/", view(self.edit), name=f"{post}_edit"),
            path("holdout/", view(require_POST(self.hold_out)), name=f"{post}_holdout"),
            path("of/<int:pk>/", view(self.of), name=f"{post}_of"),
            path("of/<int:pk>/hold/", view(require_POST(self.hold)), name=f"{post}_hold"),
            path("lift/<int:pk>/", view(require_POST(self.lift)), name=f"{post}_lift"),
            *super().get_urls(),
        ]

    # --- the page -------------------------------------------------------------

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        return self._overview(request, HoldoutForm(initial={"percent": _percent()}))

    def change_view(self, request: Any, object_id: str, *args: Any, **kw: Any) -> HttpResponse:
        """One version in words."""
        roles.require(request.user, self.view_action)
        version = get_object_or_404(
            ContactPolicy.objects.select_related("by"),
            pk=int(object_id) if object_id.isdecimal() else 0,
        )
        context = {"version": version, "sentences": _said(version)}
        return self._page(request, "policy_version", str(version), context)

    def _overview(self, request: Any, form: HoldoutForm) -> HttpResponse:
        at = clock.now()
        in_force = policies.newest()
        totals = blocked.totals(since=at - dt.timedelta(days=DAYS))
        context = {
            "version": in_force,
            "sentences": _said(in_force),
            "versions": ContactPolicy.objects.select_related("by")[:VERSIONS],
            "totals": totals,
            "most": max((one.dropped + one.waiting for one in totals), default=0),
            "days": DAYS,
            "full": figures.whole(blocked.at_a_cap(at=at)),
            "alone": figures.whole(holds.in_force(at).values("customer").distinct().count()),
            "holdout": holdouts.at_the_moment(),
            "held_out": figures.whole(reach.held_out_now()),
            "holdouts": Holdout.objects.select_related("by")[:VERSIONS],
            "form": form,
            "may_change": roles.allows(request.user, policies.ACTION),
        }
        return self._page(request, "policy", _("Contact policy"), context)

    # --- changing -------------------------------------------------------------

    def edit(self, request: Any) -> HttpResponseBase:
        roles.require(request.user, policies.ACTION)
        seen = policies.newest()
        given = request.POST if request.method == "POST" else None
        shown = PolicyForms(given, of=policies.current())
        problem = ""
        if given is not None and shown.is_valid():
            try:
                with transaction.atomic():
                    policies.change(
                        shown.content(),
                        based_on=_number(given.get("seen")),
                        note=given.get("note", ""),
                        by=request.user,
                        at=clock.now(),
                    )
                    reach.count_anew(at=clock.now())
            except (NotAllowed, Stale) as refused:
                problem = str(refused)
            else:
                messages.success(request, _("The policy is in force."))
                return HttpResponseRedirect(reverse(PAGE))
        context = {
            "shown": shown,
            "problem": problem,
            "seen": given.get("seen") if given else (seen.version if seen else 0),
            "note": given.get("note", "") if given else "",
        }
        return self._page(request, "policy_form", _("Change the contact policy"), context)

    def hold_out(self, request: Any) -> HttpResponse:
        roles.require(request.user, holdouts.ACTION)
        form = HoldoutForm(request.POST)
        if form.is_valid():
            given = form.cleaned_data
            try:
                holdouts.set_share(
                    int(given["percent"] * 100),
                    by=request.user,
                    at=clock.now(),
                    note=given["note"],
                    anew=given["anew"],
                )
            except NotAllowed as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("The holdout is in force."))
                return HttpResponseRedirect(reverse(PAGE))
        return self._overview(request, form)

    # --- one customer ---------------------------------------------------------

    def of(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What keeps messages from one customer, as a part of the customer's page."""
        roles.require(request.user, self.view_action)
        customer = get_object_or_404(Customer, pk=pk)
        them = merging.numbers_of(pk)
        found = blocked.standing_of(pk, them, CHANNELS, at=clock.now())
        context = {
            "customer": customer,
            "found": found,
            "fills": [
                {"words": policy_words.cap(one.cap), "used": one.used, "most": one.cap.most}
                for one in found.fills
            ],
            "answers": [(policy_words.CHANNELS[one.channel], one) for one in found.answers],
            "kept_back": [
                {
                    "campaign": one.campaign,
                    "at": one.created_at,
                    "why": reasons.said(one.reason),
                    "waits": one.status == one.Status.DEFERRED,
                }
                for one in found.kept_back
            ],
            "may_change": roles.allows(request.user, holds.ACTION),
            "may_see_messages": roles.allows(request.user, "messages.view"),
        }
        return render(request, "campaigns/policy_of.html", context)

    def hold(self, request: Any, pk: int) -> HttpResponse:
        """Leave a customer alone for a while."""
        customer = get_object_or_404(Customer, pk=pk)
        try:
            days, note = _number(request.POST.get("days")), request.POST.get("note", "")
            holds.leave_alone(customer, days=days, note=note, by=request.user, at=clock.now())
        except NotAllowed as refused:
            messages.error(request, str(refused))
        return _to_customer(pk)

    def lift(self, request: Any, pk: int) -> HttpResponse:
        found = get_object_or_404(ContactHold.objects.select_related("customer"), pk=pk)
        try:
            holds.lift(found, by=request.user, at=clock.now())
        except NotAllowed as refused:
            messages.error(request, str(refused))
        return _to_customer(found.customer.merged_into_id or found.customer_id)

    def _page(
        self, request: Any, name: str, title: str, context: dict[str, Any]
    ) -> TemplateResponse:
        context |= {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(request, f"campaigns/{name}.html", context)


def _said(version: ContactPolicy | None) -> list[str]:
    policy = reading.parse(version.content) if version else policies.NO_POLICY
    return policy_words.sentences(policy)


def _percent() -> str:
    found = holdouts.at_the_moment()
    return f"{found.part / 100:g}" if found else "0"


def _number(text: Any) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 9 else 0


def _to_customer(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:segments_customer_change", args=[pk]))
