"""What a rule chooses customers by: RFM, a prediction, what they do, who they are.

Read from rules as they were written, also from those of the past that speak of what is no more.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from segments import acquired, foretold, traits
from segments.models import Trait
from segments.recipes import nodes
from segments.recipes.nodes import Elsewhere, Recipe
from segments.rules import tree


class Ground(StrEnum):
    """One kind of knowledge of customers."""

    RFM = "rfm"
    VALUE = "value"
    PREDICTION = "prediction"
    POTENTIAL = "potential"
    CLUSTERS = "clusters"
    STAGE = "stage"
    BEHAVIOUR = "behaviour"
    PROFILE = "profile"


_WRITTEN = {
    "rfm": Ground.RFM,
    "value": Ground.VALUE,
    "potential": Ground.POTENTIAL,
    "clusters": Ground.CLUSTERS,
    foretold.MODEL: Ground.PREDICTION,
    acquired.BY: Ground.PROFILE,
}
# By the key of the condition; lists, tags, consent and chance tell nothing.
_OF_CONDITIONS = {
    "profile": Ground.PROFILE,
    "stage": Ground.STAGE,
    **dict.fromkeys(("event", "first", "last", "sequence"), Ground.BEHAVIOUR),
}


def recipes() -> dict[str, Recipe]:
    """How each trait came about that there is or was, for `of`."""
    own = [traits.of_row(row) for row in Trait.objects.filter(is_shipped=False)]
    return {one.key: one.recipe for one in [*traits.OURS.values(), *own]}


def of(rules: Iterable[Any], known: Mapping[str, Recipe]) -> frozenset[Ground]:
    """The kinds that the conditions of these rules (as JSON) are of."""
    found = set[Ground]()
    for rule in rules:
        found |= {_OF_CONDITIONS[key] for key in tree.conditions_in(rule) & _OF_CONDITIONS.keys()}
        for key in tree.traits_in(rule) & known.keys():
            found |= _of_recipe(known[key], known)
    return frozenset(found)


def _of_recipe(recipe: Recipe, known: Mapping[str, Recipe]) -> set[Ground]:
    match recipe:
        case Elsewhere(by):
            return {_WRITTEN.get(by, Ground.BEHAVIOUR)}
        case nodes.Field() | nodes.KnownSince():
            return {Ground.PROFILE}
    parts = [known[key] for key in nodes.leans_on(recipe) if key in known]
    return set[Ground]().union(*(_of_recipe(one, known) for one in parts)) or {Ground.BEHAVIOUR}
