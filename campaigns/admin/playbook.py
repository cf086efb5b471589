"""Playbooks: the list, and the page of one with its plays, its budget and what came of it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Prefetch, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from campaigns import exposure, playbooks, plays
from campaigns.admin import growth, shipped, strategy
from campaigns.admin.playbook_forms import PlaybookForm, PlayForm
from campaigns.contact import reasons
from campaigns.models import Campaign, CouponBatch, MessageTemplate, Play, Playbook, PlayResult
from campaigns.offers import coupon_words
from campaigns.playbooks import Offer
from campaigns.stoploss import stops, words
from console import clock, figures, formats, kept_words, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import Project
from console.states import NotAllowed

COLORS = {"draft": "info", "active": "success", "paused": "warning", "ended": "info"}


@admin.register(Playbook)
class PlaybookAdmin(ReadOnlyAdmin):
    view_action = playbooks.VIEW
    empty_words: ClassVar = _(
        "A playbook says which customers get which play: a message, a coupon, a call. Each "
        "gets the most urgent one that fits, and a control group tells what it brought."
    )
    list_display: ClassVar = ["name", "state", "came", "share", "lift", "wake_cost", "spent"]
    list_filter: ClassVar = ["status"]
    search_fields: ClassVar = ["name__icontains"]
    list_before_template = "campaigns/playbooks_head.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        wholes = PlayResult.objects.filter(play=None)
        return (
            super()
            .get_queryset(request)
            .prefetch_related(Prefetch("results", queryset=wholes))
            .annotate(currency=Subquery(Project.objects.values("currency")[:1]))
        )

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        more = {"may_change": roles.allows(request.user, playbooks.ACTION)}
        return super().changelist_view(request, more | (extra_context or {}))

    @display(description=_("status"), ordering="status", label=COLORS)
    def state(self, playbook: Playbook) -> tuple[str, str]:
        return playbook.status, playbook.get_status_display()

    @display(description=_("came in"))
    def came(self, playbook: Playbook) -> str:
        return _of(playbook, lambda one: figures.whole(one.treated))

    @display(description=pgettext_lazy("playbook", "came back"))
    def share(self, playbook: Playbook) -> str:
        return _of(playbook, lambda one: figures.share(one.share))

    @display(description=_("lift against the control"))
    def lift(self, playbook: Playbook) -> str:
        return _of(playbook, lambda one: figures.signed_share(one.lift))

    @display(description=_("cost per customer won back"))
    def wake_cost(self, playbook: Any) -> str:
        return _of(playbook, lambda one: money(one.cost_a_wake, playbook.currency))

    @display(description=_("cost"))
    def spent(self, playbook: Any) -> str:
        return _of(playbook, lambda one: money(one.cost_minor, playbook.currency))

    # --- pages ----------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def at(tail: str, view: Callable[..., HttpResponse], name: str, **more: Any) -> URLPattern:
            name = f"campaigns_playbook_{name}"
            return path(tail, self.admin_site.admin_view(view), more, name=name)

        return [
            at("make/", self.edit, "make", pk=0),
            at("ship/", self.begin, "ship", which=shipped.warnings),
            at("journey/", self.begin, "journey", which=shipped.journeys),
            at("mix/", self.begin, "mix", which=shipped.mix),
            at("growth/", self.growth, "growth"),
            at("growth/of/<int:pk>/", self.standing, "standing"),
            at("<int:pk>/edit/", self.edit, "edit"),
            at("<int:pk>/play/", self.play, "play"),
            at("<int:pk>/do/<str:deed>/", require_POST(self.do), "do"),
            at("play/<int:pk>/<str:deed>/", require_POST(self.change_play), "change_play"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        playbook = _found(int(object_id) if object_id.isdecimal() else 0)
        return self._page(request, "playbook", str(playbook), about(playbook, request.user))

    def edit(self, request: Any, pk: int) -> HttpResponse:
        playbook = _found(pk) if pk else None
        roles.require(request.user, playbooks.ACTION, record=playbook)
        form = PlaybookForm(request.POST or None, instance=playbook, by=request.user)
        if request.method == "POST" and form.is_valid():
            given = dict(form.cleaned_data)
            mark = given.pop("seen")
            try:
                if playbook is None:
                    playbook = playbooks.add(by=request.user, **given)
                else:
                    kept = _found(pk)
                    playbooks.edit(kept, by=request.user, seen=mark, **given)
            except NotAllowed as problem:
                form.add_error(None, str(problem))
            else:
                return _to(playbook.pk)
        title = str(playbook) if playbook else _("A new playbook")
        return self._page(request, "playbook_form", title, {"form": form, "button": _("Save")})

    def begin(self, request: Any, which: shipped.Screen) -> HttpResponse:
        """Make drafts of what ships."""
        roles.require(request.user, playbooks.ACTION)
        site = {**self.admin_site.each_context(request), "opts": self.opts}
        return which(request, site)

    def growth(self, request: Any) -> HttpResponse:
        """The growth programme; who may not make tags only looks."""
        roles.require(request.user, self.view_action)
        site = {**self.admin_site.each_context(request), "opts": self.opts}
        return growth.page(request, site)

    def standing(self, request: Any, pk: int) -> HttpResponse:
        """Where one customer stands in it."""
        roles.require(request.user, "customers.view")
        return growth.of(request, pk)

    def play(self, request: Any, pk: int) -> HttpResponse:
        """Add a play behind the others."""
        playbook = _found(pk)
        roles.require(request.user, playbooks.ACTION, record=playbook)
        form = PlayForm(request.POST or None, initial={"team": request.user.team_id})
        if request.method == "POST" and form.is_valid():
            given = dict(form.cleaned_data)
            level, value = given.pop("level"), given.pop("value")
            given["task_days"] = given["task_days"] if given["task_days"] is not None else 3
            try:
                playbooks.add_play(playbook, level, value, Offer(**given), by=request.user)
            except NotAllowed as problem:
                form.add_error(None, str(problem))
            else:
                return _to(pk)
        title = gettext("A play of “%(name)s”") % {"name": playbook}
        return self._page(request, "playbook_form", title, {"form": form, "button": _("Add it")})

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        playbook, now = _found(pk), clock.now()
        match deed:
            case "submit":
                count = playbooks.submit(playbook, by=request.user, at=now)
                said = gettext("%(count)s plays wait for approval now.") % {"count": count}
            case "start":
                playbooks.start(playbook, by=request.user, at=now)
                said = gettext("It is in force.")
            case "pause":
                playbooks.pause(playbook, by=request.user)
                said = gettext("Paused. Nobody more comes in.")
            case "end":
                playbooks.end(playbook, by=request.user, at=now)
                said = gettext("Ended for good.")
            case _deed:
                raise Http404
        messages.success(request, said)
        return _to(pk)

    def change_play(self, request: Any, pk: int, deed: str) -> HttpResponse:
        play = get_object_or_404(Play.objects.select_related("playbook", "campaign"), pk=pk)
        if deed == "remove":
            playbooks.remove_play(play, by=request.user)
        elif deed in {"up", "down"}:
            playbooks.move_play(play, up=deed == "up", by=request.user)
        else:
            raise Http404
        return _to(play.playbook_id)

    def _page(
        self, request: HttpRequest, name: str, title: Any, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return render(request, f"campaigns/{name}.html", site | context)


# --- facts --------------------------------------------------------------------


def about(playbook: Playbook, staff: Any) -> dict[str, Any]:
    """Everything on a playbook's page."""
    found = {one.play_id: one for one in playbook.results.all()}
    related = ("level", "value", "campaign__segment")
    rows = playbook.plays.select_related(*related).order_by("place")
    may = roles.may_change(staff, playbook, playbooks.ACTION)
    now = clock.now()
    return {
        "playbook": playbook,
        "rows": _rows(list(rows), found),
        "tiles": _tiles(found.get(None)),
        "budget": _budget(playbook),
        "left_out": [
            (reasons.said(reason), figures.whole(count))
            for reason, count in plays.left_out(playbook, clock.day_of(now)).items()
        ],
        "periods": strategy.of_playbook(playbook) if playbook.started_at else None,
        "state": _state(playbook, [one.campaign for one in rows]),
        "stopped": [
            (one, words.why(one))
            for one in stops.under_watch(on=clock.day_of(now)).filter(
                campaign__play__playbook=playbook
            )
        ],
        "as_of": found[None].as_of if None in found else None,
        "control": figures.share(playbook.control_share, digits=0),
        "may_change": may,
        "may_arrange": may and playbook.is_draft,
        "may_move": may and playbooks.is_open(playbook),
        "steps": _steps(playbook) if roles.may_change(staff, playbook, playbooks.RUN) else [],
    }


def _rows(found: list[Play], results: dict[int | None, PlayResult]) -> list[dict[str, Any]]:
    """The matrix; a few questions for all its lines."""
    steps = {play.pk: {one["kind"]: one for one in play.campaign.plan} for play in found}
    messages_ = [one["message"] for one in steps.values() if "message" in one]
    batches = CouponBatch.objects.in_bulk([one["coupon"] for one in messages_ if "coupon" in one])
    templates = MessageTemplate.objects.only("name").in_bulk(
        [one["template"] for one in messages_ if "template" in one]
    )
    currency = clock.project().currency
    rows, statuses = [], [one.campaign.status for one in found]
    # Whom a play would leave to those behind it, that somebody was asked about, stays with it.
    held = [at for at, status in enumerate(statuses) if status not in playbooks.OPEN]
    for at, play in enumerate(found):
        segment, message = play.campaign.segment, steps[play.pk].get("message", {})
        coupon, result = batches.get(message.get("coupon")), results.get(play.pk)
        rows.append(
            {
                "play": play,
                "now": figures.whole(segment.size if segment else None),
                "message": templates.get(message.get("template")),
                "coupon": coupon,
                "gives": coupon_words.gives(coupon, currency) if coupon else "",
                "task": kept_words.said(steps[play.pk].get("task", {}).get("title", "")),
                "can_go": statuses[at] != Campaign.Status.SUBMITTED and at >= max(held, default=0),
                "result": result and _told(result, currency),
            }
        )
    return rows


def _told(one: PlayResult, currency: str) -> dict[str, str]:
    bounds = ""
    if one.lift_low is not None and one.lift_high is not None:
        bounds = f"{figures.signed_share(one.lift_low)} … {figures.signed_share(one.lift_high)}"
    return {
        "treated": figures.whole(one.treated),
        "share": figures.share(one.share),
        "control": figures.share(one.control_share),
        "control_size": figures.whole(one.control),
        "lift": figures.signed_share(one.lift),
        "bounds": bounds,
        "saved": figures.number(one.saved, digits=0),
        "cost": money(one.cost_minor, currency),
        "wake_cost": money(one.cost_a_wake, currency),
        "stayed": figures.share(one.stayed_share),
    }


def _tiles(whole: PlayResult | None) -> list[tuple[str, str, str]]:
    if whole is None:
        return []
    said = _told(whole, clock.project().currency)
    alone = gettext("%(share)s of the control by themselves") % {"share": said["control"]}
    return [
        (gettext("got a play"), said["treated"], ""),
        (pgettext("playbook", "came back"), said["share"], alone),
        (gettext("lift against the control"), said["lift"], said["bounds"]),
        (gettext("saved customers"), said["saved"], ""),
        (gettext("cost per customer won back"), said["wake_cost"], said["cost"]),
        (gettext("active in the seven days after"), said["stayed"], ""),
    ]


def _budget(playbook: Playbook) -> dict[str, Any] | None:
    """How much of it is gone, and promised."""
    if playbook.budget_minor is None:
        return None
    spent, promised = exposure.spent(playbook), exposure.promised(playbook, at=clock.now())
    currency = clock.project().currency
    return {
        "all": money(playbook.budget_minor, currency),
        "spent": money(spent, currency),
        "promised": money(promised, currency),
        "is_used_up": spent + promised >= playbook.budget_minor,
    }


def _steps(playbook: Playbook) -> list[tuple[str, Any, bool]]:
    """The buttons that are open: deed, words, whether it is the next thing to do."""
    status, found = Playbook.Status, list[tuple[str, Any, bool]]()
    campaigns = plays.campaigns(playbook)
    if any(one.is_draft for one in campaigns):
        found.append(("submit", _("Ask for approval of all plays"), True))
    if playbook.status in {status.DRAFT, status.PAUSED} and campaigns:
        ready = all(one.status in {"approved", "sending"} for one in campaigns)
        found.append(("start", _("Put it in force"), True)) if ready else None
    if playbook.status == status.ACTIVE:
        found.append(("pause", _("Pause"), False))
    if playbook.status != status.ENDED:
        found.append(("end", _("End it for good"), False))
    return found


def _state(playbook: Playbook, campaigns: list[Campaign]) -> str:
    """What it waits for: a yes, or customers who come into a level."""
    status, names = (
        Playbook.Status,
        [str(one) for one in campaigns if one.status == Campaign.Status.SUBMITTED],
    )
    if names and playbook.status in {status.DRAFT, status.PAUSED}:
        words = gettext("It waits for a yes to %(names)s; then it can be put in force.")
        return words % {"names": formats.listed(names)}
    if playbook.status != status.ACTIVE:
        return ""
    seen = [one.seen_at for one in playbook.plays.exclude(campaign__segment__computed_at=None)]
    if None in seen or not seen:
        return gettext("Who stands in a level now comes in within a minute or two.")
    return gettext(
        "Only who comes into a level from now on gets a play: the levels are computed every "
        "night, or at once on their own pages, and a minute later it looks who came."
    )


def money(minor: float | None, currency: str) -> str:
    return figures.money(None if minor is None else round(minor), currency)


def _of(playbook: Playbook, said: Callable[[PlayResult], str]) -> str:
    whole = next(iter(playbook.results.all()), None)
    return said(whole) if whole else figures.NOTHING


def _found(pk: int) -> Playbook:
    return get_object_or_404(Playbook.objects.select_related("owner", "team"), pk=pk)


def _to(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:campaigns_playbook_change", args=[pk]))
