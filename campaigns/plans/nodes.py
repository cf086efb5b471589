"""The steps of a plan as frozen records, and the error that names one of them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from segments.rules.nodes import Path, RuleError

Deed = Literal["opened", "clicked", "done"]
By = Literal["opened", "clicked", "converted"]


class PlanError(RuleError):
    """A plan that cannot be understood: at which step, and why in words."""


@dataclass(frozen=True)
class Step:
    """Any step: its key names it in messages and waves, whatever its place becomes."""

    KIND: ClassVar[str] = ""

    key: str
    path: Path = field(default=(), compare=False, kw_only=True)


@dataclass(frozen=True)
class Variant:
    """One of several wordings of a message; weights are relative to each other."""

    key: str
    template: int
    weight: int


@dataclass(frozen=True)
class Second:
    """The channel, with words of its own, that the contact policy may send a message through
    where its first one is not open."""

    channel: str
    template: int


@dataclass(frozen=True)
class Contest:
    """How the best of several ways is found: tried on some first, all others get the winner.

    Looked at all the time, it ends as soon as one is surely better and each was tried `least`
    times; at the latest after `hours`, with what is ahead then, or with a person's word.
    """

    by: By
    share: int  # percent of those who come that it is tried on
    least: int
    hours: int
    unclear: Literal["best", "person"] = "best"


@dataclass(frozen=True)
class Message(Step):
    """Say something. What has not left `expires` minutes after it was due leaves no more."""

    KIND = "message"

    channel: str
    variants: tuple[Variant, ...]
    coupon: int | None = None
    expires: int | None = None
    second: Second | None = None
    contest: Contest | None = None

    @property
    def templates(self) -> list[int]:
        """Everything that it may say, each once."""
        seconds = [self.second.template] if self.second else []
        return list(dict.fromkeys([*(one.template for one in self.variants), *seconds]))

    @property
    def channels(self) -> list[str]:
        return [self.channel, *([self.second.channel] if self.second else [])]


@dataclass(frozen=True)
class Wait(Step):
    """Let time pass: so many minutes, then until an hour or a weekday in somebody's zone."""

    KIND = "wait"

    minutes: int = 0
    at: dt.time | None = None
    weekdays: tuple[int, ...] = ()  # 1 is Monday; empty: any
    zone: Literal["customer", "project"] = "customer"


@dataclass(frozen=True)
class Branch(Step):
    """Those for whom it holds go one way, the others another; all go on behind it.

    The condition is a rule of segments, as JSON, or a deed about an earlier step. Those who never
    got the message that it asks about have a way of their own, or else go the others'.
    """

    KIND = "branch"

    rule: Any
    deed: Deed | None
    of: str
    yes: tuple[Step, ...]
    no: tuple[Step, ...]
    never: tuple[Step, ...] | None = None


@dataclass(frozen=True)
class Arm:
    """One way of a split; weights are relative to each other."""

    key: str
    weight: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Split(Step):
    """Customers are told apart by chance, the same way for ever."""

    KIND = "split"

    arms: tuple[Arm, ...]


# The kinds of work that a task can be: `console.work_kinds` has their forms.
DUTIES = ("callback", "survey", "review")


@dataclass(frozen=True)
class Task(Step):
    """Somebody of the staff has to do something, for each customer or once for all."""

    KIND = "task"

    title: str
    days: int
    plan: str = ""
    owner: int | None = None
    team: int | None = None
    each: bool = True
    duty: str = ""  # what kind of work it is, whose form is then answered; empty: any


@dataclass(frozen=True)
class Exit(Step):
    """The way ends here."""

    KIND = "exit"


@dataclass(frozen=True)
class Plan:
    """All steps, and where one goes from each."""

    steps: tuple[Step, ...]
    by_key: dict[str, Step] = field(compare=False)
    follows: dict[str, str | None] = field(compare=False)  # what comes behind each step

    @property
    def first(self) -> str | None:
        return self.steps[0].key if self.steps else None

    def entry_of(self, steps: tuple[Step, ...], around: Step) -> str | None:
        """The first of a way's steps; where it has none, what comes behind the step around it."""
        return steps[0].key if steps else self.follows[around.key]

    def ahead(self, key: str) -> set[str]:
        """The steps that somebody who stands before this one may still come to."""
        found: set[str] = set()
        waiting = self._next(key)
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting += self._next(step)
        return found

    def _next(self, key: str) -> list[str]:
        step, behind = self.by_key[key], self.follows[key]
        inside = [way[0].key for way in ways(step) if way]
        return [*inside, *([behind] if behind else [])]

    def messages(self) -> Iterator[Message]:
        """The messages in reading order."""
        for step in self.by_key.values():
            if isinstance(step, Message):
                yield step

    def has_work(self) -> bool:
        """Whether somebody of the staff has something to do."""
        return any(isinstance(step, Task) for step in self.by_key.values())

    def has_split(self) -> bool:
        """Whether chance gives some of the customers another way."""
        return any(isinstance(step, Split) for step in self.by_key.values())

    def channels(self) -> set[str]:
        return {channel for message in self.messages() for channel in message.channels}


def ways(step: Step) -> tuple[tuple[Step, ...], ...]:
    """The ways inside a step; none for most."""
    match step:
        case Branch():
            return step.yes, step.no, *([] if step.never is None else [step.never])
        case Split():
            return tuple(arm.steps for arm in step.arms)
        case _plain:
            return ()


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """All steps in reading order."""
    for step in steps:
        yield step
        for way in ways(step):
            yield from walk(way)
