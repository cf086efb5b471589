"""Merges: which customers became one and why, those that wait for a person, and the way back."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import clock, roles
from console.modeladmin import ReadOnlyAdmin
from segments import consent, estates, looks, merging, sealing, tasks
from segments.models import Customer, Merge, Suspect

PAGE = "admin:segments_merge_change"
COLORS = {"held": "warning", "done": "success", "undone": "info", "refused": "info"}


def customer_link(number: int) -> SafeString:
    address = reverse("admin:segments_customer_change", args=[number])
    return format_html('<a href="{}">#{}</a>', address, number)


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    view_action = "customers.view"
    empty_words: ClassVar = _(
        "When two ids turn out to be one person, what was done stands here, and what waits "
        "for a person."
    )
    list_display: ClassVar = ["number", "what", "why", "state", "at", "who"]
    list_filter: ClassVar = ["status", "reason"]
    search_fields: ClassVar = ["pk"]  # shows the box; `get_search_results` decides
    search_help_text = _("A customer's number.")
    list_before_template = "segments/merge/list_head.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merge]:
        return super().get_queryset(request).select_related("by").defer("before")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if not search_term.strip():
            return queryset, False
        number = _number(search_term)
        return queryset.filter(Q(kept=number) | Q(absorbed=number)), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        given = {
            "held": Merge.objects.filter(status=Merge.Status.HELD).count(),
            "suspects": Suspect.objects.count(),
            "may_merge": roles.allows(request.user, merging.ACTION),
        }
        return super().changelist_view(request, given | (extra_context or {}))

    @display(description=pgettext_lazy("of a record", "number"), ordering="pk")
    def number(self, merge: Merge) -> str:
        return str(merge.pk)

    @display(description=_("absorbed → kept"))
    def what(self, merge: Merge) -> SafeString:
        return format_html(
            "{} → {}", customer_link(merge.absorbed_id), customer_link(merge.kept_id)
        )

    @display(description=_("reason"))
    def why(self, merge: Merge) -> str:
        return merge.get_reason_display()

    @display(description=_("status"), label=COLORS)
    def state(self, merge: Merge) -> tuple[str, str]:
        return merge.status, merge.get_status_display()

    @display(description=_("by"))
    def who(self, merge: Merge) -> str:
        return str(merge.by or "")

    # --- pages ----------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("by-hand/", view(self.by_hand), name="segments_merge_by_hand"),
            path("<int:pk>/do/<str:deed>/", view(require_POST(self.do)), name="segments_merge_do"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        known = Merge.objects.select_related("by", "kept", "absorbed")
        merge = known.filter(pk=object_id).first() if object_id.isdecimal() else None
        if merge is None:
            raise Http404
        may = roles.allows(request.user, merging.ACTION)
        context = {
            **self._head(request, _("Merge %(number)s") % {"number": f"#{merge.pk}"}),
            "original": merge,
            "merge": merge,
            "evidence": evidence(merge),
            "sides": sides(merge),
            "may_undo": may and merging.may_undo(merge),
            "may_decide": may and merge.status == Merge.Status.HELD,
            "days_open": merging.DAYS_OPEN,
        }
        return TemplateResponse(request, "segments/merge/page.html", context)

    def by_hand(self, request: Any) -> HttpResponse:
        """Two numbers side by side, and then one customer."""
        roles.require(request.user, merging.ACTION)
        kept, absorbed = (_customer(request, name) for name in ("kept", "absorbed"))
        if request.method == "POST" and kept and absorbed:
            why = request.POST.get("why", "").strip()
            made = merging.merge(kept, absorbed, by=request.user, at=clock.now(), why=why)
            tasks.tell_merges_soon()
            messages.success(request, _("They are one customer now."))
            return HttpResponseRedirect(reverse(PAGE, args=[made.pk]))
        both = [one for one in (kept, absorbed) if one]
        context = {
            **self._head(request, _("Merge two customers by hand")),
            "kept": kept or "",
            "absorbed": absorbed or "",
            "asked": {name: request.GET.get(name, "") for name in ("kept", "absorbed")},
            "missing": bool(request.GET) and len(both) < 2,
            "sides": [side(one, estates.look(one.pk)) for one in both] if len(both) == 2 else [],
            "days_open": merging.DAYS_OPEN,
        }
        return TemplateResponse(request, "segments/merge/by_hand.html", context)

    def _head(self, request: HttpRequest, title: Any) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}

    # --- buttons --------------------------------------------------------------

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Decide about a held merge, or take one back."""
        roles.require(request.user, merging.ACTION)
        merge = get_object_or_404(Merge, pk=pk)
        if deed == "confirm":
            merging.confirm(merge, by=request.user, at=clock.now())
            said: Any = _("They are one customer now.")
        elif deed == "refuse":
            merging.refuse(merge, by=request.user)
            said = _("They stay two customers, whatever is sent.")
        elif deed == "undo":
            merging.undo(merge, by=request.user)
            said = _("They are two customers again.")
        else:
            raise Http404
        tasks.tell_merges_soon()
        messages.success(request, said)
        return HttpResponseRedirect(reverse(PAGE, args=[pk]))


@admin.register(Suspect)
class SuspectAdmin(ReadOnlyAdmin):
    """Customers with so many ids that one of their merges may be wrong."""

    view_action = "customers.view"
    empty_words: ClassVar = _("No customer has so many ids that a merge looks wrong.")
    list_display: ClassVar = ["whose", "user_ids", "ids", "merges", "found_at"]
    list_display_links = None

    @display(description=_("customer"))
    def whose(self, suspect: Suspect) -> SafeString:
        address = reverse("admin:segments_merge_changelist")
        return format_html(
            '{} · <a href="{}?q={}">{}</a>',
            customer_link(suspect.pk),
            address,
            suspect.pk,
            _("their merges"),
        )


# --- facts --------------------------------------------------------------------


def evidence(merge: Merge) -> list[tuple[Any, str]]:
    """What the merge rests on, with contacts masked."""
    told = merge.evidence
    ids = " = ".join(_shown(kind, value) for kind, value in told.get("ids", []))
    named = (
        (_("ids that are one"), ids),
        (_("source"), told.get("source", "")),
        (_("message"), told.get("key", "")),
        (_("in words"), told.get("why", "")),
    )
    return [(name, value) for name, value in named if value]


def sides(merge: Merge) -> list[dict[str, Any]]:
    """Both as they were before; of a held merge, as they are."""
    both = (("kept", merge.kept), ("absorbed", merge.absorbed))
    return [side(one, merge.before.get(name) or estates.look(one.pk)) for name, one in both]


def side(customer: Customer, estate: estates.Estate) -> dict[str, Any]:
    """One customer's estate as it is shown: enough to compare, contacts masked."""
    fields = [
        (name, looks.mask(sealing.peek(estate[field])))
        for name, field in ((_("Name"), "name"), (_("E-mail"), "email"), (_("Telephone"), "phone"))
    ]
    attributes = [
        (name, looks.as_text(value))
        for name, value in sorted(looks.attributes(estate["attributes"]).items())
    ]
    return {
        "customer": customer,
        "fields": [(name, value) for name, value in fields if value],
        "since": estate["created_at"][:10],
        "ids": [_shown(kind, value) for _number, kind, value in estate["identifiers"]],
        "attributes": attributes,
        "consents": [
            {
                "channel": consent.CHANNELS.get(one["channel"], one["channel"]),
                "purpose": consent.PURPOSES.get(one["purpose"], one["purpose"]),
                "granted": one["granted"],
            }
            for one in estate["consents"]
        ],
    }


def _shown(kind: str, value: str) -> str:
    return f"{kind} {looks.identifier(kind, sealing.peek(value))}"


def _customer(request: Any, name: str) -> Customer | None:
    given = request.POST if request.method == "POST" else request.GET
    return Customer.objects.filter(pk=_number(given.get(name, ""))).first()


def _number(text: str) -> int:
    """The customer's number in a text; 0, which nobody has, when there is none."""
    plain = text.strip().removeprefix("#")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else 0
