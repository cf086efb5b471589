"""The kinds of work, each with the form that says what came of it, kept to be counted."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

LONGEST = 300


@dataclass(frozen=True)
class Result:
    """One way in which work of a kind can end."""

    key: str
    label: Any
    tone: str = ""  # good, warn, bad
    goes_on: bool = False  # it does not end: it is to be tried again on a later day


@dataclass(frozen=True)
class Ask:
    """One more thing that a form asks for."""

    name: str
    label: Any
    shape: str = "line"  # line, number, day
    least: int = 0
    most: int = 0
    needed_with: tuple[str, ...] = ()  # by which results it must be said


@dataclass(frozen=True)
class Kind:
    """A kind of work: what people call it, and what its form asks for."""

    key: str
    label: Any
    results: tuple[Result, ...] = ()
    asks: tuple[Ask, ...] = ()
    days: int = 3  # when somebody gives it by hand and says no day
    is_given: bool = False  # people give it by hand; others come of themselves
    by_deed: bool = False  # it is done by deciding on the page of what it is about

    def result(self, key: str) -> Result | None:
        return next((one for one in self.results if one.key == key), None)


@dataclass(frozen=True)
class Answer:
    """What somebody answered; without problems it can be kept."""

    result: str
    facts: dict[str, Any]
    problems: dict[str, str] = field(default_factory=dict)
    again_on: dt.date | None = None


AGAIN = Ask("again_on", gettext_lazy("again on"), "day", needed_with=("again",))
CALL_AGAIN = Result("again", pgettext_lazy("a call", "call again"), "warn", goes_on=True)
_ALL = (
    Kind(
        "callback",
        pgettext_lazy("kind of work", "call back"),
        (
            Result("reached", pgettext_lazy("a call", "reached"), "good"),
            CALL_AGAIN,
            Result("not_reached", pgettext_lazy("a call", "not reached"), "bad"),
            Result("refused", pgettext_lazy("a call", "does not want to be called"), "bad"),
        ),
        (
            AGAIN,
            Ask("satisfaction", gettext_lazy("how satisfied, 1 to 5"), "number", 1, 5),
            Ask("wish", gettext_lazy("what the customer wants")),
        ),
        is_given=True,
    ),
    Kind(
        "survey",
        pgettext_lazy("kind of work", "survey"),
        (
            Result("answered", pgettext_lazy("a survey", "answered"), "good"),
            CALL_AGAIN,
            Result("refused", pgettext_lazy("a survey", "does not want to answer"), "bad"),
            Result("not_reached", pgettext_lazy("a call", "not reached"), "bad"),
        ),
        (
            AGAIN,
            Ask(
                "score",
                gettext_lazy("would recommend us, 0 to 10"),
                "number",
                0,
                10,
                needed_with=("answered",),
            ),
            Ask("reason", gettext_lazy("the reason, in their words")),
        ),
        days=7,
        is_given=True,
    ),
    Kind("stop_loss", pgettext_lazy("kind of work", "stop-loss decision"), by_deed=True),
    Kind("transfer", pgettext_lazy("kind of work", "money that another team asks for")),
    Kind("allocation", pgettext_lazy("kind of work", "move of money"), by_deed=True),
    Kind("not_begun", pgettext_lazy("kind of work", "approved, and not begun")),
    Kind("returns", pgettext_lazy("kind of work", "mailbox of bounces")),
    Kind(
        "incident",
        pgettext_lazy("kind of work", "incident step"),
        (
            Result("done", pgettext_lazy("a step", "done"), "good"),
            Result("partly", pgettext_lazy("a step", "done in part"), "warn"),
            Result("impossible", pgettext_lazy("a step", "could not be done"), "bad"),
        ),
        (Ask("told", gettext_lazy("customers who were told"), "number", 0, 1_000_000_000),),
        days=1,
        is_given=True,
    ),
    Kind(
        "review",
        pgettext_lazy("kind of work", "review"),
        (
            Result("keep", pgettext_lazy("a review", "go on like this"), "good"),
            Result("change", pgettext_lazy("a review", "do it differently"), "warn"),
            Result("stop", pgettext_lazy("a review", "do not do it again"), "bad"),
        ),
        (
            Ask("kept", gettext_lazy("what was good")),
            Ask("changed", gettext_lazy("what to do differently"), needed_with=("change",)),
        ),
        days=7,
        is_given=True,
    ),
    Kind(
        "decision",
        pgettext_lazy("kind of work", "decided in a meeting"),
        (
            Result("done", pgettext_lazy("a decision", "carried out"), "good"),
            Result("partly", pgettext_lazy("a decision", "carried out in part"), "warn"),
            Result("not_done", pgettext_lazy("a decision", "not carried out"), "bad"),
        ),
        days=7,
    ),
    Kind(
        "answer",
        pgettext_lazy("kind of work", "asked for a yes"),
        (
            Result("yes", pgettext_lazy("an answer", "yes"), "good"),
            Result("no", pgettext_lazy("an answer", "no"), "bad"),
        ),
        days=2,
    ),
    Kind(
        "learning",
        pgettext_lazy("kind of work", "learning"),
        (
            Result("shown", pgettext_lazy("learning", "shown that it is learnt"), "good"),
            Result("again", pgettext_lazy("learning", "needs more time"), "warn", goes_on=True),
        ),
        (AGAIN, Ask("seen", gettext_lazy("where it can be seen"), needed_with=("shown",))),
    ),
    Kind(
        "period_rule",
        pgettext_lazy("kind of work", "broken rule"),
        (
            Result("mended", pgettext_lazy("a broken rule", "something was done"), "good"),
            Result("accepted", pgettext_lazy("a broken rule", "accepted as it is"), "warn"),
            Result("false_alarm", pgettext_lazy("a broken rule", "false alarm")),
        ),
    ),
    Kind(
        "verdict",
        pgettext_lazy("kind of work", "request that missed its number"),
        (
            Result("more", pgettext_lazy("a verdict", "asked for more"), "warn"),
            Result("left", pgettext_lazy("a verdict", "left as it is")),
            Result("undone", pgettext_lazy("a verdict", "taken back"), "bad"),
        ),
    ),
    Kind("campaign", pgettext_lazy("kind of work", "task of a campaign")),
    Kind("stopped_campaign", pgettext_lazy("kind of work", "stopped campaign")),
    Kind("trial", pgettext_lazy("kind of work", "choose a winner")),
    Kind("budget", pgettext_lazy("kind of work", "budget runs low")),
    Kind("other", pgettext_lazy("kind of work", "other"), is_given=True),
)
BY_KEY = {one.key: one for one in _ALL}


def of(key: str) -> Kind:
    """The kind under this key; one that nobody knows has a plain form."""
    return BY_KEY.get(key) or Kind(key, key.replace("_", " "))


def usual_deadline(key: str, *, on: dt.date) -> dt.date:
    """When it is due, where somebody gives it by hand and says no day."""
    return on + dt.timedelta(days=of(key).days)


def choices(*, given: bool = False) -> list[tuple[str, Any]]:
    """The kinds by name; `given`: only those that people give by hand."""
    return [(one.key, one.label) for one in _ALL if one.is_given or not given]


def read(kind: Kind, said: Mapping[str, str]) -> Answer:
    """The answers to a kind's form, with what is missing or makes no sense, by its name."""
    result, facts, problems = said.get("result", ""), {}, {}
    if kind.results and kind.result(result) is None:
        problems["result"] = _("Say what came of it.")
    for ask in kind.asks:
        text = said.get(ask.name, "").strip()
        if not text:
            if result in ask.needed_with:
                problems[ask.name] = _("Say this as well: %(what)s.") % {"what": ask.label}
            continue
        value = _value(ask, text)
        if value is None:
            problems[ask.name] = _("This makes no sense: %(what)s.") % {"what": ask.label}
        else:
            facts[ask.name] = value
    again_on = facts.pop("again_on", None)
    ends = kind.result(result) if kind.results else None
    is_again = ends is not None and ends.goes_on and again_on is not None
    return Answer(
        result if ends else "",
        facts,
        problems,
        dt.date.fromisoformat(str(again_on)) if is_again else None,
    )


def told(kind: Kind, facts: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """What a form was answered besides the result, as labels and values."""
    return [(one.label, facts[one.name]) for one in kind.asks if one.name in facts]


def _value(ask: Ask, text: str) -> int | str | None:
    match ask.shape:
        case "number":
            number = int(text) if text.isdecimal() and len(text) <= 10 else None
            return number if number is not None and ask.least <= number <= ask.most else None
        case "day":
            try:
                return dt.date.fromisoformat(text).isoformat()
            except ValueError:
                return None
    return text if len(text) <= LONGEST and "\0" not in text else None
