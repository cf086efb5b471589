"""Recipes of metrics in words, and how two versions differ."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from metrics.models import Metric
from metrics.recipes import nodes
from metrics.recipes.nodes import Recipe
from segments import trait_words

KINDS = {
    "simple": gettext_lazy("simple: events of the day"),
    "ratio": gettext_lazy("ratio: one metric divided by another"),
    "cumulative": gettext_lazy("cumulative: a metric over several days"),
    "derived": gettext_lazy("derived: a formula over metrics"),
    "conversion": gettext_lazy("conversion: who did one thing and then another"),
    "coded": gettext_lazy("computed by the console"),
}
TAKES = {
    "count": gettext_lazy("how many events"),
    "customers": gettext_lazy("how many different customers"),
    "sum": gettext_lazy("the sum of a value"),
    "visits": gettext_lazy("how many visits"),
    "seconds": gettext_lazy("seconds of visits"),
}
HOWS = {
    "share": gettext_lazy("the share of those who did both"),
    "lost": gettext_lazy("the share of those who did not get there"),
    "minutes": gettext_lazy("minutes from one to the other, on average"),
}
UNTIL_NOW = {
    "month": gettext_lazy("since the beginning of the month"),
    "year": gettext_lazy("since the beginning of the year"),
    "ever": gettext_lazy("since the first day"),
}


def sentence(recipe: Recipe, titles: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """What a recipe computes."""
    match recipe:
        case nodes.Simple(take, of, value):
            what = str(TAKES[take]) if take != "sum" else f"{TAKES[take]} ({value})"
            said = {"what": what, "events": trait_words.events(of, titles)}
            return _("Of the day, %(what)s: %(events)s.") % said
        case nodes.Ratio(part, whole):
            said = {"part": labels.get(part, part), "whole": labels.get(whole, whole)}
            return _("“%(part)s” divided by “%(whole)s”.") % said
        case nodes.Cumulative(of=of, days=days, since=since):
            said = {"of": labels.get(of, of), "since": str(UNTIL_NOW.get(since, ""))}
            if days is None:
                return _("“%(of)s”, %(since)s.") % said
            return ngettext(
                "“%(of)s” of %(days)d day.", "“%(of)s” of the last %(days)d days.", days
            ) % {**said, "days": days}
        case nodes.Derived(formula):
            named = ", ".join(f"{one}: {labels.get(one, one)}" for one in formula.names)
            return f"{formula.text} ({named})"
        case nodes.Conversion():
            return _conversion(recipe, titles)
    return str(KINDS["coded"])


def _conversion(recipe: nodes.Conversion, titles: Mapping[str, str]) -> str:
    first = _("being new") if recipe.first is None else trait_words.events(recipe.first, titles)
    said = {
        "first": first,
        "then": trait_words.events(recipe.then, titles),
        "how": str(HOWS[recipe.how]),
        "days": recipe.days,
    }
    return (
        ngettext(
            "First: %(first)s. Then, within %(days)d day: %(then)s. It tells %(how)s.",
            "First: %(first)s. Then, within %(days)d days: %(then)s. It tells %(how)s.",
            recipe.days,
        )
        % said
    )


def changes(now: Mapping[str, Any], was: Mapping[str, Any]) -> list[str]:
    """What changed from one version to the next, a line each."""
    return [
        _("%(field)s: %(was)s → %(now)s")
        % {
            "field": _FIELDS.get(name, name),
            "was": _said(was.get(name)),
            "now": _said(value),
        }
        for name, value in now.items()
        if value != was.get(name)
    ]


_FIELDS = {field.name: field.verbose_name for field in Metric._meta.concrete_fields}


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items()) or "–"
    return str(value) or "–"
