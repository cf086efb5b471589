"""Liquid as operators may write it: what it offers, its limits, and mistakes told in words."""

import datetime as dt
import difflib
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from liquid import BoundTemplate, Environment, FalsyStrictUndefined, RenderContext
from liquid.exceptions import FilterArgumentError, LiquidError, LoopIterationLimitError
from liquid.filter import with_context

from console import figures
from segments import traits

LONGEST_BODY = 50_000
LONGEST_SUBJECT = 200
MOST_ITERATIONS = 1_000  # of all loops of one mail together
LARGEST_VALUE = 50_000  # of one value that a filter makes, and of all variables together

REMOVED_TAGS = {
    "include", "render", "tablerow", "liquid", "increment", "decrement", "doc",
}  # fmt: skip
FILTERS = {
    "abs", "append", "at_least", "at_most", "capitalize", "ceil", "date", "default",
    "divided_by", "downcase", "escape", "first", "floor", "join", "last", "lstrip", "minus",
    "modulo", "money", "newline_to_br", "plus", "prepend", "remove", "remove_first", "replace",
    "replace_first", "round", "rstrip", "size", "slice", "split", "strip", "strip_html",
    "times", "truncate", "truncatewords", "upcase", "url_encode",
}  # fmt: skip

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
        "language": {},
        "attributes": ANYTHING,
    },
    "traits": _Traits((name, {}) for name in TRAITS),
    "campaign": {"name": {}},
    "project": {"name": {}, "currency": {}},
    "unsubscribe_url": {},
}
# The layout brings the frame; the rest is what mail programs throw away, or worse.
REFUSED_TAGS = re.compile(
    r"<\s*(script|iframe|object|embed|form|input|link|meta|base|style|html|head|body)\b", re.I
)


class CannotRender(Exception):
    """The words cannot be made for this customer; says why."""


@dataclass(frozen=True)
class Mistake:
    """What is wrong with one field of a template, for the person who wrote it."""

    field: str
    words: str


def parse(source: str, *, html: bool) -> BoundTemplate:
    """The template, ready to render many times. Raises LiquidError."""
    return (_HTML if html else _PLAIN).from_string(source)


def render(template: BoundTemplate, facts: Mapping[str, Any]) -> str:
    """Raises CannotRender."""
    try:
        text: str = template.render(**facts)
    except LiquidError as problem:
        raise CannotRender(_at_line(problem)) from problem
    except (RecursionError, ArithmeticError, ValueError, TypeError) as problem:
        raise CannotRender(str(problem)) from problem
    return text


def mistakes(subject: str, body: str) -> list[Mistake]:
    """Everything that would go wrong with these words, before anybody gets them."""
    found = [Mistake("subject", words) for words in _wrong(subject, LONGEST_SUBJECT, html=False)]
    found += [Mistake("body", words) for words in _wrong(body, LONGEST_BODY, html=True)]
    for tag in sorted({name.lower() for name in REFUSED_TAGS.findall(body)}):
        found.append(Mistake("body", _("Take out <%(tag)s>: mails cannot hold it.") % {"tag": tag}))
    return found


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


def _wrong(source: str, longest: int, *, html: bool) -> Iterator[str]:
    if len(source) > longest:
        yield _("This is too long: %(most)s characters at most.") % {"most": longest}
        return
    try:
        template = parse(source, html=html)
        analysis = template.analyze()
    except LiquidError as problem:
        yield _at_line(problem)
        return
    for name, spans in analysis.filters.items():
        if name not in FILTERS:
            yield _in_line(source, spans[0].index, _unknown(_("filter"), name, FILTERS))
    for variables in analysis.globals.values():
        for variable in variables:
            if words := _unknown_path(variable.segments):
                yield _in_line(source, variable.span.index, words)


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


def _in_line(source: str, index: int, words: str) -> str:
    line = source.count("\n", 0, max(index, 0)) + 1
    return _("Line %(line)s: %(words)s") % {"line": line, "words": words}


def _at_line(problem: LiquidError) -> str:
    words = str(problem.message or problem)
    token = problem.token
    if token is None or token.start_index < 0:
        return _("At the end: %(words)s.") % {"words": words}
    return _in_line(token.source, token.start_index, words + ".")


# --- the language -----------------------------------------------------------


class _CountedContext(RenderContext):
    """Counts what all loops of a mail do together; Liquid itself counts each nest alone."""

    iterations = 0

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.iterations += length
        if self.iterations > MOST_ITERATIONS:
            raise LoopIterationLimitError(
                _("the loops go round more than %(most)s times") % {"most": MOST_ITERATIONS},
                token=None,
            )


class _Template(BoundTemplate):
    context_class = _CountedContext


class _Language(Environment):
    """Standard Liquid without other templates, unescaped output and unbounded work."""

    block_nesting_limit = 20
    context_depth_limit = 20
    local_namespace_limit = LARGEST_VALUE
    output_stream_limit = 200_000
    template_class = _Template

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters()
        for name in REMOVED_TAGS:
            del self.tags[name]
        for name in set(self.filters) - FILTERS:
            del self.filters[name]
        for name in self.filters:
            self.filters[name] = _bounded(self.filters[name])
        self.filters["money"] = money


def _bounded(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a filter's work when what it could make is too large to keep."""

    @functools.wraps(filter_)
    def bounded(value: Any, *args: Any, **kwargs: Any) -> Any:
        if _weight(value) * max(1, *map(_weight, args), 1) > LARGEST_VALUE * 100:
            raise FilterArgumentError(_("a value becomes too large"), token=None)
        made = filter_(value, *args, **kwargs)
        if _weight(made) > LARGEST_VALUE:
            raise FilterArgumentError(_("a value becomes too large"), token=None)
        return made

    return bounded


def _weight(value: Any) -> int:
    """About how many characters a value has; for whole numbers, digits."""
    if isinstance(value, str | list | tuple | dict):
        return len(value)
    return value.bit_length() // 3 if isinstance(value, int) else 1


@with_context
def money(value: Any, *, context: RenderContext) -> str:
    """An amount in the smallest unit, such as cents, as people write it."""
    if value is None or isinstance(value, FalsyStrictUndefined):
        return ""
    if isinstance(value, bool) or not isinstance(value, int):
        raise FilterArgumentError(_("money takes an amount"), token=None)
    return figures.money(value, str(context.resolve("project", token=None)["currency"]))


_PLAIN = _Language(undefined=FalsyStrictUndefined)
_HTML = _Language(undefined=FalsyStrictUndefined, autoescape=True)

EXAMPLE: dict[str, Any] = {
    "customer": {
        "number": 1,
        "name": "Ann Example",
        "email": "ann@customers.example",
        "language": "en",
        "attributes": {},
    },
    "traits": dict.fromkeys(TRAITS, 3)
    | {name: dt.date(2024, 6, 1) for name in TRAITS if name.endswith("_on")},
    "campaign": {"name": "Example"},
    "project": {"name": "Example", "currency": "CNY"},
    "unsubscribe_url": "#",
}
