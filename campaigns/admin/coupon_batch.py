"""Coupons: the list of batches, and the page of one with how it goes."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from campaigns.admin.amounts import MoneyField
from campaigns.models import Coupon, CouponBatch
from campaigns.offers import coupon_batches, coupon_facts, coupon_words, coupons
from campaigns.offers.coupon_facts import Went
from console import charts, clock, figures, roles
from console.charts import Chart
from console.modeladmin import ConsoleModelAdmin
from console.seen_marks import SeenForm, unseen
from console.states import NotAllowed
from segments.admin.filters import ArchivedFilter

UNITS = {
    "1": _("minutes"),
    str(coupon_words.HOUR): _("hours"),
    str(coupon_words.DAY): _("days"),
}


# Fields that only some kinds need, as Unfold's form asks for it.
SHOWN = {
    "value_minor": "kind != 'percent'",
    "percent": "kind == 'percent'",
    "most_minor": "kind == 'percent'",
    "gift": "kind == 'gift'",
    "is_open": "shared_code",
}


class CouponBatchForm(SeenForm):
    """What the coupon gives, for how long, and how many there are."""

    fields_seen = coupon_batches.EDITABLE

    value_minor = MoneyField(
        label=_("Amount"), help_text=_("What it takes off; of a gift, what one costs us.")
    )
    most_minor = MoneyField(label=_("At most"), help_text=_("The most that a share takes off."))
    floor_minor = MoneyField(label=_("For orders from"), help_text=_("Empty: for every order."))
    lasts = forms.IntegerField(
        label=_("Valid for"),
        required=False,
        min_value=1,
        max_value=coupon_batches.MOST_MINUTES,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("From the moment at which the customer gets it."),
    )
    lasts_in = forms.ChoiceField(
        label=_("Unit"), choices=UNITS.items(), initial="1", widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = CouponBatch
        fields: ClassVar = [
            *("name", "kind", "value_minor", "percent", "most_minor", "gift", "floor_minor"),
            *("ends_at", "shared_code", "is_open", "comes_back", "most_issued", "most_a_day"),
        ]
        help_texts: ClassVar = {
            "shared_code": _("Empty: each coupon has a code of its own."),
            "ends_at": _("Nobody can use it afterwards."),
            "gift": _("Such as a trial lesson or free delivery."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        minutes = self.instance.valid_minutes
        if minutes:
            unit = max(int(one) for one in UNITS if minutes % int(one) == 0)
            self.initial.update(lasts=minutes // unit, lasts_in=str(unit))
        if self.instance.pk and Coupon.objects.filter(batch=self.instance).exists():
            for name in {*self.fields} - {"name", "most_issued", "most_a_day", "seen"}:
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        given["floor_minor"] = given.get("floor_minor") or 0
        lasts = given.pop("lasts", None)
        unit = int(given.pop("lasts_in", None) or 1)
        given["valid_minutes"] = lasts * unit if lasts else None
        if not self.errors and (
            words := coupon_batches.problem(coupon_batches.of(self.instance, unseen(given)))
        ):
            self.add_error(None, words)
        return given

    def _get_validation_exclusions(self) -> set[str]:
        """The verbs say in words what the model's constraints would say in names."""
        return {field.name for field in CouponBatch._meta.get_fields()}

    def validate_unique(self) -> None: ...


class BatchList(ChangeList):
    """The list, with the counts of all its batches from two questions."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        went = coupon_facts.went([batch.pk for batch in self.result_list])
        currency = clock.project().currency
        for batch in self.result_list:
            batch.went, batch.currency = went[batch.pk], currency


@admin.register(CouponBatch)
class CouponBatchAdmin(ConsoleModelAdmin):
    view_action = coupons.VIEW
    add_action = change_action = coupon_batches.ACTION
    empty_words: ClassVar = _(
        "A coupon is something that a message gives: an amount or a share off, or a gift. "
        "It is redeemed once, and what it costs is booked."
    )
    form = CouponBatchForm
    list_display: ClassVar = ["name", "terms", "given", "redeemed", "share", "cost", "team"]
    list_filter: ClassVar = [ArchivedFilter, "kind"]
    list_select_related: ClassVar = ["team"]
    search_fields: ClassVar = ["name__icontains", "shared_code__istartswith"]
    search_help_text = _("Search by name or shared code.")
    list_before_template = "campaigns/coupons_head.html"
    change_form_template = "campaigns/coupon_batch.html"
    conditional_fields: ClassVar = SHOWN
    fieldsets: ClassVar = [
        (None, {"fields": ["name", "kind", "seen"]}),
        (
            _("What it gives"),
            {"fields": ["value_minor", "percent", "most_minor", "gift", "floor_minor"]},
        ),
        (_("How long"), {"fields": [("lasts", "lasts_in"), "ends_at", "comes_back"]}),
        (_("How many"), {"fields": [("most_issued", "most_a_day"), "shared_code", "is_open"]}),
    ]

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:
        return BatchList

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may = self.has_change_permission(request, obj) if obj else True
        return (
            super().get_fieldsets(request, obj) if may else [(None, {"fields": ["name", "team"]})]
        )

    # --- the list -------------------------------------------------------------

    @display(description=pgettext_lazy("coupon", "gives"))
    def terms(self, batch: Any) -> str:
        return coupon_words.terms(batch, batch.currency)

    @display(description=pgettext_lazy("coupon", "given"))
    def given(self, batch: Any) -> str:
        most = f" / {figures.whole(batch.most_issued)}" if batch.most_issued is not None else ""
        return figures.whole(batch.went.issued) + most

    @display(description=_("redeemed"))
    def redeemed(self, batch: Any) -> str:
        return figures.whole(batch.went.redeemed)

    @display(description=_("share"))
    def share(self, batch: Any) -> str:
        return figures.share(batch.went.share)

    @display(description=_("cost"))
    def cost(self, batch: Any) -> str:
        return figures.money(batch.went.cost_minor, batch.currency)

    # --- saving ---------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        staff: Any = request.user
        if change:
            batch, mark = CouponBatch.objects.get(pk=obj.pk), form.cleaned_data["seen"]
            coupon_batches.edit(batch, by=staff, seen=mark, **unseen(form.cleaned_data))
        else:
            obj.pk = coupon_batches.add(by=staff, **unseen(form.cleaned_data)).pk

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return _to(obj.pk)

    # --- the page -------------------------------------------------------------

    def render_change_form(
        self, request: Any, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if obj:
            context |= about(obj, request.user)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/do/<str:deed>/",
                view(require_POST(self.do)),
                name="campaigns_couponbatch_do",
            ),
            *super().get_urls(),
        ]

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Give one of it to a customer, put the batch away, or take it out again."""
        batch = get_object_or_404(CouponBatch, pk=pk)
        if deed == "give":
            number = request.POST.get("customer", "").strip().removeprefix("#")
            if not number.isascii() or not number.isdecimal() or len(number) > 9:
                raise NotAllowed(gettext("Write the customer's number."))
            coupon = coupons.give(
                batch,
                int(number),
                because=request.POST.get("because", ""),
                by=request.user,
                at=clock.now(),
            )
            messages.success(request, _("The coupon is given; its code stands below."))
            return HttpResponseRedirect(reverse("admin:campaigns_coupon_change", args=[coupon.pk]))
        if deed != "archive":
            raise Http404
        coupon_batches.archive(batch, by=request.user)
        said = _("No more are given.") if batch.archived_at else _("It is given again.")
        messages.success(request, said)
        return _to(pk)


def about(batch: CouponBatch, staff: Any) -> dict[str, Any]:
    """Everything on a batch's page besides its form."""
    currency = clock.project().currency
    went = coupon_facts.went([batch.pk])[batch.pk]
    now = clock.now()
    return {
        "batch": batch,
        "terms": coupon_words.terms(batch, currency),
        "tiles": _tiles(went, coupon_facts.run_out(batch.pk, at=now), currency),
        "chart": _chart(batch),
        "may_change_batch": roles.may_change(staff, batch, coupon_batches.ACTION),
        "may_give": roles.allows(staff, coupons.GIVE) and batch.archived_at is None,
        "is_over": batch.ends_at is not None and batch.ends_at <= now,
    }


def _tiles(went: Went, run_out: int, currency: str) -> list[tuple[str, str, str]]:
    each = went.cost_minor / went.redeemed if went.redeemed else None
    each_words = gettext("%(amount)s each") % {
        "amount": figures.money(round(each) if each is not None else None, currency)
    }
    return [
        (pgettext("coupon", "given"), figures.whole(went.issued), ""),
        (gettext("redeemed"), figures.whole(went.redeemed), figures.share(went.share)),
        (gettext("run out unused"), figures.whole(run_out), ""),
        (gettext("cost"), figures.money(went.cost_minor, currency), each_words if each else ""),
    ]


def _chart(batch: CouponBatch) -> Chart:
    days = coupon_facts.by_day(batch.pk)
    series: dict[str, list[charts.Value]] = {
        pgettext("coupon", "given"): [given for _day, given, _used in days],
        gettext("redeemed"): [used for _day, _given, used in days],
    }
    dates = [day for day, _given, _used in days]
    return Chart(
        id="coupon-days",
        title=gettext("Given and redeemed by day"),
        option=charts.lines(dates, series, unit=charts.unit("count")),
        columns=[gettext("Day"), *series],
        rows=[
            [day.isoformat(), figures.whole(given), figures.whole(used)]
            for day, given, used in reversed(days)
        ],
        size="low",
        empty=gettext("The first day appears once a customer has one."),
    )


def _to(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:campaigns_couponbatch_change", args=[pk]))
