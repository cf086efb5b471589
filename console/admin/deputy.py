"""Deputies: who votes in whose place, and when; everybody names their own."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import clock, policies, roles
from console.admin.policy_forms import DeputyForm
from console.modeladmin import ReadOnlyAdmin
from console.models import Deputy
from console.states import NotAllowed

PAGE = "admin:console_deputy_changelist"


@admin.register(Deputy)
class DeputyAdmin(ReadOnlyAdmin):
    view_action = policies.VIEW
    list_display: ClassVar = ["pair", "since", "until", "because", "state"]
    list_display_links: ClassVar = None
    list_select_related: ClassVar = ["of", "to"]
    list_before_template = "console/policies/deputies_head.html"
    empty_words: ClassVar = gettext_lazy(
        "Who is away names a colleague who votes meanwhile. The deputy may do no more than who "
        "named them, and nothing about what either of the two asked for."
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("name/", view(self.name), name="console_deputy_name"),
            path("<int:number>/end/", view(require_POST(self.end)), name="console_deputy_end"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        now = Deputy.objects.filter(ended_at=None, until__gte=clock.today())
        mine = [one for one in now.select_related("of", "to") if request.user in (one.of, one.to)]
        more = {"mine": mine, "may_name": roles.allows(request.user, policies.DECIDE)}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    @display(description=gettext_lazy("who for whom"))
    def pair(self, deputy: Deputy) -> SafeString:
        return format_html(_("{} for {}"), deputy.to, deputy.of)

    @display(description=gettext_lazy("state"), label={"now": "success", "no": ""})
    def state(self, deputy: Deputy) -> tuple[str, str]:
        return ("now", _("now")) if deputy.holds(clock.today()) else ("no", _("not now"))

    def name(self, request: Any) -> HttpResponse:
        roles.require(request.user, policies.DECIDE)
        form = DeputyForm(request.POST or None, by=request.user)
        if request.method == "POST" and form.is_valid():
            try:
                policies.name_deputy(by=request.user, **form.cleaned_data)
            except NotAllowed as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, _("Your deputy is named."))
                return HttpResponseRedirect(reverse(PAGE))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Name a deputy"),
            "form": form,
            "button": _("Save"),
        }
        return TemplateResponse(request, "console/form.html", context)

    def end(self, request: Any, number: int) -> HttpResponse:
        policies.end_deputy(get_object_or_404(Deputy, pk=number), by=request.user)
        messages.success(request, _("It is ended."))
        return HttpResponseRedirect(reverse(PAGE))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_view_permission(request)  # the list says all there is
