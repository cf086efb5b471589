"""Traits in words: what a recipe computes, as a sentence, and values as people read them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console import figures, formats
from segments import traits
from segments.recipes import nodes
from segments.recipes.nodes import AMOUNT, Events, Recipe
from segments.rules import operators
from segments.rules.vocabulary import unit_of

WORDS = {
    "paid": gettext_lazy("what counts as paid"),
    "active": gettext_lazy("what counts as active"),
    "interaction": gettext_lazy("what counts as interaction"),
}
HOWS = {
    "sum": gettext_lazy("together"),
    "average": gettext_lazy("on average"),
    "min": gettext_lazy("the smallest"),
    "max": gettext_lazy("the largest"),
}


def sentence(recipe: Recipe, titles: Mapping[str, str], known: Mapping[str, traits.Trait]) -> str:
    """What a recipe computes."""
    if isinstance(recipe, nodes.FromEvents):
        return _of_events(recipe, events(recipe.of, titles), titles)
    label = {key: str(one.label) for key, one in known.items()}
    match recipe:
        case nodes.Field(field):
            return _("The field “%(field)s” of the profile.") % {"field": field}
        case nodes.KnownSince():
            return _("The day from which on we know the customer.")
        case nodes.Since(date):
            return _("Days since: %(date)s.") % {"date": label.get(date, date)}
        case nodes.Between(start, end):
            names = {"start": label.get(start, start), "end": label.get(end, end)}
            return _("Days from “%(start)s” to “%(end)s”.") % names
        case nodes.Ratio(part, whole, at_most=most):
            names = {"part": label.get(part, part), "whole": label.get(whole, whole)}
            if most is not None:
                words = _("“%(part)s” divided by “%(whole)s”, at most %(most)s.")
                return words % {**names, "most": most}
            return _("“%(part)s” divided by “%(whole)s”.") % names
    return _("Another part of the console computes it.")


def _of_events(recipe: nodes.FromEvents, what: str, titles: Mapping[str, str]) -> str:
    match recipe:
        case nodes.Until(to=to):
            names = {"what": what, "to": formats.listed([titles.get(one, one) for one in to])}
            return _("Minutes from the first of: %(what)s, to the first after it: %(to)s.") % names
        case nodes.Count():
            return _("How many: %(what)s.") % {"what": what}
        case nodes.Sum(how=how, value=value):
            value = str(_("amount")) if value == AMOUNT else value
            names = {"value": value, "how": str(HOWS[how]), "what": what}
            return _("The value “%(value)s”, %(how)s: %(what)s.") % names
        case nodes.Moment() | nodes.Next() | nodes.Days() | nodes.Streak():
            return _of_days(recipe) % {"what": what}
        case nodes.Different() | nodes.Favourite() | nodes.Suggested():
            return _of_values(recipe) % {"value": recipe.value, "what": what}
    return _of_trends(recipe, what)


def _of_days(recipe: nodes.OfDays) -> str:
    match recipe:
        case nodes.Moment(which="first"):
            return _("The first day of: %(what)s.")
        case nodes.Moment():
            return _("The last day of: %(what)s.")
        case nodes.Next():
            return _("The day on which the next is to be expected: %(what)s.")
        case nodes.Days():
            return _("On how many days: %(what)s.")
    return _("On how many days in a row, up to now: %(what)s.")


def _of_values(recipe: nodes.OfValues) -> str:
    match recipe:
        case nodes.Different():
            return _("How many different values of “%(value)s”: %(what)s.")
        case nodes.Favourite():
            return _("The most frequent value of “%(value)s”: %(what)s.")
    return _("The “%(value)s” that customers alike had and this one has not: %(what)s.")


def _of_trends(recipe: nodes.FromEvents, what: str) -> str:
    match recipe:
        case nodes.Change(days=days, before=before):
            return _(
                "A day in the last %(days)d whole days against the %(before)d before them, in "
                "percent of those: %(what)s."
            ) % {"days": days, "before": before, "what": what}
        case nodes.Falling():
            return _("For how many days in a row the events of a week became fewer: %(what)s.") % {
                "what": what
            }
        case nodes.Slope():
            return _("By how many a day they become more: %(what)s.") % {"what": what}
        case nodes.Visits(how="count"):
            return _("How many visits: %(what)s.") % {"what": what}
    return _("Minutes of a visit on average: %(what)s.") % {"what": what}


def events(of: Events, titles: Mapping[str, str]) -> str:
    """Which events, under which conditions, of how many days."""
    names = [titles.get(name, name) for name in of.names]
    words = str(WORDS[of.word]) if of.word else formats.listed(names)
    for one in of.where:
        operator = operators.TABLE[one.op]
        value = (
            one.value
            if not isinstance(one.value, tuple)
            else formats.listed([str(part) for part in one.value])
        )
        words += _(", %(property)s %(operator)s %(value)s") % {
            "property": one.property,
            "operator": _(operator.label),
            "value": "" if value is None else value,
        }
        words = words.rstrip()
    if of.days:
        last = ngettext("last %(days)d day", "last %(days)d days", of.days)
        return _("%(what)s (%(window)s)") % {"what": words, "window": last % {"days": of.days}}
    return words


def value(trait: traits.Trait, raw: Any, currency: str) -> str:
    """One value with its unit, as people read it."""
    if raw is None:
        return figures.NOTHING
    if trait.kind == traits.MONEY:
        return figures.money(round(raw), currency)
    if trait.kind == traits.DATE and not hasattr(raw, "isoformat"):
        raw = traits.EPOCH + dt.timedelta(days=int(raw))
    if trait.kind in {traits.DATE, traits.CHOICE}:
        return str(raw)
    number = f"{raw:,.2f}".rstrip("0").rstrip(".") if isinstance(raw, float) else figures.whole(raw)
    return f"{number} {unit_of(raw, str(trait.unit))}".strip()


def valueless(labels: Sequence[str]) -> str:
    """That nobody has a value of traits of these names; nothing where there are none."""
    if not labels:
        return ""
    return _(
        "no customer has a value of %(traits)s: what it is computed from has not come in, "
        "or it was not computed yet"
    ) % {"traits": formats.listed(f"“{one}”" for one in labels)}
