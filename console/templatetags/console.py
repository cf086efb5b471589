"""How templates write money and shares, and where a page is in the house."""

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.text import capfirst

from console import clock, figures, menu
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


def _is_list(context: Context, opts: Any) -> bool:
    """Whether the page is the list itself, or stands in its place."""
    at = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return "cl" in context or context["request"].path == at
