"""How templates write money."""

from django import template

from console import clock, figures

register = template.Library()


@register.filter
def money(minor: int | None) -> str:
    """An amount in minor units of the project's currency."""
    return figures.money(minor, clock.project().currency)
