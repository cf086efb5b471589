"""What a rule may speak about in one project, with the names that people know it by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WHOLE, NUMBER, MONEY, DATE, CHOICE = "whole", "number", "money", "date", "choice"


@dataclass(frozen=True)
class TraitWord:
    """A trait: what it is called, which kind of value it has, and in which unit."""

    label: str
    kind: str = WHOLE
    unit: str = ""
    # Of a choice: each value with what it is called. Others are refused, unless it is `is_open`,
    # as where the values come from events; then those known so far are offered.
    words: Mapping[str, str] = field(default_factory=dict)
    is_open: bool = False
    is_static: bool = False  # says who somebody is and not what they do, such as an age


# English has another word for one of a thing.
SINGULAR = {"days": "day", "hours": "hour", "minutes": "minute", "weeks": "week"}


def unit_of(number: object, unit: str) -> str:
    """The unit as it reads behind this number."""
    return SINGULAR.get(unit, unit) if number == 1 else unit


@dataclass(frozen=True)
class StageSetWord:
    """A stage set and its stages, key to name."""

    label: str
    stages: Mapping[str, str]
    retired: Mapping[str, str] = field(default_factory=dict)  # stages that there were before


@dataclass(frozen=True)
class Vocabulary:
    """Everything known when a rule is read. Properties of events are not checked."""

    traits: Mapping[str, TraitWord] = field(default_factory=dict)
    profile: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # field: values seen
    fields: Mapping[str, str] = field(default_factory=dict)  # what fields of profiles are called
    events: frozenset[str] = frozenset()
    titles: Mapping[str, str] = field(default_factory=dict)  # of events that have one
    stage_sets: Mapping[str, StageSetWord] = field(default_factory=dict)
    segments: Mapping[int, str] = field(default_factory=dict)
    tags: Mapping[int, str] = field(default_factory=dict)
    lists: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    purposes: Mapping[str, str] = field(default_factory=dict)
    # What there was once, by the key of the condition, such as {"segment": {7: "VIP"}}.
    gone: Mapping[str, Mapping[str | int, str]] = field(default_factory=dict)
    # Whether a field or a property of this name tells who somebody is.
    is_contact: Callable[[str], bool] = lambda _name: False
    currency: str = ""
    minor_digits: int = 2
    # Kinds of condition that this rule may not use, such as stages inside a stage's own rule.
    forbidden: frozenset[str] = frozenset()

    def money(self, minor: int) -> str:
        """An amount in minor units as people write it."""
        sign, minor = ("-" if minor < 0 else ""), abs(minor)
        whole, rest = divmod(minor, 10**self.minor_digits)
        cents = f".{rest:0{self.minor_digits}d}" if self.minor_digits else ""
        return f"{sign}{whole:,}{cents} {self.currency}".strip()
