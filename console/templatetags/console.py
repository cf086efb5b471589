"""How templates write money and shares, and where a page is in the house."""

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.text import capfirst

from console import clock, figures, menu, saved_views
from console.menu import Step

register = template.Library()


@register.filter
def money(minor: int | None) -> str:
    """An amount in minor units of the project's currency."""
    return figures.money(minor, clock.project().currency)


@register.filter
def percent(part: float | None) -> str:
    """A share from 0 to 1 as a percentage."""
    return figures.share(part, digits=0)


@register.inclusion_tag("console/way.html", takes_context=True)
def way(context: Context) -> dict[str, Any]:
    """The way to this page by the menu's sections; names that people gave stay as they are."""
    opts, title = context.get("opts"), context.get("title") or context.get("content_title")
    if opts is None:
        return {"steps": [Step(context.get("content_title") or title)]}
    at = f"admin:{opts.app_label}_{opts.model_name}"
    steps = menu.way(f"{at}_changelist", capfirst(opts.verbose_name_plural))
    record = context.get("original")
    if record:
        steps.append(Step(str(record), reverse(f"{at}_change", args=[record.pk])))
    elif title and not _is_list(context, opts):
        steps.append(Step(title))
    return {"steps": steps}


@register.inclusion_tag("console/saved_views.html", takes_context=True)
def views_of(context: Context, page: str) -> dict[str, Any]:
    """The saved views of a page (a URL's name), and the form that keeps its present filters."""
    request = context["request"]
    query = saved_views.tidy(request.GET.urlencode())
    views = [
        {
            "view": one,
            "address": saved_views.address(one),
            "is_here": one.query == query,
            "is_mine": one.staff_id == request.user.pk,
        }
        for one in saved_views.of(request.user, page)
    ]
    return {"request": request, "page": page, "query": query, "views": views}


def _is_list(context: Context, opts: Any) -> bool:
    """Whether the page is the list itself, or stands in its place."""
    at = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return "cl" in context or context["request"].path == at
