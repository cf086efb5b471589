"""Groups and items: what senders told about companies, products and the like."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from console import roles
from console.modeladmin import ReadOnlyAdmin
from segments import looks, things
from segments.models import Thing


class KindFilter(admin.SimpleListFilter):
    """The kinds that there are, found without reading the table."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in things.kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Thing)
class ThingAdmin(ReadOnlyAdmin):
    view_action = "customers.view"
    empty_words: ClassVar = _(
        "Nothing was told about groups or items yet: a library's group call, or our own API, "
        "brings them."
    )
    list_display: ClassVar = ["key", "kind", "said", "updated_at"]
    list_filter: ClassVar = [KindFilter]
    search_fields: ClassVar = ["key__startswith"]
    search_help_text = _("How a key begins.")
    list_before_template = "segments/thing/list_head.html"

    @display(description=_("attributes"))
    def said(self, thing: Thing) -> str:
        return str(len(thing.attributes))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        thing = Thing.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        if thing is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(thing),
            "original": thing,
            "thing": thing,
            "attributes": sorted(looks.masked(thing.attributes).items()),
        }
        return TemplateResponse(request, "segments/thing/page.html", context)
