"""Templates: the list, and the editor with its live preview."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns import trying
from campaigns.admin import preview, template_form
from campaigns.contact import reasons
from campaigns.models import MessageTemplate, TemplateRevision
from campaigns.words import forms, language, revisions, templates
from console import roles
from console.modeladmin import ConsoleModelAdmin
from segments import traits
from segments.models import Segment

Channel = MessageTemplate.Channel


def starts_with(markup: str = forms.HTML) -> str:
    """What a new template says: an example, in the language of whoever writes it."""
    hello = gettext('Hello {{ customer.name | default: "there" }}')
    words, more = gettext("Write what you want to say here."), gettext("See what is new")
    if markup == forms.MJML:
        said = {"hello": hello, "words": words, "more": more}
        return render_to_string("campaigns/starter.mjml", said)
    button = f'<a class="button" href="https://shop.example/">{more}</a>'
    return f"<h1>{hello}</h1>\n<p>{words}</p>\n<p>{button}</p>\n"


def _main(request: HttpRequest) -> str:
    """The language that new words are written in: what was chosen, or what their writer reads."""
    asked = request.POST.get("language") or get_language()
    return asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


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
    compressed_fields = False  # words want the whole width
    change_form_template = add_form_template = "campaigns/template.html"
    list_display: ClassVar = [
        "name",
        "channel",
        "subject",
        "revision",
        "team",
        "updated_by",
        "updated_at",
    ]
    list_filter: ClassVar = [InUse, "channel"]
    list_select_related: ClassVar = ["team", "updated_by"]
    search_fields: ClassVar = ["name__icontains", "subject__icontains"]
    search_help_text = _("Search by name or subject.")
    list_before_template = "console/real_time.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[MessageTemplate]:
        found: QuerySet[MessageTemplate] = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and match.url_name == "campaigns_messagetemplate_changelist"
        return found.defer("body", "more", "variants") if is_list else found

    # --- the form -----------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        made = template_form.form_of(_channel(request, obj))
        return super().get_form(request, obj, change, **kw | {"form": made})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        channel, main = _channel(request, obj), obj.language if obj else _main(request)
        about = ["name", "language", "channel", "revision"]
        if channel == forms.EMAIL:
            about.insert(1, "markup")
        if obj and not self.has_change_permission(request, obj):
            return [(None, {"fields": ["name", "channel", "language", "subject", "body"]})]
        others = [
            (label, {"fields": template_form.names(channel, code), "classes": ["collapse"]})
            for code, label in settings.LANGUAGES
            if code != main
        ]
        words = dict(settings.LANGUAGES)[main]
        return [
            (None, {"fields": about}),
            (words, {"fields": template_form.names(channel)}),
            *others,
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given = {"language": _main(request)} | super().get_changeform_initial_data(request)
        if _channel(request, None) != forms.EMAIL:
            return given
        begins = starts_with(request.GET.get("markup", forms.HTML))
        return {"subject": gettext("What is new this week"), "body": begins} | given

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        template = self.get_object(request, object_id) if object_id else None
        may_change = self.has_change_permission(request, template)
        context = {
            "channels": None if template else Channel.choices,
            "channel": _channel(request, template),
            "variables": variables(),
            "filters": sorted(language.FILTERS),
            "may_show_contact": roles.allows(request.user, "customers.contact"),
            "preview_url": (
                _at("mail", template.pk) if template and not may_change else _at("preview")
            ),
            "gaps_url": _at("gaps"),
            "segments": _segments(),
            "history": template and _history(template),
            "may_try": may_change and template and trying.is_possible(template.channel),
            "needs_to": template and template.channel in trying.NEEDS_TO,
            "show_save_and_add_another": False,
        }
        return super().changeform_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        staff: Any = request.user
        words = form.words(form.cleaned_data) | {"name": form.cleaned_data["name"]}
        if change:
            seen = form.cleaned_data["revision"] or 0
            templates.edit(obj, by=staff, seen_revision=seen, **words)
        else:
            obj.pk = templates.add(by=staff, **words).pk

    # --- beside it ----------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view

        def at(tail: str, name: str, answer: Any) -> URLPattern:
            return path(tail, view(answer), name=f"campaigns_messagetemplate_{name}")

        return [
            at("preview/", "preview", require_POST(self.preview)),
            at("gaps/", "gaps", require_POST(self.gaps)),
            at("<int:pk>/mail/", "mail", self.mail),
            at("<int:pk>/try/", "try", require_POST(self.try_out)),
            at("<int:pk>/restore/", "restore", require_POST(self.restore)),
            at("<int:pk>/archive/", "archive", require_POST(self.archive)),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest) -> JsonResponse:
        """The words as they stand in the form, saved or not."""
        roles.require(request.user, self.view_action)
        return preview.answer(request, _posted(request), campaign_name=str(_("Example")))

    def mail(self, request: HttpRequest, pk: int) -> JsonResponse:
        """The words of a revision that is kept, by default the newest."""
        roles.require(request.user, self.view_action)
        words = revisions.unsaved(get_object_or_404(MessageTemplate, pk=pk))
        if (number := request.GET.get("revision", "")).isdecimal():
            words = get_object_or_404(TemplateRevision, template=pk, number=number)
        return preview.answer(request, words, campaign_name=str(_("Example")))

    def gaps(self, request: HttpRequest) -> JsonResponse:
        """What the words in the form speak of and the customers of a segment do not have."""
        roles.require(request.user, self.view_action)
        number = request.POST.get("segment", "")
        segment = get_object_or_404(Segment, pk=int(number) if number.isdecimal() else 0)
        return preview.gaps_answer(_posted(request), segment.members)

    def try_out(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the kept words to somebody of ours."""
        template = get_object_or_404(MessageTemplate, pk=pk)
        customer = preview.customer_of(request.POST.get("customer", ""))
        if customer is None:
            self.message_user(request, _("There is no customer with this number."), "error")
            return HttpResponseRedirect(_at("change", pk))
        staff: Any = request.user
        why = trying.send(template, customer, to=request.POST.get("to", ""), by=staff)
        said = _("The test did not leave: %(why)s") % {"why": reasons.said(why)}
        self.message_user(
            request, said if why else _("The test is on its way."), "error" if why else "success"
        )
        return HttpResponseRedirect(_at("change", pk))

    def restore(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say again what an earlier revision said."""
        template = get_object_or_404(MessageTemplate, pk=pk)
        number = request.POST.get("revision", "")
        kept = get_object_or_404(
            TemplateRevision, template=pk, number=int(number) if number.isdecimal() else 0
        )
        staff: Any = request.user
        templates.say_again(kept, by=staff)
        self.message_user(
            request, _("The words of revision %(number)s are back.") % {"number": kept.number}
        )
        return HttpResponseRedirect(_at("change", template.pk))

    def archive(self, request: HttpRequest, pk: int) -> HttpResponse:
        template = get_object_or_404(MessageTemplate, pk=pk)
        staff: Any = request.user
        if template.archived_at:
            templates.restore(template, by=staff)
            self.message_user(request, _("The template is offered again."))
        else:
            templates.archive(template, by=staff)
            self.message_user(request, _("The template is archived."))
        return HttpResponseRedirect(_at("changelist"))


def _at(name: str, *args: Any) -> str:
    return reverse(f"admin:campaigns_messagetemplate_{name}", args=args)


def _channel(request: HttpRequest, template: MessageTemplate | None) -> str:
    """The channel of a template, or the one that was chosen for a new one."""
    if template is not None and template.pk:
        return template.channel
    asked = request.POST.get("channel") or request.GET.get("channel", "")
    return asked if asked in Channel.values else forms.EMAIL


def _posted(request: HttpRequest) -> TemplateRevision:
    """The words that a form holds, whether they are good or not."""
    given = request.POST.dict()
    form = template_form.form_of(_channel(request, None))()
    return revisions.unsaved(form.template(given))


def _segments() -> QuerySet[Segment]:
    """Whose customers the words can be compared with."""
    return Segment.objects.filter(archived_at=None, size__gt=0).only("name", "size")


def _history(template: MessageTemplate) -> QuerySet[TemplateRevision]:
    return (
        TemplateRevision.objects.filter(template=template).select_related("by").defer("words")[:20]
    )


def variables() -> list[tuple[str, Any]]:
    """What can be put between double braces, with its meaning."""
    fixed = [
        ("customer.name", _("the customer's name")),
        ("customer.number", _("the customer's number here")),
        ("customer.email", _("the customer's address")),
        ("customer.phone", _("the customer's telephone number")),
        ("customer.attributes.…", _("a field of the customer's profile")),
        ("coupon.code", _("the code of the coupon that the message gives")),
        ("coupon.value | money", _("what it is worth")),
        ("coupon.expires_at | date: '%H:%M'", _("until when it can be used")),
        ("event.…", _("a property of the event that set the campaign off")),
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
