"""Guards: which offers do not go to whom, or only with a written reason."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from campaigns import guards
from campaigns.models import Guard
from console import figures
from console.modeladmin import ConsoleModelAdmin
from console.seen_marks import SeenForm
from segments.admin.filters import ArchivedFilter
from segments.models import Segment

PAGE = "admin:campaigns_guard_changelist"


class GuardForm(SeenForm):
    """An offer, whom it does not fit, and how much of that is tolerated."""

    fields_seen = guards.SETTINGS

    percent = forms.IntegerField(
        label=_("Tolerated share (percent)"),
        min_value=0,
        max_value=99,
        initial=10,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_(
            "Of the audience; with more of them in it, the guard speaks up. Whom it leaves out is "
            "left out however few they are."
        ),
    )

    class Meta:
        model = Guard
        fields: ClassVar = ["name", "offer", "segment", "then", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["percent"] = round(self.instance.most_share * 100)
        if "segment" in self.fields:
            field: Any = self.fields["segment"]
            field.queryset = Segment.objects.filter(archived_at=None).defer("members")


@admin.register(Guard)
class GuardAdmin(ConsoleModelAdmin):
    view_action = guards.VIEW
    add_action = change_action = guards.ACTION
    form = GuardForm
    empty_words: ClassVar = _(
        "A guard finds offers that do not fit: a price promotion for those who pay the full "
        "price, something to pay for when one has just come."
    )
    list_display: ClassVar = ["name", "offer", "segment", "share", "deed"]
    list_filter: ClassVar = [ArchivedFilter]
    list_select_related: ClassVar = ["segment"]
    list_before_template = "campaigns/guards_head.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = ["name", "offer", "segment", "then", "why"]
        may = self.has_change_permission(request, obj) if obj else True
        return [*fields[:4], "percent", *fields[4:], "seen"] if may else fields

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        may = guards.may_install(request.user)
        more = {"may_install": may and not Guard.objects.exists()}
        return super().changelist_view(request, more | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.install))
        return [path("install/", view, name="campaigns_guard_install"), *super().get_urls()]

    def install(self, request: Any) -> HttpResponse:
        guards.install(by=request.user)
        messages.success(request, _("The two usual guards are there."))
        return HttpResponseRedirect(reverse(PAGE))

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        given = dict(form.cleaned_data)
        given["most_share"] = given.pop("percent") / 100
        kept = Guard.objects.get(pk=obj.pk) if change else None
        obj.pk = guards.save(kept, by=request.user, **given).pk

    @display(description=_("tolerated share"), ordering="most_share")
    def share(self, guard: Guard) -> str:
        return figures.share(guard.most_share, digits=0)

    @display(
        description=pgettext_lazy("a guard", "then"),
        label={"refuses": "danger", "asks": "warning", "leaves_out": "info"},
    )
    def deed(self, guard: Guard) -> tuple[str, Any]:
        return guard.then, guard.get_then_display()
