"""Words in Liquid: what they may speak of, and their mistakes told in words."""

import datetime as dt
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from campaigns.words.language import (
    FILTERS,
    MOST_ITERATIONS,
    CannotRender,
    at_line,
    in_line,
    parse,
    render,
)
from segments import traits

__all__ = ["FILTERS", "MOST_ITERATIONS", "CannotRender", "parse", "render"]

LONGEST_BODY = 50_000
LONGEST_SUBJECT = 200

TRAITS = [*traits.SHIPPED]


class _Traits(dict[str, Any]):
    """What ships, and what people added, which is looked for when words speak of it."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in traits.some([str(name)])

    def __getitem__(self, name: str) -> Any:
        return super().get(name, {})


ANYTHING = None
VARIABLES: dict[str, Any] = {
    "customer": {
        "number": {},
        "name": {},
        "email": {},
        "phone": {},
        "language": {},
        "attributes": ANYTHING,
    },
    "traits": _Traits((name, {}) for name in TRAITS),
    # Where the step gives a coupon; see `coupons.words`.
    "coupon": {
        name: {}
        for name in (
            "code",
            "name",
            "value",
            "percent",
            "gift",
            "floor",
            "minutes",
            "expires_at",
            "expires_on",
        )
    },
    "event": ANYTHING,  # the properties of what happened, where that started it
    "campaign": {"name": {}},
    "project": {"name": {}, "currency": {}},
    "unsubscribe_url": {},
}
# The layout brings the frame; the rest is what mail programs throw away, or worse.
REFUSED_TAGS = re.compile(
    r"<\s*(script|iframe|object|embed|form|input|link|meta|base|style|html|head|body)\b", re.I
)


@dataclass(frozen=True)
class Mistake:
    """What is wrong with one field of a template, for the person who wrote it."""

    field: str
    words: str
    language: str = ""


def mistakes(subject: str, body: str) -> list[Mistake]:
    """Everything that would go wrong with the words of a mail, before anybody gets them."""
    found = [Mistake("subject", words) for words in wrong(subject, LONGEST_SUBJECT, html=False)]
    return found + [Mistake("body", words) for words in wrong(body, LONGEST_BODY, html=True)]


def wrong(source: str, longest: int, *, html: bool) -> Iterator[str]:
    """What is wrong with one field."""
    if len(source) > longest:
        yield _("This is too long: %(most)s characters at most.") % {"most": longest}
        return
    yield from _wrong_liquid(source, html=html)
    if html:
        for tag in sorted({name.lower() for name in REFUSED_TAGS.findall(source)}):
            yield _("Take out <%(tag)s>: mails cannot hold it.") % {"tag": tag}


def traits_in(*templates: BoundTemplate) -> tuple[str, ...]:
    """The traits that the words speak of."""
    found = set()
    for template in templates:
        for variables in template.analyze().globals.values():
            for variable in variables:
                first, *rest = variable.segments
                if first == "traits" and rest and isinstance(rest[0], str):
                    found.add(rest[0])
    return tuple(sorted(found))


def _wrong_liquid(source: str, *, html: bool) -> Iterator[str]:
    try:
        template = parse(source, html=html)
        analysis = template.analyze()
    except LiquidError as problem:
        yield at_line(problem)
        return
    for name, spans in analysis.filters.items():
        if name not in FILTERS:
            yield in_line(source, spans[0].index, _unknown(_("filter"), name, FILTERS))
    for variables in analysis.globals.values():
        for variable in variables:
            if words := _unknown_path(variable.segments):
                yield in_line(source, variable.span.index, words)
    for name, places in analysis.locals.items():
        if name in VARIABLES:
            words = _("“%(name)s” is taken; choose another name.") % {"name": name}
            yield in_line(source, places[0].span.index, words)


def _unknown_path(path: list[Any]) -> str | None:
    """In words, the first part of a path that no customer can have."""
    known: Any = VARIABLES
    for depth, part in enumerate(path):
        if known is ANYTHING:
            return None
        if not isinstance(part, str):
            return _("Write names with dots, such as customer.name.")
        if part not in known:
            before = "".join(f"{one}." for one in path[:depth])
            names = {before + name for name in known}
            return _unknown(_("variable"), before + part, names)
        known = known[part]
    return None


def _unknown(what: str, name: str, known: set[str]) -> str:
    words = _("There is no %(what)s “%(name)s”.") % {"what": what, "name": name}
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return words + (" " + _("Did you mean “%(name)s”?") % {"name": near[0]} if near else "")


EXAMPLE: dict[str, Any] = {
    "customer": {
        "number": 1,
        "name": "Ann Example",
        "email": "ann@customers.example",
        "phone": "+8613800000000",
        "language": "en",
        "attributes": {},
    },
    "traits": dict.fromkeys(TRAITS, 3)
    | {name: dt.date(2024, 6, 1) for name in TRAITS if name.endswith("_on")},
    "coupon": {
        "code": "7K3M-9PQR-2WXY",
        "name": "Example",
        "value": 2000,
        "percent": 10,
        "gift": "Example",
        "floor": 10_000,
        "minutes": 15,
        "expires_at": dt.datetime(2024, 6, 1, 10, 15, tzinfo=dt.UTC),
        "expires_on": dt.date(2024, 6, 1),
    },
    "event": {},
    "campaign": {"name": "Example"},
    "project": {"name": "Example", "currency": "CNY"},
    "unsubscribe_url": "#",
}
