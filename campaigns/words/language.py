"""Liquid as operators may write it: what it offers, what it may cost, and rendering it quickly."""

import functools
import html
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from liquid import (
    BoundTemplate,
    Environment,
    FalsyStrictUndefined,
    RenderContext,
    Undefined,
    escape,
)
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import (
    FilterArgumentError,
    LiquidError,
    LiquidInterrupt,
    LoopIterationLimitError,
    OutputStreamLimitError,
    StopRender,
)
from liquid.filter import with_context
from liquid.parser import get_parser
from liquid.tag import Tag
from liquid.token import TOKEN_TAG
from liquid.undefined import UNDEFINED

from campaigns.words import quickly
from console import figures

MOST_ITERATIONS = 1_000  # of all loops of one message together
LARGEST_VALUE = 50_000  # of one value that a filter makes, and of all variables together
LARGEST_OUTPUT = 200_000  # characters

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
# What these make can be longer than what they are given; the others are not worth watching.
GROWING = {
    "append", "date", "escape", "join", "newline_to_br", "prepend", "replace", "replace_first",
    "split", "times", "url_encode",
}  # fmt: skip
# What the renderer itself hands in beside the facts; nobody can write these names.
LANGUAGE, LINK = "-language", "-link"

UNSEEN = re.compile(r"[\x00-\x20]")

Facts = Mapping[str, Any]


class CannotRender(Exception):
    """The words cannot be made for this customer; says why."""


def parse(source: str, *, html: bool) -> BoundTemplate:
    """The template as a person wrote it, ready to render many times. Raises LiquidError."""
    return (_HTML if html else _PLAIN).from_string(source)


def parse_shell(source: str) -> BoundTemplate:
    """The same of a finished mail, whose links stand in our own tag. Raises LiquidError."""
    return _SHELL.from_string(source)


def example(source: str, facts: Facts) -> str:
    """The words for an example of whom something may not be known. Raises LiquidError."""
    return render(_LENIENT.from_string(source), facts)


def render(template: BoundTemplate, facts: Facts) -> str:
    """Raises CannotRender."""
    assert isinstance(template, _Template)
    page = _Page(template, facts)
    try:
        quickly.write(template.steps, page)
    except StopRender:
        pass
    except LiquidInterrupt as stray:
        raise CannotRender(str(stray)) from stray
    except LiquidError as problem:
        problem.token = problem.token or (page.node and page.node.token)
        raise CannotRender(at_line(problem)) from problem
    except (RecursionError, ArithmeticError, ValueError, TypeError) as problem:
        raise CannotRender(str(problem)) from problem
    made = "".join(page.parts)
    if len(made) > LARGEST_OUTPUT:
        raise CannotRender(at_line(_too_long()))
    return made


def in_line(source: str, index: int, words: str) -> str:
    """The words with the line that they are about."""
    line = source.count("\n", 0, max(index, 0)) + 1
    return _("Line %(line)s: %(words)s") % {"line": line, "words": words}


def at_line(problem: LiquidError) -> str:
    """What Liquid says, with the line that it says it of."""
    words = str(problem.message or problem)
    token = problem.token
    if token is None or token.start_index < 0:
        return _("At the end: %(words)s.") % {"words": words}
    return in_line(token.source, token.start_index, words + ".")


# --- rendering --------------------------------------------------------------


def _too_long() -> OutputStreamLimitError:
    return OutputStreamLimitError(_("the message becomes too long"), token=None)


class _Buffer:
    """What was written so far, bounded. Liquid's own encodes all of it to count it."""

    __slots__ = ("parts", "room")

    def __init__(self, room: int = LARGEST_OUTPUT) -> None:
        self.parts: list[str] = []
        self.room = room

    def write(self, text: str) -> int:
        self.room -= len(text)
        if self.room < 0:
            raise _too_long()
        self.parts.append(text)
        return len(text)

    def getvalue(self) -> str:
        return "".join(self.parts)


class _Context(RenderContext):
    """Looks facts up first and directly, and counts what all loops do together.

    Liquid counts each nest of loops alone.
    """

    iterations = 0

    def get(self, path: list[Any], *, token: Any, default: object = UNDEFINED) -> object:
        found: Any = self.globals
        for part in path:
            if type(found) is not dict or type(part) is not str or part not in found:
                return super().get(path, token=token, default=default)
            found = found[part]
        return found

    def get_buffer(self, buf: Any = None) -> Any:
        return _Buffer(getattr(buf, "room", LARGEST_OUTPUT))

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.iterations += length
        if self.iterations > MOST_ITERATIONS:
            raise LoopIterationLimitError(
                _("the loops go round more than %(most)s times") % {"most": MOST_ITERATIONS},
                token=None,
            )


class _Page:
    """What is written for one customer: quickly, and in Liquid's own way where that is needed."""

    __slots__ = ("_buffer", "_context", "_template", "facts", "node", "parts")

    def __init__(self, template: BoundTemplate, facts: Facts) -> None:
        self.facts: dict[str, Any] = dict(facts)
        self.parts: list[str] = []
        self.node: Node | None = None
        self._template = template
        self._context: _Context | None = None
        self._buffer = _Buffer()

    def slowly(self, node: Node) -> None:
        self.node, self._buffer.parts = node, self.parts
        node.render(self._liquids_own(), self._buffer)

    def decide(self, condition: BooleanExpression) -> bool:
        return bool(condition.evaluate(self._liquids_own()))

    def _liquids_own(self) -> _Context:
        if self._context is None:
            self._context = _Context(self._template, globals=self.facts)
        return self._context


class _Template(BoundTemplate):
    """A template that is made ready to be written quickly."""

    context_class = _Context

    def __init__(self, env: Environment, nodes: list[Node], *args: Any, **kwargs: Any) -> None:
        super().__init__(env, nodes, *args, **kwargs)
        self.steps = quickly.steps(nodes, escapes=env.autoescape)


class _Output(OutputNode):
    """{{ a.fact }}, with or without a word instead: most of what a message is made of.

    A fact that is text or a number is written at once; for all else, Liquid's way is gone.
    """

    __slots__ = ()

    def quick(self, escapes: bool) -> quickly.Step | None:
        left = getattr(self.expression, "left", None)
        others = [one.name for one in getattr(self.expression, "filters", None) or []]
        if type(self.expression) is not FilteredExpression or others not in ([], ["default"]):
            return None
        found = quickly.value(left) if type(left) is Path else None
        return found and self._writing(found, escapes)

    def _writing(self, fact: quickly.Value, escapes: bool) -> quickly.Step:
        def run(page: quickly.Page) -> None:
            try:
                found = fact(page.facts)
            except quickly.Unknown:
                page.slowly(self)
                return
            if type(found) is str and found:
                page.parts.append(escape(found) if escapes else found)
            elif type(found) is int:
                page.parts.append(str(found))
            else:
                page.slowly(self)

        return run


class _OutputTag(Output):
    node_class = _Output


class _Language(Environment):
    """Standard Liquid without other templates, unescaped output and unbounded work."""

    template_class = _Template
    block_nesting_limit = 20
    context_depth_limit = 20
    local_namespace_limit = LARGEST_VALUE

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters()
        self.add_tag(_OutputTag)
        for name in REMOVED_TAGS:
            del self.tags[name]
        for name in set(self.filters) - FILTERS:
            del self.filters[name]
        for name in GROWING:
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
    """An amount in the smallest unit, such as cents, as the customer's language writes it."""
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, bool) or not isinstance(value, int):
        raise FilterArgumentError(_("money takes an amount"), token=None)
    project: Any = context.globals["project"]
    with translation.override(str(context.globals.get(LANGUAGE) or translation.get_language())):
        return figures.money(value, str(project["currency"]))


class _Link(Node):
    """An address in a finished mail, which the sender may put another in the place of."""

    __slots__ = ("blank", "block", "fixed")

    def quick(self, escapes: bool) -> quickly.Step:
        inside = quickly.steps(self.block.nodes, escapes=escapes)

        def run(page: quickly.Page) -> None:
            target = self.fixed
            if target is None:
                around, page.parts = page.parts, []
                quickly.write(inside, page)
                target, page.parts = html.unescape("".join(page.parts)), around
            page.parts.append(_led(target, page.facts.get(LINK)))

        return run

    def __init__(self, token: Any, block: BlockNode) -> None:
        super().__init__(token)
        self.block = block
        self.blank = False  # (read by blocks that would leave out empty ones)
        only = block.nodes[0] if len(block.nodes) == 1 else None
        self.fixed = html.unescape(only.text) if isinstance(only, ContentNode) else None

    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        target = self.fixed
        if target is None:
            inner = context.get_buffer(buffer)
            self.block.render(context, inner)
            target = html.unescape(inner.getvalue())
        return int(buffer.write(_led(target, context.globals.get(LINK))))

    def children(self, static_context: RenderContext, *, include_partials: bool = True) -> Any:
        return [self.block]


def _led(target: str, to: Any) -> str:
    """The address that the sender puts in the place of another, as an attribute holds it."""
    target = leading(target)
    if to and target.startswith(("http://", "https://")):
        target = to(target)
    return html.escape(target)


def leading(target: str) -> str:
    """An address that a fact may have made; nothing where following it would run what it says."""
    plain = UNSEEN.sub("", target).lower()  # as browsers read it
    return "" if plain.startswith(("javascript:", "vbscript:", "data:")) else target


class _LinkTag(Tag):
    """{% link %}address{% endlink %}: written by `shells` alone."""

    name, end = "link", "endlink"
    block = True

    def parse(self, stream: Any) -> Node:
        token = stream.eat(TOKEN_TAG)
        inside = get_parser(self.env).parse_block(stream, frozenset({self.end}))
        stream.expect(TOKEN_TAG, value=self.end)
        return _Link(token, inside)


class _ShellLanguage(_Language):
    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters()
        self.add_tag(_LinkTag)


_PLAIN = _Language(undefined=FalsyStrictUndefined)
_HTML = _Language(undefined=FalsyStrictUndefined, autoescape=True)
_SHELL = _ShellLanguage(undefined=FalsyStrictUndefined, autoescape=True)
_LENIENT = _ShellLanguage(undefined=Undefined, autoescape=True)
