"""The parts of a rule as frozen records, and the error that names one of them."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

# Where a part stands in the JSON: ("all", 2, "value").
Path = tuple[str | int, ...]
Scalar = str | int | float
Operand = Scalar | tuple[Scalar, ...] | None
MARKETING = "marketing"  # what a consent is for, unless a rule says otherwise


def gettext_noop(words: str) -> str:
    """Mark words for the catalogue; whoever shows them translates."""
    return words


class RuleError(ValueError):
    """A rule that cannot be understood: where, and why in words.

    `words` is an English message id with `%(name)s` places; `said` gives it in the
    language of a reader, so that this package needs no translations of its own.
    """

    def __init__(self, path: Path, words: str, /, **params: Any) -> None:
        self.path, self.words, self.params = path, words, params
        super().__init__(words % params)

    def said(self, translate: Callable[[str], str]) -> str:
        inner = {
            name: value.said(translate) if isinstance(value, RuleError) else value
            for name, value in self.params.items()
        }
        return translate(self.words) % inner


@dataclass(frozen=True)
class Node:
    """Any part; two parts that say the same are equal wherever they stand."""

    path: Path = field(default=(), compare=False, kw_only=True)


@dataclass(frozen=True)
class AllOf(Node):
    """Every part holds; without parts it is everyone."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True)
class AnyOf(Node):
    """At least one part holds."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True)
class Not(Node):
    """The part does not hold."""

    part: "Rule"


@dataclass(frozen=True)
class Trait(Node):
    """What we computed about the customer compares so."""

    key: str
    op: str
    value: Operand = None


@dataclass(frozen=True)
class Profile(Node):
    """What the customer's profile says compares so."""

    key: str
    op: str
    value: Operand = None


@dataclass(frozen=True)
class Where(Node):
    """A property of the event compares so."""

    key: str
    op: str
    value: Operand = None


@dataclass(frozen=True)
class Did(Node):
    """Did the event at least `times` times in a window, or did not.

    The window is the `days` days (None: ever) that end `ago` days before the day of the
    computation, or the days from `since` to `until`, both included; never both forms.
    """

    event: str
    did: bool = True
    times: int = 1
    days: int | None = None
    where: tuple[Where, ...] = ()
    ago: int = 0
    since: dt.date | None = None
    until: dt.date | None = None

    def span(self, day: dt.date) -> tuple[dt.date | None, dt.date]:
        """The first (None: ever) and the last day of the window; nothing later than `day`."""
        if self.since or self.until:
            return self.since, min(self.until or day, day)
        last = day - dt.timedelta(days=self.ago)
        return (last - dt.timedelta(days=self.days - 1) if self.days else None), last


@dataclass(frozen=True)
class DaysSince(Node):
    """Whole days since the first or the last time that the customer did the event, ever."""

    which: Literal["first", "last"]
    event: str
    op: str
    value: Operand = None


@dataclass(frozen=True)
class Deed(Node):
    """One step of a sequence: an event under conditions."""

    event: str
    where: tuple[Where, ...] = ()


@dataclass(frozen=True)
class Sequence(Node):
    """Did `first` within the last `days` days, and `then` within `hours` after it, or not.

    One such `first` is enough. With `did` false it is one that was not followed by `then`;
    a `first` whose hours are not over yet says nothing. An event never follows itself.
    """

    first: Deed
    then: Deed
    did: bool = True
    hours: int = 24
    days: int = 30


@dataclass(frozen=True)
class InStage(Node):
    """Stands in one of these stages of a set, and has for at least (most) so many days."""

    stage_set: str
    stages: tuple[str, ...]
    days: int | None = None
    op: Literal[">=", "<="] = ">="


@dataclass(frozen=True)
class InSegment(Node):
    """Is a member of another segment."""

    segment: int


@dataclass(frozen=True)
class Crossed(Node):
    """Came into another segment, or left it, within the last `days` days by its snapshots."""

    way: Literal["entered", "left"]
    segment: int
    days: int = 7


@dataclass(frozen=True)
class Tagged(Node):
    """Has a tag."""

    tag: int


@dataclass(frozen=True)
class Listed(Node):
    """Is on an uploaded list of customers."""

    customer_list: int


@dataclass(frozen=True)
class RandomShare(Node):
    """Belongs to a random share, in percent; for one seed always the same customers."""

    percent: int
    seed: str = ""


@dataclass(frozen=True)
class Consented(Node):
    """Agreed to hear from us through a channel, for a purpose."""

    channel: str
    purpose: str = MARKETING


Leaf = (
    Trait
    | Profile
    | Did
    | DaysSince
    | Sequence
    | InStage
    | InSegment
    | Crossed
    | Tagged
    | Listed
    | RandomShare
    | Consented
)
Rule = AllOf | AnyOf | Not | Leaf


def leaves(rule: Rule) -> Iterator[Leaf]:
    """The conditions of a rule in reading order."""
    if isinstance(rule, AllOf | AnyOf):
        for part in rule.parts:
            yield from leaves(part)
    elif isinstance(rule, Not):
        yield from leaves(rule.part)
    else:
        yield rule
