"""Approval policies: in the order in which they are asked, each with its versions, and a try."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import formats, policies, policy_rules, policy_words, roles
from console.admin.policy_forms import PolicyForm, TryForm
from console.modeladmin import ReadOnlyAdmin
from console.models import ApprovalPolicy, PolicyVersion
from console.states import NotAllowed, Stale

NOBODY = gettext_lazy("No policy fits, so nobody may approve it.")


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(ReadOnlyAdmin):
    view_action = policies.VIEW
    list_display: ClassVar = ["rank", "name_shown", "state", "conditions", "wants"]
    list_display_links: ClassVar = ["name_shown"]
    list_before_template = "console/policies/head.html"
    empty_words: ClassVar = gettext_lazy(
        "Without a policy nobody may approve anything. A policy says for what it is, and whose "
        "yes it wants."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalPolicy]:
        versions = Prefetch("versions", PolicyVersion.objects.select_related("by"))
        found: QuerySet[ApprovalPolicy] = super().get_queryset(request)
        return found.prefetch_related(versions)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("make/", view(self.edit), {"number": 0}, name="console_approvalpolicy_make"),
            path(
                "untried/",
                view(require_POST(self.untried)),
                name="console_approvalpolicy_untried",
            ),
            path("try/", view(self.try_out), name="console_approvalpolicy_try"),
            path("<int:number>/edit/", view(self.edit), name="console_approvalpolicy_edit"),
            path(
                "<int:number>/switch/",
                view(require_POST(self.switch)),
                name="console_approvalpolicy_switch",
            ),
            *super().get_urls(),
        ]

    # --- the list -----------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        more = {
            "has_policy_rights": roles.allows(request.user, policies.CHANGE),
            "lets_untried_pass": policies.lets_untried_pass(request.user),
        }
        return super().changelist_view(request, {**more, **(extra_context or {})})

    @display(description=gettext_lazy("name"), ordering="name")
    def name_shown(self, policy: ApprovalPolicy) -> str:
        return str(policy)

    @display(
        description=gettext_lazy("state"),
        label={"on": "success", "off": "danger"},
        ordering="is_active",
    )
    def state(self, policy: ApprovalPolicy) -> tuple[str, str]:
        return ("on", _("active")) if policy.is_active else ("off", _("disabled"))

    @display(description=gettext_lazy("applies to"))
    def conditions(self, policy: ApprovalPolicy) -> str:
        content = _content(policy)
        return _("; ").join(policy_words.when(content.when)) or _("everything")

    @display(description=gettext_lazy("approvals needed"))
    def wants(self, policy: ApprovalPolicy) -> str:
        return " → ".join(policy_words.step(step) for step in _content(policy).steps)

    # --- pages ----------------------------------------------------------------------

    def change_view(self, request: Any, object_id: str, *args: Any, **kw: Any) -> HttpResponse:
        roles.require(request.user, self.view_action)
        policy = self._policy(request, int(object_id) if object_id.isdecimal() else 0)
        context = {
            "original": policy,
            "policy": policy,
            "versions": [_told(version) for version in policy.versions.all()],
            "may_change": roles.allows(request.user, policies.CHANGE),
        }
        return self._page(request, "policy", str(policy), context)

    def edit(self, request: Any, number: int) -> HttpResponse:
        roles.require(request.user, policies.CHANGE)
        policy = self._policy(request, number) if number else None
        newest = policy.versions.all()[0] if policy else None
        form = PolicyForm(request.POST or None, of=newest)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            said = {name: given[name] for name in ("name", "rank", "because")}
            try:
                version = policies.keep(
                    policy, form.policy(), by=request.user, seen=given["seen"] or 0, **said
                )
            except (NotAllowed, Stale) as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, _("The policy holds from now on."))
                return _to(version.policy_id)
        title = str(policy) if policy else _("A new policy")
        context = {"form": form, "button": _("Save"), "original": policy}
        return self._page(request, "form", title, context)

    def try_out(self, request: Any) -> HttpResponse:
        """Which policy a request with these facts would find; nothing is written."""
        roles.require(request.user, self.view_action)
        form = TryForm(request.GET or None)
        context: dict[str, Any] = {"form": form, "button": _("Try"), "method": "get"}
        if form.is_valid():
            facts = form.facts()
            found = policies.match(facts)
            context |= {
                "tried": True,
                "nobody": NOBODY,
                "found": _told(found) if found else None,
                "passed": [
                    (one.policy, formats.listed(policy_words.CONDITIONS[name] for name in misses))
                    for one in policies.in_force()
                    if (misses := policy_rules.read(one.content).when.misses(facts))
                ],
            }
        return self._page(request, "form", _("Which policy would it be?"), context)

    def untried(self, request: Any) -> HttpResponse:
        """Ask for two yeses where there is no precedent."""
        version = policies.ask_twice_for_untried(by=request.user)
        messages.success(request, _("The policy holds from now on."))
        return _to(version.policy_id)

    def switch(self, request: Any, number: int) -> HttpResponse:
        policy = self._policy(request, number)
        policies.switch(policy, on=request.POST.get("to") == "on", by=request.user)
        return _to(policy.pk)

    def _policy(self, request: HttpRequest, number: int) -> ApprovalPolicy:
        return get_object_or_404(self.get_queryset(request), pk=number)

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"console/policies/{name}.html", site | context)


def _to(number: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:console_approvalpolicy_change", args=[number]))


def _content(policy: ApprovalPolicy) -> policy_rules.Policy:
    versions = policy.versions.all()
    return policy_rules.read(versions[0].content if versions else {})


def _told(version: PolicyVersion) -> dict[str, Any]:
    content = policy_rules.read(version.content)
    return {
        "version": version,
        "when": policy_words.when(content.when),
        "steps": [policy_words.step(step) for step in content.steps],
        "terms": policy_words.terms(content),
    }
