"""Traits: what we know about customers, how fresh it is, and the ones that people make."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.views import ChangeList

from console import clock, figures, formats, keepers, roles
from console.modeladmin import ReadOnlyAdmin
from segments import catalogue, own_traits, tasks, trait_previews, trait_words, traits
from segments.admin import trait_charts
from segments.admin.filters import ArchivedFilter
from segments.admin.trait_form import TraitForm
from segments.foretold import FORETOLD
from segments.models import Trait


class TraitList(ChangeList):
    """The list; each row with what the registry says of it."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        today = clock.today()
        for row in self.result_list:
            row.about, row.today = traits.of_row(row), today


@admin.register(Trait)
class TraitAdmin(ReadOnlyAdmin):
    view_action = "traits.view"
    empty_words: ClassVar = _("The traits that ship appear with the first recompute.")
    list_display: ClassVar = ["name", "meaning", "unit_", "known_of", "freshness", "whose"]
    list_filter: ClassVar = [ArchivedFilter]
    list_select_related: ClassVar = ["owner", "team"]
    list_before_template = "segments/trait/list_head.html"
    list_per_page = 200
    search_fields: ClassVar = ["key", "title", "description"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trait]:
        shipped = Trait.objects.filter(is_shipped=True, key__in=traits.OURS)
        return super().get_queryset(request) & (shipped | Trait.objects.filter(is_shipped=False))

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:
        return TraitList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may = {"may_add": roles.allows(request.user, own_traits.ACTION)}
        return super().changelist_view(request, {**(extra_context or {}), **may})

    @display(description=_("name"))
    def name(self, row: Any) -> str:
        return str(row.about.label)

    @display(description=_("definition"))
    def meaning(self, row: Any) -> str:
        return str(row.about.definition) or "–"

    @display(description=_("unit"))
    def unit_(self, row: Any) -> str:
        return str(row.about.unit) or str(row.get_kind_display())

    @display(description=_("known of"), ordering="known")
    def known_of(self, row: Any) -> str:
        return figures.whole(row.known)

    @display(description=_("freshness"), ordering="computed_at")
    def freshness(self, row: Any) -> SafeString:
        return _freshness(row, row.today)

    @display(description=_("owner"))
    def whose(self, row: Trait) -> str:
        if row.key in FORETOLD:
            return gettext("the model of lifetime value")
        if row.is_shipped and row.owner is None:
            return gettext("ships with the console")
        return " · ".join(str(one) for one in (row.owner, row.team) if one) or "–"

    # --- pages ------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("make/", view(self.make), name="segments_trait_make"),
            path("<int:pk>/edit/", view(self.edit), name="segments_trait_edit"),
            path("<int:pk>/do/<str:deed>/", view(require_POST(self.do)), name="segments_trait_do"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().change_view(request, object_id)
        row = get_object_or_404(Trait, pk=object_id if object_id.isdecimal() else 0)
        about, today = traits.of_row(row), clock.today()
        known = traits.registry()
        context = {
            "row": row,
            "about": about,
            "sentence": trait_words.sentence(about.recipe, catalogue.titles(), known),
            "chart": trait_charts.of_trait(about, today),
            "freshness": _freshness(row, today),
            "users": formats.listed(own_traits.used_by(row.key)),
            "may_change": not row.is_shipped
            and roles.may_change(request.user, row, own_traits.ACTION),
            "keeper_link": reverse("admin:segments_trait_do", args=[row.pk, "owner"]),
        }
        if keepers.may_name(row, request.user, own_traits.ACTION):
            context["keepers"] = keepers.offered()
        return self._page(request, "page", str(about.label), context)

    def make(self, request: Any) -> HttpResponse:
        """A new trait: choose, look at what it would come to, keep it."""
        roles.require(request.user, own_traits.ACTION)
        return self._form(request, None)

    def edit(self, request: Any, pk: int) -> HttpResponse:
        row = get_object_or_404(Trait, pk=pk, is_shipped=False)
        roles.require(request.user, own_traits.ACTION, record=row)
        return self._form(request, row)

    def _form(self, request: Any, row: Trait | None) -> HttpResponse:
        found = trait_previews.find(request.GET.get("preview", ""), by=request.user)
        form = TraitForm(request.POST or None, of=row)
        if request.method == "POST" and form.is_valid():
            if "save" in request.POST:
                return self._save(request, form, row)
            number = tasks.preview_trait_soon(
                form.cleaned_data["recipe"],
                form.cleaned_data["kind"],
                form={name: request.POST.getlist(name) for name in form.fields},
                by=request.user,
            )
            return HttpResponseRedirect(f"{request.path}?preview={number}")
        if request.method != "POST" and found is not None:
            form = TraitForm(trait_previews.as_post(found), of=row)
        context = {
            "row": row,
            "form": form,
            "preview": found,
            "chart": found and found.spread and trait_charts.of_preview(found, form),
            "examples": found and trait_charts.examples(found),
            "shown_for": form.shown_for(),
        }
        title = str(row) if row else gettext("A trait of your own")
        return self._page(request, "form", title, context)

    def _save(self, request: Any, form: TraitForm, row: Trait | None) -> HttpResponse:
        given = form.cleaned_data
        fields = {name: given[name] for name in ("title", "description", "unit", "recipe")}
        if row is None:
            row, anew = own_traits.add(**fields, kind=given["kind"], by=request.user), True
        else:
            seen = given["seen_version"] or 0
            anew = own_traits.edit(row, by=request.user, seen_version=seen, **fields)
        if anew:
            tasks.compute_traits_soon()
            messages.success(request, _("The trait is saved; its values are being computed."))
        return HttpResponseRedirect(reverse("admin:segments_trait_change", args=[row.pk]))

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Archive or restore a trait of somebody's own; say who looks after any."""
        row = get_object_or_404(Trait, pk=pk)
        match deed:
            case "owner":
                owner = keepers.read(request.POST.get("owner", ""))
                keepers.name(row, owner, by=request.user, action=own_traits.ACTION)
                messages.success(request, _("Saved."))
            case "archive":
                own_traits.archive(row, by=request.user)
                messages.success(request, _("The trait is archived."))
            case "restore":
                own_traits.restore(row, by=request.user)
                tasks.compute_traits_soon()
                messages.success(request, _("The trait is in use again."))
            case _:
                return HttpResponse(status=404)
        return HttpResponseRedirect(reverse("admin:segments_trait_change", args=[pk]))

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return render(request, f"segments/trait/{name}.html", site | context)


def _freshness(row: Trait, today: dt.date) -> SafeString:
    """When it was computed and for which day, or why it was not."""
    if row.failure:
        return format_html(
            '<span class="badge warn">{}</span> {}', gettext("not computed"), row.failure
        )
    if row.computed_at is None:
        return format_html('<span class="badge">{}</span>', gettext("not computed yet"))
    words = figures.fresh(row.data_as_of, row.computed_at)
    is_old = row.data_as_of is None or row.data_as_of < today - dt.timedelta(days=1)
    if is_old or row.computed_version != row.version:
        return format_html('{} <span class="badge warn">{}</span>', words, gettext("stale"))
    return format_html("<span>{}</span>", words)
