"""A deed about a request: when it is open, what it asks, and what is said afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from console.admin.team_requests import deed_forms as forms
from console.admin.team_requests.standing import Stand

Given = dict[str, Any]


@dataclass(frozen=True)
class Deed:
    """One thing that somebody can do about a request."""

    label: Promise
    done: Promise
    is_open: Callable[[Stand], bool]
    act: Callable[[Stand, Given], Any]
    form: type[forms.DeedForm] = forms.DeedForm
    tone: str = ""  # `primary` for the step that the page waits for, `danger` for an end
    where: str = "next"  # the part of the page in which it stands
    is_on_row: bool = False  # a button beside what it is about, not a form of its own
    look: Callable[[Stand], Any] | None = None  # what one sees before one does it
    bar: Callable[[Stand], str] | None = None  # what has to come first, in words


@dataclass(frozen=True)
class Offer:
    """A deed that is open, with its form."""

    name: str
    deed: Deed
    form: forms.DeedForm
    is_begun: bool = False  # sent and refused, or asked for by its name: unfolded
    outlook: Any = None
    bar: str = ""  # shown, and not to be pressed yet


def for_asking(*statuses: str) -> Callable[[Stand], bool]:
    """Open to the asking team while the request stands there."""
    return lambda stand: stand.asks and stand.is_at(*statuses)


def for_taking(*statuses: str) -> Callable[[Stand], bool]:
    """Open to the receiving team while the request stands there."""
    return lambda stand: stand.takes and stand.is_at(*statuses)


def taking(verb: Callable[..., Any]) -> Callable[[Stand, Given], Any]:
    """A verb that takes what its form gives."""

    def act(stand: Stand, given: Given) -> None:
        verb(stand.request, by=stand.staff, at=stand.at, **given)

    return act
