"""Events in templates, under the names that people know."""

from django import template

from segments import catalogue

register = template.Library()


@register.filter
def event_title(name: str) -> str:
    """What one kind of event is called; for many, ask `catalogue.titles` once instead."""
    return catalogue.title(name)
