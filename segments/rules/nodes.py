"""The parts of a rule as frozen records, and the error that names one of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

# Where a part stands in the JSON: ("all", 2, "value").
Path = tuple[str | int, ...]
Scalar = str | int | float
Operand = Scalar | tuple[Scalar, ...] | None


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
    """Did the event at least `times` times in the last `days` days (None: ever), or did not."""

    event: str
    did: bool = True
    times: int = 1
    days: int | None = None
    where: tuple[Where, ...] = ()


@dataclass(frozen=True)
class InStage(Node):
    """Stands in one of these stages of a set."""

    stage_set: str
    stages: tuple[str, ...]


@dataclass(frozen=True)
class InSegment(Node):
    """Is a member of another segment."""

    segment: int


@dataclass(frozen=True)
class Consented(Node):
    """Agreed to hear from us through a channel."""

    channel: str


Leaf = Trait | Profile | Did | InStage | InSegment | Consented
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
