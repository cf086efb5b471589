"""The recipes as frozen records."""

from dataclasses import dataclass

from segments.lake.properties import Condition

AMOUNT = "amount"  # of an event, in minor units; any other value is a property of that name


@dataclass(frozen=True)
class Events:
    """Which events: these names, or those that count as a word (paid, active …); and whose
    properties fulfil all conditions; of the last so many days, or of all time."""

    names: tuple[str, ...] = ()
    word: str = ""
    where: tuple[Condition, ...] = ()
    days: int | None = None


@dataclass(frozen=True)
class Count:
    """How many of the events there were."""

    of: Events


@dataclass(frozen=True)
class Sum:
    """A value of the events together, or its average, smallest or largest."""

    of: Events
    how: str  # sum, average, min, max
    value: str = AMOUNT


@dataclass(frozen=True)
class Moment:
    """The day of the first or last of the events."""

    of: Events
    which: str  # first, last


@dataclass(frozen=True)
class Next:
    """The day on which the next of the events is to be expected: the last such day, and as many
    more as lie between two of them on average; of who had fewer than three, nobody can tell."""

    of: Events


@dataclass(frozen=True)
class Days:
    """On how many different days there were any."""

    of: Events


@dataclass(frozen=True)
class Streak:
    """On how many days in a row there were any, up to the day or the day before."""

    of: Events


@dataclass(frozen=True)
class Different:
    """How many different values a property had."""

    of: Events
    value: str


@dataclass(frozen=True)
class Favourite:
    """The value that a property had most often; of two the one with more money, then letters."""

    of: Events
    value: str


@dataclass(frozen=True)
class Suggested:
    """The value of a property that customers alike had, and this one has not: see `alike`."""

    of: Events
    value: str


@dataclass(frozen=True)
class Change:
    """The level of the last days against the customer's own before, in percent of that.

    Levels are events a day. The last day is the one before the day of the computation, which
    is not over yet. Who did nothing before has no change.
    """

    of: Events  # without days
    days: int = 7
    before: int = 28


@dataclass(frozen=True)
class Falling:
    """For how many days in a row there were fewer events than on the day before."""

    of: Events


@dataclass(frozen=True)
class Slope:
    """By how much the events of a day grow from day to day: the straight line through them."""

    of: Events  # with days


@dataclass(frozen=True)
class Visits:
    """How long visits are on average, in minutes, or how many there were.

    A visit ends with the last event before 30 minutes of none, and with the day.
    """

    of: Events
    how: str  # minutes, count


@dataclass(frozen=True)
class Until:
    """Minutes from the first of the events until the first of others, at that moment or after it.

    Conditions and days are those of the beginning; an end before the first beginning is none.
    """

    of: Events
    to: tuple[str, ...]


@dataclass(frozen=True)
class KnownSince:
    """The day from which on we know the customer: of their registration."""


@dataclass(frozen=True)
class Field:
    """What the profile says."""

    field: str


@dataclass(frozen=True)
class Since:
    """Whole days from a date to the day. Not stored: it would change every night."""

    date: str  # the key of a trait


@dataclass(frozen=True)
class Between:
    """Whole days from one date to another."""

    start: str
    end: str


@dataclass(frozen=True)
class Ratio:
    """One trait divided by another; nothing where that is nought."""

    part: str
    whole: str
    percent: bool = False
    at_most: int | None = None


@dataclass(frozen=True)
class Elsewhere:
    """Written by another part of the console, such as a scoring."""

    by: str


OfValues = Different | Favourite | Suggested
Trends = Change | Falling | Slope
OfDays = Moment | Next | Days | Streak
FromEvents = Count | Sum | OfDays | OfValues | Trends | Visits | Until
FromTraits = Since | Between | Ratio
Recipe = FromEvents | FromTraits | KnownSince | Field | Elsewhere


def leans_on(recipe: Recipe) -> tuple[str, ...]:
    """The traits that a recipe is made of."""
    match recipe:
        case Since(date):
            return (date,)
        case Between(start, end):
            return (start, end)
        case Ratio(part, whole):
            return (part, whole)
    return ()
