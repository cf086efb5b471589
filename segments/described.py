"""One thing that we know of every customer, as the registry has it, whoever made it."""

from dataclasses import dataclass

from django.utils.functional import Promise

from segments.models import Trait as Row
from segments.recipes.nodes import Recipe, Since

WHOLE, NUMBER, MONEY, DATE, CHOICE = (kind.value for kind in Row.Kind)
Words = Promise | str


@dataclass(frozen=True)
class Trait:
    """One thing that we know: its name for people, its meaning, and how it comes about.

    The words of ours follow the reader's language.
    """

    key: str  # of its column, and its name in rules
    label: Words
    definition: Words
    recipe: Recipe
    kind: str = WHOLE
    unit: Words = ""
    is_shipped: bool = True

    @property
    def column(self) -> str:
        """Where its values stand, or the date that they are taken from."""
        return self.recipe.date if isinstance(self.recipe, Since) else self.key

    @property
    def is_derived(self) -> bool:
        """Whether it moves with the calendar alone, and is not stored."""
        return isinstance(self.recipe, Since)
