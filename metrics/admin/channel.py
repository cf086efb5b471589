"""Channels and cost: what a new customer costs, what remains unexplained, and the payback."""

from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from console import clock, roles
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed, Stale
from metrics import acquisition, attribution, foreign, history, spending, tasks
from metrics.admin import channel_report, export, periods
from metrics.admin.spend_forms import AttributionForm, ChannelForm
from metrics.models import Attribution, Channel, Payback
from segments import activity

PAGE = "admin:metrics_channel_changelist"


@admin.register(Channel)
class ChannelAdmin(ReadOnlyAdmin):
    """A report instead of a list; a channel's page is its form."""

    view_action = "metrics.view"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("make/", view(self.edit), {"number": 0}, name="metrics_channel_make"),
            path("<int:number>/edit/", view(self.edit), name="metrics_channel_edit"),
            path(
                "<int:number>/do/<str:deed>/",
                view(require_POST(self.do)),
                name="metrics_channel_do",
            ),
            path("take/", view(require_POST(self.take)), name="metrics_channel_take"),
            path("told-by/", view(self.told_by), name="metrics_channel_told_by"),
            path("export/", view(self.export), name="metrics_channel_export"),
            path("payback/file/", view(self.payback_file), name="metrics_channel_payback_file"),
            path("payback/", view(require_POST(self.compute)), name="metrics_channel_payback"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        period = _period(request)
        report = acquisition.report(period.since, period.until)
        kept = _kept()
        context = {
            "period": period,
            "offered": [(key, str(words)) for key, words in periods.OFFERED.items()],
            "report": report,
            "rows": channel_report.rows(report),
            "rest": channel_report.rest_sentence(report),
            "early": channel_report.early_sentence(report),
            "foreign": foreign.words(period.since, period.until),
            "chart": channel_report.cost_chart(report),
            "payback": replace(
                channel_report.payback_chart(kept, report),
                export=f"{reverse('admin:metrics_channel_payback_file')}?{period.query}",
            ),
            "is_payback_old": kept is None or kept.day < history.last_closed_day(),
            "channels": Channel.objects.all(),
            "told_by": attribution.current(),
            "may_change": roles.allows(request.user, spending.ACTION),
            "may_take": bool(spending.missing_channels()),
        }
        return self._page(request, "channels", _("Channels and cost"), context)

    def change_view(self, request: Any, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if not object_id.isdecimal():
            raise Http404
        return self.edit(request, int(object_id))

    def edit(self, request: Any, number: int) -> HttpResponse:
        roles.require(request.user, spending.ACTION)
        channel = get_object_or_404(Channel, pk=number) if number else None
        form = ChannelForm(request.POST or None, of=channel)
        if request.method == "POST" and form.is_valid():
            try:
                spending.save_channel(channel, by=request.user, **form.cleaned_data)
            except NotAllowed as problem:
                form.add_error(None, str(problem))
            else:
                tasks.measure_soon(by=request.user)
                messages.success(request, _("The channel is saved; customers are told anew by it."))
                return HttpResponseRedirect(reverse(PAGE))
        context = {"form": form, "channel": channel, "button": _("Save")}
        return self._page(request, "money_form", str(channel or _("A new channel")), context)

    def do(self, request: Any, number: int, deed: str) -> HttpResponse:
        """Archive a channel, or bring it back."""
        channel = get_object_or_404(Channel, pk=number)
        match deed:
            case "archive":
                spending.archive_channel(channel, by=request.user)
                messages.success(request, _("The channel is archived."))
            case "restore":
                spending.restore_channel(channel, by=request.user)
                messages.success(request, _("The channel is in use again."))
            case _other:
                raise Http404
        return HttpResponseRedirect(reverse(PAGE))

    def take(self, request: Any) -> HttpResponse:
        """Make the channels of the field that are not there."""
        made = spending.take_channels(by=request.user)
        if made:
            tasks.measure_soon(by=request.user)
        words = ngettext("%(count)s channel was made.", "%(count)s channels were made.", len(made))
        messages.success(request, words % {"count": len(made)})
        return HttpResponseRedirect(reverse(PAGE))

    def told_by(self, request: Any) -> HttpResponse:
        """How the channel of a new customer is told: read by all, changed by some."""
        roles.require(request.user, self.view_action)
        now = attribution.current()
        form = AttributionForm(request.POST or None, of=now)
        if request.method == "POST" and form.is_valid():
            try:
                attribution.change(by=request.user, **form.cleaned_data)
            except (NotAllowed, Stale) as problem:
                form.add_error(None, str(problem))
            else:
                tasks.measure_soon(by=request.user)
                messages.success(
                    request, _("The new version is in force; the numbers are measured anew.")
                )
                return HttpResponseRedirect(request.path)
        context = {
            "form": form,
            "now": now,
            "versions": list(Attribution.objects.select_related("by")),
            "may_change": roles.allows(request.user, spending.ACTION),
        }
        return self._page(request, "told_by", _("How channels are told"), context)

    def compute(self, request: Any) -> HttpResponse:
        """Work out the payback up to the last closed day."""
        roles.require(request.user, self.view_action)
        job = tasks.payback_soon(by=request.user)
        return HttpResponseRedirect(reverse("admin:console_job_change", args=[job.pk]))

    def export(self, request: HttpRequest) -> HttpResponseBase:
        roles.require(request.user, self.view_action)
        period = _period(request)
        report = acquisition.report(period.since, period.until)
        currency = clock.project().currency
        return export.table("channels", channel_report.export_rows(report, currency))

    def payback_file(self, request: HttpRequest) -> HttpResponseBase:
        """What customers brought by month, as a file; the cost is that of the chosen days."""
        roles.require(request.user, self.view_action)
        period, currency = _period(request), clock.project().currency
        report = acquisition.report(period.since, period.until)
        return export.table("payback", channel_report.payback_rows(_kept(), report, currency))

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"metrics/{name}.html", site | context)


def _kept() -> Payback | None:
    """The newest payback that was worked out."""
    return Payback.objects.order_by("-day").first()


def _period(request: HttpRequest) -> periods.Period:
    given = {key: str(value) for key, value in request.GET.items()}
    return periods.chosen(given, last=history.last_closed_day(), first=activity.first_day())
