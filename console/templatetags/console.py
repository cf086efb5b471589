"""How templates write money and shares."""

from django import template

from console import clock, figures

register = template.Library()


@register.filter
def money(minor: int | None) -> str:
    """An amount in minor units of the project's currency."""
    return figures.money(minor, clock.project().currency)


@register.filter
def percent(part: float | None) -> str:
    """A share from 0 to 1 as a percentage."""
    return figures.share(part, digits=0)
