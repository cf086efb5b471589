"""Templates: the list, and the editor with its live preview."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminTextareaWidget

from campaigns import revisions, templates, wording
from campaigns.admin import preview
from campaigns.models import MessageTemplate
from console import roles
from console.modeladmin import ConsoleModelAdmin
from segments import traits


def starts_with() -> str:
    """What a new template says: an example, in the language of whoever writes it."""
    hello = gettext('Hello {{ customer.name | default: "there" }}')
    words, more = gettext("Write what you want to say here."), gettext("See what is new")
    button = f'<a class="button" href="https://shop.example/">{more}</a>'
    return f"<h1>{hello}</h1>\n<p>{words}</p>\n<p>{button}</p>\n"


class TemplateForm(forms.ModelForm):
    """The words; mistakes in them are told before they are kept."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = MessageTemplate
        fields = ("name", "subject", "body")
        widgets: ClassVar = {
            "body": UnfoldAdminTextareaWidget(
                attrs={"rows": 22, "class": "code", "spellcheck": "false"}
            )
        }

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for mistake in wording.mistakes(given.get("subject", ""), given.get("body", "")):
            if mistake.field in self.fields:
                self.add_error(mistake.field, mistake.words)
        return given


class InUse(admin.SimpleListFilter):
    """Templates that are offered, unless the archived ones are asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("archived", _("archived"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(archived_at__isnull=self.value() != "archived")


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ConsoleModelAdmin):
    view_action = "templates.view"
    empty_words: ClassVar = _(
        "A template is what a message says, with places for what is known of the customer."
    )
    add_action = change_action = "templates.change"
    form = TemplateForm
    compressed_fields = False  # words want the whole width
    fields: ClassVar = ["name", "subject", "body", "revision"]
    change_form_template = add_form_template = "campaigns/template.html"
    list_display: ClassVar = ["name", "subject", "revision", "team", "updated_by", "updated_at"]
    list_filter: ClassVar = [InUse]
    list_select_related: ClassVar = ["team", "updated_by"]
    search_fields: ClassVar = ["name__icontains", "subject__icontains"]
    search_help_text = _("Search by name or subject.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[MessageTemplate]:
        found: QuerySet[MessageTemplate] = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and match.url_name == "campaigns_messagetemplate_changelist"
        return found.defer("body") if is_list else found

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"body": starts_with(), **super().get_changeform_initial_data(request)}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("preview/", view(self.preview), name="campaigns_messagetemplate_preview"),
            path(
                "<int:pk>/archive/",
                view(require_POST(self.archive)),
                name="campaigns_messagetemplate_archive",
            ),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        context = {
            "variables": variables(),
            "filters": sorted(wording.FILTERS),
            "may_show_contact": roles.allows(request.user, "customers.contact"),
            "preview_url": reverse("admin:campaigns_messagetemplate_preview"),
            "show_save_and_add_another": False,
        }
        if object_id and not roles.allows(request.user, self.change_action):
            context["read_only_words"] = self.get_object(request, object_id)
        return super().changeform_view(request, object_id, form_url, context)

    def preview(self, request: HttpRequest) -> JsonResponse:
        """The words as they stand in the form, saved or not."""
        roles.require(request.user, self.view_action)
        words = MessageTemplate(
            subject=request.POST.get("subject", ""), body=request.POST.get("body", "")
        )
        return preview.answer(request, revisions.unsaved(words), campaign_name=str(_("Example")))

    def archive(self, request: HttpRequest, pk: int) -> HttpResponse:
        template = get_object_or_404(MessageTemplate, pk=pk)
        staff: Any = request.user
        if template.archived_at:
            templates.restore(template, by=staff)
            self.message_user(request, _("The template is offered again."))
        else:
            templates.archive(template, by=staff)
            self.message_user(request, _("The template is archived."))
        return HttpResponseRedirect(reverse("admin:campaigns_messagetemplate_changelist"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        staff: Any = request.user
        given = {name: form.cleaned_data[name] for name in ("name", "subject", "body")}
        if change:
            seen = form.cleaned_data["revision"] or 0
            templates.edit(obj, by=staff, seen_revision=seen, **given)
        else:
            obj.pk = templates.add(by=staff, **given).pk


def variables() -> list[tuple[str, Any]]:
    """What can be put between double braces, with its meaning."""
    fixed = [
        ("customer.name", _("the customer's name")),
        ("customer.number", _("the customer's number here")),
        ("customer.email", _("the customer's address")),
        ("customer.attributes.…", _("a field of the customer's profile")),
        ("campaign.name", _("the campaign's name")),
        ("project.name", _("our name")),
        ("unsubscribe_url", _("the link in the foot of every mail")),
    ]
    known = [(f"traits.{name}", one) for name, one in traits.registry().items()]
    money = [
        (f"{name} | money" if trait.kind == traits.MONEY else name, trait.label)
        for name, trait in known
    ]
    return fixed + money
