"""Accounts with providers: the list, their settings, and a test through each."""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from campaigns.admin.amounts import RateField
from campaigns.contact import reasons, suppression
from campaigns.models import ChannelAccount, Message
from campaigns.outcomes import reports, returns
from campaigns.providers import accounts
from campaigns.providers.accounts import KINDS, BadSetting
from console import figures, roles
from console.modeladmin import ConsoleModelAdmin
from console.models import Project

PREFIX = "given_"
DAYS = 7  # that the page counts


class AccountForm(forms.ModelForm):
    """What all kinds have; a kind's own settings are added to it."""

    kind = ""
    tariff = RateField(
        label=_("cost of a message"),
        required=True,
        initial=Decimal(0),
        help_text=_("In the project's currency, such as 0.045; of an SMS, for each part."),
    )

    class Meta:
        model = ChannelAccount
        fields = ("name", "tariff", "per_minute")

    @property
    def given(self) -> dict[str, str]:
        """The kind's own settings."""
        pairs = self.cleaned_data.items()
        return {k.removeprefix(PREFIX): v or "" for k, v in pairs if k.startswith(PREFIX)}

    def clean(self) -> dict[str, Any]:
        super().clean()
        known = self.instance if self.instance.pk else None
        try:
            accounts.settled(self.kind, self.given, known)
        except BadSetting as bad:
            self.add_error(PREFIX + bad.name, reasons.said(bad.why))
        return self.cleaned_data


class TestForm(forms.Form):
    """To whom a test goes, and what it says."""

    recipient = forms.CharField(max_length=512, required=False)
    text = forms.CharField(max_length=500)
    template = forms.CharField(max_length=80, required=False)


@admin.register(ChannelAccount)
class ChannelAccountAdmin(ConsoleModelAdmin):
    view_action = "accounts.view"
    add_action = change_action = accounts.ACTION
    empty_words: ClassVar = _(
        "Mail leaves by EMAIL_URL. Every other channel needs an account with a provider."
    )
    list_before_template = "campaigns/account/head.html"
    change_form_outer_before_template = "campaigns/account/page.html"
    list_display: ClassVar = ["name", "kind_label", "channel", "state", "cost", "per_minute"]
    list_filter: ClassVar = ["channel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChannelAccount]:
        found: QuerySet[ChannelAccount] = super().get_queryset(request)
        return found.annotate(currency=Subquery(Project.objects.values("currency")[:1]))

    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        return super().changelist_view(
            request, {"returns_trouble": returns.trouble(), **(extra_context or {})}
        )

    @display(description=_("cost of a message"), ordering="tariff")
    def cost(self, account: Any) -> str:
        return figures.rate(account.tariff, account.currency)

    @display(description=_("kind"), ordering="kind")
    def kind_label(self, account: ChannelAccount) -> str:
        return gettext(KINDS[account.kind].label)

    @display(
        description=_("state"),
        label={"own": "success", "used": "info", "away": "warning"},
    )
    def state(self, account: ChannelAccount) -> tuple[str, Any]:
        if account.is_default:
            return "own", _("the channel's own")
        return ("used", _("in use")) if account.is_enabled else ("away", _("put away"))

    # --- the form -----------------------------------------------------------

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kind = obj.kind if obj else request.GET.get("kind", "")
        made = {PREFIX + f.name: _field(f, obj) for f in KINDS[kind].fields}
        kwargs["form"] = type("KindForm", (AccountForm,), {**made, "kind": kind})
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        kind = KINDS[obj.kind if obj else request.GET.get("kind", "")]
        if obj and not self.has_change_permission(request, obj):
            return [(None, {"fields": ["name", "channel", "tariff", "per_minute"]})]
        own = [PREFIX + field.name for field in kind.fields]
        return [(gettext(kind.label), {"fields": ["name", *own, "tariff", "per_minute"]})]

    def add_view(self, request: Any, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if request.GET.get("kind") in KINDS:
            return super().add_view(request, form_url, extra_context)
        roles.require(request.user, accounts.ACTION)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Which provider?"),
            "opts": self.opts,
            "kinds": [
                (ChannelAccount.Channel(channel).label, list(_kinds_of(channel)))
                for channel in accounts.CHANNELS
            ],
        }
        return render(request, "campaigns/account/kinds.html", context)

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        account = self.get_object(request, object_id)
        more = self._page(request, account) if account else {}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def _page(self, request: Any, account: ChannelAccount) -> dict[str, Any]:
        return {
            "account": account,
            "returns_trouble": returns.trouble() if account.channel == suppression.EMAIL else None,
            "may_change": roles.allows(request.user, accounts.ACTION),
            "can_try": account.channel != accounts.IN_APP,
            "is_robot": account.channel == accounts.ROBOT,
            "needs_recipient": account.channel not in (accounts.ROBOT, accounts.WEBHOOK),
            "needs_template": account.kind == "sms_aliyun",
            "has_own_secret": account.kind in accounts.MADE,
            "report_address": reports.address(account),
            "counts": _counts(account),
            "show_save_and_add_another": False,
        }

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        words = {name: form.cleaned_data[name] for name in ("name", "tariff", "per_minute")}
        if change:
            kept = ChannelAccount.objects.get(pk=obj.pk)
            accounts.change(kept, by=request.user, given=form.given, **words)
        else:
            obj.pk = accounts.add(form.kind, by=request.user, given=form.given, **words).pk

    def response_add(self, request: Any, obj: Any, *args: Any, **_kw: Any) -> HttpResponse:
        messages.success(request, _("The account is added. Send a test before others rely on it."))
        return _to(obj.pk)

    # --- buttons ------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/do/<str:deed>/",
                view(require_POST(self.do)),
                name="campaigns_account_do",
            ),
            *super().get_urls(),
        ]

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Try it, make it the channel's own, put it away or take it back, or show its secret."""
        account = get_object_or_404(ChannelAccount, pk=pk)
        match deed:
            case "test":
                self._try(request, account)
            case "default":
                accounts.make_default(account, by=request.user)
                messages.success(request, _("The channel's messages now leave with this account."))
            case "tell" | "hush":
                accounts.tell_approvals(account, deed == "tell", by=request.user)
            case "use" | "put_away":
                accounts.use(account, deed == "use", by=request.user)
            case "secret":
                return self._secret(request, account)
            case _:
                return HttpResponse(status=404)
        return _to(pk)

    def _try(self, request: Any, account: ChannelAccount) -> None:
        roles.require(request.user, accounts.ACTION)
        form = TestForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Write what the test should say."))
            return
        now = timezone.now()
        ok, words = accounts.tried(account, by=request.user, now=now, **form.cleaned_data)
        if ok:
            messages.success(request, words)
        else:
            messages.error(request, reasons.said(words))

    def _secret(self, request: Any, account: ChannelAccount) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": account.name,
            "opts": self.opts,
            "original": account,
            "secret": accounts.show_secret(account, by=request.user),
            "back": reverse("admin:campaigns_channelaccount_change", args=[account.pk]),
        }
        return render(request, "campaigns/account/secret.html", context)


def _field(field: Any, account: ChannelAccount | None) -> forms.Field:
    """The form's field for a setting of a kind."""
    label, hint = gettext(field.label), gettext(field.hint) if field.hint else ""
    first = account.given.get(field.name, "") if account else field.first
    is_kept = bool(field.is_secret and account)
    common: dict[str, Any] = {
        "label": label,
        "help_text": gettext("Empty: it stays as it is.") if is_kept else hint,
        "required": field.is_needed and not is_kept,
        "initial": "" if field.is_secret else first,
    }
    if field.choices:
        choices = [(one, gettext(accounts.CHOICES.get(one, one))) for one in field.choices]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **common)
    return forms.CharField(max_length=20_000, widget=_widget(field), **common)


def _widget(field: Any) -> forms.Widget:
    if field.form in (accounts.TEXT, accounts.JSON, accounts.HEADERS):
        return UnfoldAdminTextareaWidget(attrs={"rows": 4, "class": "code", "spellcheck": "false"})
    if field.is_secret:  # never filled in again, so a browser has nothing to show
        return UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return UnfoldAdminTextInputWidget()


def _kinds_of(channel: str) -> Any:
    for kind in KINDS.values():
        if kind.channel == channel:
            yield kind.name, gettext(kind.label)


def _counts(account: ChannelAccount) -> list[tuple[str, int]]:
    """What became of the last days' messages."""
    since = timezone.now() - dt.timedelta(days=DAYS)
    found = (
        Message.objects.filter(account=account, created_at__gte=since)
        .values_list("status")
        .annotate(count=Count("pk"))
        .order_by("status")
    )
    return [(str(Message.Status(status).label), count) for status, count in found]


def _to(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:campaigns_channelaccount_change", args=[pk]))
