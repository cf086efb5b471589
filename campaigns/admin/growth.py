"""Screens of the growth programme: levels, badges and what is rewarded; and where one stands."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from campaigns.growth import badges, programme
from campaigns.growth.programme import PERKS, SOCIAL, TASKS, Level, Programme
from campaigns.growth.standing import standing
from campaigns.models import Campaign
from console import charts, clock, figures, formats, roles
from console.charts import Chart
from segments import merging, tags
from segments.models import Tag
from segments.rules.nodes import RuleError

REWARDS = {
    TASKS: gettext_lazy("Tasks: what one does, and coming often"),
    SOCIAL: gettext_lazy("Others: sharing, inviting, making content"),
    PERKS: gettext_lazy("Standing: perks of a level or of a badge"),
}
LACKS = {
    TASKS: pgettext_lazy("rewarded", "tasks"),
    SOCIAL: pgettext_lazy("rewarded", "what others have of it"),
    PERKS: pgettext_lazy("rewarded", "standing"),
}


def page(request: Any, site: dict[str, Any]) -> HttpResponse:
    """The programme; a POST takes the badges that ship."""
    if request.method == "POST":
        _take(request)
        return HttpResponseRedirect(request.path)
    found = programme.programme(clock.today())
    everybody = sum(one.size for one in found.levels)
    context = {
        "title": _("Growth programme"),
        "programme": found,
        "levels": _levels(found),
        "badges": [
            (
                one,
                figures.whole(one.tag.size),
                figures.share(one.tag.size / everybody if everybody else None),
                figures.whole(one.lately),
            )
            for one in found.badges
        ],
        "days": programme.DAYS,
        "rewards": [
            (label, [(str(one), _page_of(one)) for one in found.rewards[kind]])
            for kind, label in REWARDS.items()
        ],
        "lacking": _lacking(found),
        "at_the_end": figures.whole(found.at_the_end) if found.at_the_end else "",
        "may_add": bool(badges.missing()),
        "may_take": roles.allows(request.user, tags.ACTION),
        "scoring": reverse("admin:segments_scoring_changelist"),
    }
    return render(request, "campaigns/growth.html", site | context)


def _lacking(found: Programme) -> str:
    """What is not rewarded, where anything is."""
    lacks = [LACKS[kind] for kind, some in found.rewards.items() if not some]
    return formats.listed(lacks) if len(lacks) < len(LACKS) else ""


def _take(request: Any) -> None:
    try:
        made = badges.take(by=request.user)
    except RuleError as problem:
        messages.error(request, problem.said(_))
        return
    words = ngettext("%(count)s badge was made.", "%(count)s badges were made.", len(made))
    messages.success(request, words % {"count": len(made)})


def _levels(found: Programme) -> Chart:
    levels, everybody = found.levels, sum(one.size for one in found.levels)
    return Chart(
        id="levels",
        title=_("Levels"),
        option=charts.bars(
            [one.tier.name for one in levels],
            [one.size for one in levels],
            name=_("Customers"),
            unit=charts.unit("count"),
            lying=True,
            colors=[one.tier.color for one in levels],
        ),
        columns=[
            pgettext_lazy("growth", "Level"),
            _("From (points)"),
            _("Customers"),
            _("Share"),
            _("Came up, 30 days"),
            _("Fell in, 30 days"),
            _("What it brings"),
        ],
        rows=[_row(one, everybody) for one in levels],
        definition=_("A level is a tier of the value score, from 0 to 1000 points."),
        freshness=_("As of %(day)s") % {"day": found.day.isoformat()} if found.day else "",
        empty=_("Levels appear once the value score was run."),
    )


def _row(one: Level, everybody: int) -> list[str]:
    return [
        one.tier.name,
        figures.whole(one.least),
        figures.whole(one.size),
        figures.share(one.size / everybody if everybody else None),
        figures.whole(one.came_up),
        figures.whole(one.fell_in),
        formats.listed(str(it) for it in one.perks) or "–",
    ]


def _page_of(one: Campaign | Tag) -> str:
    app, model = one._meta.app_label, one._meta.model_name
    return reverse(f"admin:{app}_{model}_change", args=[one.pk])


def of(request: HttpRequest, pk: int) -> HttpResponse:
    """Where one customer stands, as a part of the customer's page."""
    found = standing(merging.numbers_of(pk), at=clock.now())
    context = {"standing": found, "ahead": figures.share(found.ahead_of)}
    return render(request, "campaigns/standing_of.html", context)
