"""The short form of each kind of request, and when it says enough to be asked."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from console import clock, kept_words
from console.models import TeamRequest

Kind = TeamRequest.Kind
EVENT = "event"  # of a feature: the kind of event by which its users are known
Words = str | Promise


@dataclass(frozen=True)
class Field:
    """One question of a kind's form; its answer stands in `details` under its name."""

    name: str
    label: Words
    help: Words = ""
    is_needed: bool = True
    rows: int = 3  # of the box on the form; 1 is a line


@dataclass(frozen=True)
class Missing:
    """A field without which nobody can begin, and what is to be said there."""

    name: str
    words: str

    def __str__(self) -> str:
        return self.words


FIELDS: dict[str, tuple[Field, ...]] = {
    Kind.FEATURE: (
        Field(
            "users_can",
            gettext_lazy("What users can do then"),
            gettext_lazy("One sentence, from the user's side."),
        ),
        Field(
            "done_when",
            gettext_lazy("It is done when"),
            gettext_lazy("What somebody can check who did not build it."),
        ),
        Field("edges", gettext_lazy("Exceptions and limits"), is_needed=False),
        Field("design", gettext_lazy("Designs"), is_needed=False, rows=1),
        Field(
            EVENT,
            gettext_lazy("Event that shows its use"),
            gettext_lazy(
                "Once it is delivered, the report on features tells whether they come again."
            ),
            is_needed=False,
            rows=1,
        ),
    ),
    Kind.DATA: (
        Field("columns", gettext_lazy("Which fields or events")),
        Field(
            "grain",
            gettext_lazy("One row is"),
            gettext_lazy("Such as a customer and a day."),
            rows=1,
        ),
        Field("span", gettext_lazy("Which days"), rows=1),
        Field("used_for", gettext_lazy("What it is used for")),
        Field(
            "personal",
            gettext_lazy("Personal data in it"),
            gettext_lazy("Which, and why it may be used; or none."),
            rows=1,
        ),
        Field("where", gettext_lazy("Where it is to lie"), is_needed=False, rows=1),
    ),
    Kind.FIX: (
        Field("steps", gettext_lazy("How one sees it")),
        Field("happens", gettext_lazy("What happens")),
        Field("should", gettext_lazy("What should happen")),
        Field("affected", gettext_lazy("How many are affected"), rows=1),
        Field("since", gettext_lazy("Since when"), is_needed=False, rows=1),
    ),
    Kind.CREATIVE: (
        Field("message", gettext_lazy("What it has to say")),
        Field("formats", gettext_lazy("Formats and sizes"), rows=2),
        Field("shown_at", gettext_lazy("Where it is shown"), rows=1),
        Field("manners", gettext_lazy("What it must or must not show"), is_needed=False),
    ),
    Kind.ANALYSIS: (
        Field("question", gettext_lazy("The question")),
        Field(
            "decides",
            gettext_lazy("What is decided with the answer"),
            gettext_lazy("And what you do if it is the other way round."),
        ),
        Field("known", gettext_lazy("What is known already"), is_needed=False),
        Field("form", gettext_lazy("Form of the answer"), is_needed=False, rows=1),
    ),
}
# What a kind needs of the fields that all kinds have, besides what and why.
ALSO: dict[str, tuple[str, ...]] = {
    Kind.FEATURE: ("for_whom", "spec", "metric"),
    Kind.CREATIVE: ("for_whom",),
}
LABELS: dict[str, Words] = {
    "title": pgettext_lazy("request", "what"),
    "why": pgettext_lazy("request", "why"),
    "for_whom": gettext_lazy("for whom"),
    "spec": gettext_lazy("specification"),
    "metric": gettext_lazy("metric"),
    "expected_change": gettext_lazy("expected change"),
    "expected_by": gettext_lazy("by when"),
}
PROMISE = ("metric", "expected_change", "expected_by")
DETAIL = "details."  # before the names of a kind's own fields in a request's content


def fields(kind: str) -> tuple[Field, ...]:
    """The questions of a kind's form, in order."""
    return FIELDS[kind]


def label(kind: str, name: str) -> str:
    """How a field of a request's content is called, its kind's own ones too."""
    if name.startswith(DETAIL):
        own = {DETAIL + one.name: one.label for one in FIELDS[kind]}
        return str(own.get(name, name.removeprefix(DETAIL)))
    return str(LABELS.get(name, name))


def content_of(request: TeamRequest) -> dict[str, str]:
    """What is asked for, as texts by name: what a revision keeps, and what readiness looks at.

    Words that ship in both languages are here as the table has them: `said` makes them readable.
    """
    found = {name: _text(getattr(request, name)) for name in LABELS}
    for one in FIELDS.get(request.kind, ()):
        found[DETAIL + one.name] = _text(request.details.get(one.name))
    return found


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return "" if value is None else str(kept_words.as_kept(value))


def said(content: Mapping[str, str]) -> dict[str, str]:
    """The content of a revision in the reader's language."""
    return {name: kept_words.said(text) for name, text in content.items()}


def missing(kind: str, content: Mapping[str, str], *, on: dt.date | None = None) -> list[Missing]:
    """The definition of ready: what is still to be said before a team can be asked.

    On a day, such as today, what is wanted by a day that is over is not ready either.
    """
    needed = ["title", "why", *ALSO.get(kind, ())]
    needed += [DETAIL + one.name for one in FIELDS[kind] if one.is_needed]
    if any(content.get(name) for name in PROMISE):
        needed += [name for name in PROMISE if name not in needed]
    elif "metric" in needed:
        needed += ["expected_change", "expected_by"]
    empty = [name for name in needed if not content.get(name, "").strip()]
    said = [Missing(name, to_say(label(kind, name))) for name in empty]
    if "expected_change" not in empty and _moves_nothing(content.get("expected_change", "")):
        said.append(Missing("expected_change", _("Expect a change that is not nothing.")))
    if on is not None and _is_over(content.get("expected_by", ""), on):
        words = _("The day by when the number is to have moved is over; choose a later one.")
        said.append(Missing("expected_by", words))
    return said


def to_say(field: str) -> str:
    """What a form still has to say, in words."""
    return _("Say: %(field)s.") % {"field": field}


def _is_over(text: str, on: dt.date) -> bool:
    day = clock.read_day(text) if text else None
    return day is not None and day < on


def _moves_nothing(text: str) -> bool:
    try:
        return bool(text) and Decimal(text) == 0
    except InvalidOperation:
        return True
