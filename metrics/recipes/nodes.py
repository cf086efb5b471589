"""The recipes of metrics as frozen records."""

from dataclasses import dataclass

from metrics.recipes.formulas import Formula
from segments.recipes.nodes import AMOUNT, Events

TAKES = ("count", "customers", "sum", "visits", "seconds")
UNTIL_NOW = ("month", "year", "ever")
HOWS = ("share", "lost", "minutes")


@dataclass(frozen=True)
class Simple:
    """One number of a day's events: how many, of how many customers, or their values' sum."""

    take: str  # of TAKES; visits and seconds are those of visits with gaps under 30 minutes
    of: Events
    value: str = AMOUNT  # of sums


@dataclass(frozen=True)
class Ratio:
    """One metric of a day divided by another."""

    part: str
    whole: str


@dataclass(frozen=True)
class Cumulative:
    """A metric over the days that end with the day: so many, or since a beginning.

    Customers are counted once, however often they come; anything else is added up.
    """

    of: str
    days: int | None = None
    since: str = ""  # of UNTIL_NOW, when there are no days


@dataclass(frozen=True)
class Derived:
    """A formula over other metrics of the day."""

    formula: Formula


@dataclass(frozen=True)
class Conversion:
    """Of those who did the first on the day, who did the other within so many days after it.

    Shares look at days: of two different things on one day the order is not asked. `minutes`
    looks at moments, and is the average from the day's first `first` to the next `then`.
    """

    first: Events | None  # None: customers who are new on the day
    then: Events
    days: int
    how: str = "share"


@dataclass(frozen=True)
class Coded:
    """Computed by code of the console."""

    by: str


Recipe = Simple | Ratio | Cumulative | Derived | Conversion | Coded


def leans_on(recipe: Recipe) -> tuple[str, ...]:
    """The metrics that a recipe is made of."""
    match recipe:
        case Ratio(part, whole):
            return (part, whole)
        case Cumulative(of=of):
            return (of,)
        case Derived(formula):
            return formula.names
    return ()


def events(recipe: Recipe) -> tuple[Events, ...]:
    """The events that a recipe asks for itself."""
    match recipe:
        case Simple(of=of):
            return (of,)
        case Conversion(first, then):
            return (first, then) if first else (then,)
    return ()


def reach(recipe: Recipe) -> int:
    """How many days after its own day a figure may still change."""
    return recipe.days if isinstance(recipe, Conversion) else 0
