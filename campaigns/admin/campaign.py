"""Campaigns: the list, the form of a draft, and the page on which one is worked with."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import ForeignKey, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from campaigns import additions, drafts, guards, playbooks, tasks, transitions
from campaigns.admin import held, money, more, needs, page, plan_editor, plan_facts, preview
from campaigns.admin.campaign_form import SECTIONS, SHOWN, CampaignForm
from campaigns.models import Addition, Audience, Campaign, MessageTemplate
from campaigns.outcomes import progress, trials
from console import clock, figures, kept_words, roles
from console.modeladmin import ConsoleModelAdmin
from console.models import Project
from segments import membership
from segments.models import Segment

COLORS = {
    "draft": "info",
    "submitted": "warning",
    "approved": "primary",
    "sending": "primary",
    "paused": "warning",
    "sent": "success",
    "cancelled": "danger",
    "recorded": "info",
}


@admin.register(Campaign)
class CampaignAdmin(ConsoleModelAdmin):
    view_action = "campaigns.view"
    empty_words: ClassVar = _(
        "A campaign says something to a segment; somebody else approves it before it goes out."
    )
    add_action = change_action = "campaigns.change"
    form = CampaignForm
    change_form_template = "campaigns/campaign_form.html"
    conditional_fields: ClassVar = SHOWN
    fieldsets: ClassVar = SECTIONS
    list_display: ClassVar = [
        "name",
        "status_label",
        "segment_name",
        "size",
        "opened",
        "clicked",
        "purchased",
        "revenue",
        "when",
    ]
    list_filter: ClassVar = ["status", "kind", "occasion"]
    search_fields: ClassVar = ["name__icontains"]
    search_help_text = _("Search by name.")
    list_select_related: ClassVar = ["segment", "audience", "result"]
    list_before_template = "campaigns/campaigns_head.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        # Sets and bodies are large, and the list shows only numbers.
        return (
            super()
            .get_queryset(request)
            .defer("segment__members", "segment__rule", "audience__members", "audience__body")
            .annotate(currency=Subquery(Project.objects.values("currency")[:1]))
        )

    def get_urls(self) -> list[URLPattern]:
        def at(tail: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(
                f"<int:pk>/{tail}/",
                self.admin_site.admin_view(view),
                name=f"campaigns_campaign_{name}",
            )

        return [
            at("edit", self.edit, "edit"),
            at("step", require_POST(self.step), "step"),
            at("again", require_POST(self.again), "again"),
            at("justify", require_POST(self.justify), "justify"),
            at("winner", require_POST(self.winner), "winner"),
            at("progress", self.progress, "progress"),
            at("mail", self.mail, "mail"),
            at("gaps", self.gaps, "gaps"),
            at("held", self.held, "held"),
            at("more", self.more, "more"),
            at("needs", require_POST(needs.answer), "needs"),
            path(
                "additions/<int:pk>/withdraw/",
                self.admin_site.admin_view(require_POST(self.less)),
                name="campaigns_campaign_less",
            ),
            path(
                "check/",
                self.admin_site.admin_view(require_POST(plan_editor.check)),
                name="campaigns_campaign_check",
            ),
            *super().get_urls(),
        ]

    # --- the page -----------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page of one campaign; the form of a draft is behind its own address."""
        roles.require(request.user, self.view_action)
        if not object_id.isdecimal():
            raise Http404
        campaign = self._found(int(object_id))
        context = {
            **self.admin_site.each_context(request),
            "title": campaign.name,
            "opts": self.opts,
            "original": campaign,
            **page.context(campaign, request.user),
        }
        return render(request, "campaigns/campaign.html", context)

    def step(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the step that was pressed; refusals come back as words on the page."""
        campaign = self._found(pk)
        staff: Any = request.user
        match request.POST.get("step"):
            case "submit":
                transitions.submit(campaign, by=staff, at=clock.now())
                said = _("Submitted. Somebody else has to approve it now.")
            case "withdraw":
                transitions.withdraw(campaign, by=staff)
                said = _("It is a draft again.")
            case "start":
                transitions.start(campaign, by=staff, at=clock.now())
                tasks.send_wave.delay_on_commit(campaign.pk)
                said = _("Sending has started.")
            case "pause":
                transitions.pause(campaign, by=staff)
                said = _("Paused. Nothing more leaves.")
            case "resume":
                transitions.resume(campaign, by=staff)
                tasks.send_wave.delay_on_commit(campaign.pk)
                said = _("Sending goes on.")
            case "close":
                transitions.close(campaign, by=staff, at=clock.now())
                said = _("Nobody comes in any more; who is in goes on.")
            case "cancel":
                transitions.cancel(campaign, by=staff)
                said = _("Cancelled for good.")
            case _step:
                raise Http404
        self.message_user(request, said)
        return HttpResponseRedirect(self._page(campaign))

    def again(self, request: Any, pk: int) -> HttpResponse:
        """Make another draft like it."""
        made = drafts.again(self._found(pk), by=request.user)
        self.message_user(request, _("A draft like it. Change what is different this time."))
        return HttpResponseRedirect(self._page(made))

    def justify(self, request: Any, pk: int) -> HttpResponse:
        """Keep why it is right although a guard touches it."""
        campaign = self._found(pk)
        guards.justify(campaign, reason=request.POST.get("reason", ""), by=request.user)
        self.message_user(request, _("Saved. Whoever approves reads it."))
        return HttpResponseRedirect(self._page(campaign))

    def winner(self, request: Any, pk: int) -> HttpResponse:
        """Choose by hand which variant or way everybody else gets."""
        campaign, said = self._found(pk), request.POST
        step, way = said.get("trial", ""), said.get("way", "")
        trials.choose(campaign, step, way, reason=said.get("reason", ""), by=request.user)
        tasks.send_wave.delay_on_commit(campaign.pk)
        self.message_user(request, _("Chosen: everybody else gets it."))
        return HttpResponseRedirect(self._page(campaign))

    def held(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Messages that may or may not have left."""
        return held.view(request, pk, self.admin_site.each_context(request))

    def more(self, request: Any, pk: int) -> HttpResponse:
        """Ask for more money; somebody else decides."""
        campaign = self._found(pk)
        roles.require(request.user, additions.ACTION, record=campaign)
        form = more.MoreForm(request.POST or None)
        if request.method == "POST" and more.ask(campaign, form, request.user):
            self.message_user(request, _("Asked for. Somebody else has to approve it now."))
            return HttpResponseRedirect(self._page(campaign))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("More money for “%(campaign)s”") % {"campaign": campaign},
            "opts": self.opts,
            "form": form,
            "about": money.asking(campaign),
            "button": _("Ask"),
        }
        return render(request, "console/form.html", context)

    def less(self, request: Any, pk: int) -> HttpResponse:
        """Take the asking for more back."""
        addition = get_object_or_404(Addition.objects.select_related("campaign"), pk=pk)
        additions.withdraw(addition, by=request.user)
        return HttpResponseRedirect(self._page(addition.campaign))

    def progress(self, request: HttpRequest, pk: int) -> JsonResponse:
        """What the bar of the page asks for while it is being sent."""
        roles.require(request.user, self.view_action)
        campaign = self._found(pk)
        now = progress.of(campaign)
        steps = plan_facts.counts(campaign) if campaign.plan else {}
        return JsonResponse(now.as_json() | {"status": campaign.status, "steps": steps})

    def mail(self, request: HttpRequest, pk: int) -> JsonResponse:
        """The mail as one customer would get it."""
        roles.require(request.user, self.view_action)
        campaign = self._found(pk)
        frozen = Audience.objects.filter(campaign=campaign).first()
        asked = request.POST if request.method == "POST" else request.GET
        words = page.words_of(campaign, frozen, chosen=asked.get("message", ""))
        if words is None:
            raise Http404
        batch = preview.promised(campaign, words)
        return preview.answer(request, words, campaign_name=campaign.name, batch=batch)

    def gaps(self, request: HttpRequest, pk: int) -> JsonResponse:
        """What the words speak of and some of the audience do not have."""
        roles.require(request.user, self.view_action)
        campaign = self._found(pk)
        frozen = Audience.objects.filter(campaign=campaign).first()
        words, members = page.words_of(campaign, frozen), page.members_of(campaign, frozen)
        if words is None or not members:
            return JsonResponse({"gaps": []})
        return preview.gaps_answer(words, members)

    def _found(self, pk: int) -> Campaign:
        return get_object_or_404(
            Campaign.objects.select_related("segment", "template", "owner", "team", "budget"), pk=pk
        )

    def _page(self, campaign: Campaign) -> str:
        return reverse("admin:campaigns_campaign_change", args=[campaign.pk])

    # --- the form -----------------------------------------------------------

    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self._found(pk)
        if not self.has_change_permission(request, campaign):
            roles.require(request.user, self.change_action, record=campaign)
            self.message_user(request, _("Only a draft can be changed."), level="error")
            return HttpResponseRedirect(self._page(campaign))
        return self.changeform_view(request, str(pk), "", _of_form())

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return super().add_view(request, form_url, _of_form())

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer what is in use, each with what one has to know to choose it."""
        in_use: QuerySet[Any]
        if db_field.name == "segment":
            in_use = (
                Segment.objects.filter(archived_at=None)
                .order_by(kept_words.by_name("name"))
                .defer("members")
            )
        elif db_field.name == "budget":
            found = request.resolver_match
            number = found.kwargs.get("pk") if found else None
            chosen = Campaign.objects.filter(pk=number or 0).values_list("budget", flat=True)
            in_use = money.open_budgets(request.user, with_=chosen.first())
        else:
            templates = MessageTemplate.objects.filter(archived_at=None)
            in_use = templates.order_by(kept_words.by_name("name")).defer("body", "variants")
        field: Any = super().formfield_for_foreignkey(
            db_field, request, **kwargs | {"queryset": in_use}
        )
        if field is not None and db_field.name == "segment":
            field.label_from_instance = partial(_with_size, today=clock.today())
        if field is not None and db_field.name == "budget":
            field.label_from_instance = money.named
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        staff: Any = request.user
        if change:
            drafts.edit(obj, by=staff, **form.cleaned_data)
        else:
            new = {name: form.cleaned_data[name] for name in form.cleaned_data if name != "seen"}
            obj.pk = drafts.add(by=staff, **new).pk

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(self._page(obj))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(self._page(obj))

    # --- the list -----------------------------------------------------------

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        begins = {"may_begin": roles.allows(request.user, playbooks.ACTION)}
        answer: HttpResponse = super().changelist_view(request, begins | (extra_context or {}))
        return answer

    @display(description=_("status"), ordering="status", label=COLORS)
    def status_label(self, campaign: Campaign) -> tuple[str, str]:
        if campaign.kind == Campaign.Kind.RECORDED:
            return "recorded", str(_("recorded"))
        return campaign.status, campaign.get_status_display()

    @display(description=_("segment"))
    def segment_name(self, campaign: Campaign) -> str:
        return str(campaign.segment or "–")

    @display(description=_("audience"), ordering="audience__size")
    def size(self, campaign: Campaign) -> str:
        frozen = getattr(campaign, "audience", None)
        return figures.whole(frozen.size if frozen else None)

    @display(description=_("opened"), ordering="result__opened")
    def opened(self, campaign: Campaign) -> str:
        return _share(campaign, "opened")

    @display(description=_("clicked"), ordering="result__clicked")
    def clicked(self, campaign: Campaign) -> str:
        return _share(campaign, "clicked")

    @display(description=_("purchased"), ordering="result__purchased")
    def purchased(self, campaign: Campaign) -> str:
        return _share(campaign, "purchased")

    @display(description=_("revenue"), ordering="result__revenue_minor")
    def revenue(self, campaign: Any) -> str:
        found = getattr(campaign, "result", None)
        return figures.money(found.told.revenue_minor if found else None, campaign.currency)

    @display(description=_("started"), ordering="started_at")
    def when(self, campaign: Campaign) -> str:
        return campaign.started_at.strftime("%Y-%m-%d") if campaign.started_at else "–"


def _of_form() -> dict[str, Any]:
    """What the form needs besides its fields."""
    return {
        "show_save_and_continue": False,
        "show_save_and_add_another": False,
        "plan_data": plan_editor.data(),
        "editor": plan_editor.rules(),
    }


def _with_size(segment: Segment, *, today: dt.date) -> str:
    if segment.size is None:
        return f"{segment} · {_('not computed yet')}"
    stale = f" · {_('stale')}" if membership.is_stale(segment, today) else ""
    return f"{segment} · {figures.whole(segment.size)} · {segment.data_as_of}{stale}"


def _share(campaign: Campaign, name: str) -> str:
    """Of those it went to; who opened or clicked elsewhere nobody told us."""
    found = getattr(campaign, "result", None)
    if not found or (name != "purchased" and campaign.kind != Campaign.Kind.OURS):
        return "–"
    size, count = found.base, getattr(found, name)
    if name == "purchased":
        size, count, _revenue = found.told
    return figures.share(count / size) if size else "–"
