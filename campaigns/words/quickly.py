"""Liquid as a few Python functions, for what most words are made of: texts, facts and simple ifs.

Liquid's own way walks through a tree with a context, which takes several times as long. What
this one does not know, or finds to be less simple than it looked, is done in Liquid's own way in
the same place, so that both say the same.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import Path
from liquid.builtin.expressions.logical import (
    BooleanExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import Literal, Nil
from liquid.builtin.tags.if_tag import IfNode

Facts = Mapping[str, Any]
Value = Callable[[Facts], Any]


class Unknown(Exception):
    """A fact is not there, or is less simple than this way takes it."""


class Page(Protocol):
    """What is being written for one customer."""

    facts: dict[str, Any]
    parts: list[str]

    def slowly(self, node: Node) -> None:
        """Write a node in Liquid's own way."""

    def decide(self, condition: BooleanExpression) -> bool:
        """Whether a condition holds, in Liquid's own way."""


Step = str | Callable[[Page], None]


def steps(nodes: Iterable[Node], *, escapes: bool) -> tuple[Step, ...]:
    """What has to be done for each customer; texts that stand side by side are one."""
    made: list[Step] = []
    for node in nodes:
        step = _step(node, escapes)
        if isinstance(step, str) and made and isinstance(made[-1], str):
            made[-1] += step
        else:
            made.append(step)
    return tuple(made)


def write(to_do: Iterable[Step], page: Page) -> None:
    for step in to_do:
        if type(step) is str:
            page.parts.append(step)
        else:
            step(page)  # type: ignore[operator]


def _step(node: Node, escapes: bool) -> Step:
    if isinstance(node, ContentNode):
        return str(node.text)
    if isinstance(node, IfNode) and not node.blank:  # a blank one only does something
        return _if(node, escapes)
    own: Step | None = node.quick(escapes) if hasattr(node, "quick") else None
    return own or (lambda page: page.slowly(node))


def _if(node: IfNode, escapes: bool) -> Step:
    ways = [(node.condition, node.consequence)]
    ways += [(one.expression, one.block) for one in node.alternatives]
    known = [(test(when.expression), when, _inside(then, escapes)) for when, then in ways]
    otherwise = _inside(node.default, escapes)

    def run(page: Page) -> None:
        for holds, whole, then in known:
            try:
                is_so = holds(page.facts)
            except Unknown:
                is_so = page.decide(whole)
            if is_so:
                write(then, page)
                return
        write(otherwise, page)

    return run


def _inside(block: BlockNode | None, escapes: bool) -> tuple[Step, ...]:
    return steps(block.nodes, escapes=escapes) if block else ()


# --- conditions ---------------------------------------------------------------

ORDERS: dict[type, Callable[[Any, Any], bool]] = {
    LtExpression: operator.lt,
    GtExpression: operator.gt,
    LeExpression: operator.le,
    GeExpression: operator.ge,
}
NUMBERS, PLAIN = {int, float}, {int, float, str}


def test(expression: Any) -> Value:
    """Whether a condition holds. Raises Unknown, as all that it returns may."""
    kind = type(expression)
    if kind in (LogicalAndExpression, LogicalOrExpression):
        left, right = test(expression.left), test(expression.right)
        if kind is LogicalAndExpression:
            return lambda facts: left(facts) and right(facts)
        return lambda facts: left(facts) or right(facts)
    if kind in ORDERS:
        return _ordered(ORDERS[kind], value(expression.left), value(expression.right))
    if kind in (EqExpression, NeExpression):
        same = _same(value(expression.left), value(expression.right))
        return same if kind is EqExpression else lambda facts: not same(facts)
    found = value(expression)

    def is_true(facts: Facts) -> bool:
        it = found(facts)
        return it is not None and it is not False

    return is_true


def _ordered(order: Callable[[Any, Any], bool], left: Value, right: Value) -> Value:
    def holds(facts: Facts) -> bool:
        a, b = left(facts), right(facts)
        kinds = {type(a), type(b)}
        if kinds <= NUMBERS or kinds == {str}:
            return order(a, b)
        if a is None or b is None:
            return False
        raise Unknown

    return holds


def _same(left: Value, right: Value) -> Value:
    def holds(facts: Facts) -> bool:
        a, b = left(facts), right(facts)
        if a is None or b is None:
            return a is b
        if type(a) in PLAIN and type(b) in PLAIN:
            return bool(a == b)
        raise Unknown

    return holds


def value(expression: Any) -> Value:
    """A fact or a literal."""
    if type(expression) is Nil:
        return lambda _facts: None
    if isinstance(expression, Literal):
        known = expression.value
        return lambda _facts: known
    if type(expression) is Path and all(type(part) is str for part in expression.path):
        return fact(tuple(expression.path))
    return _unknown


def _unknown(_facts: Facts) -> Any:
    raise Unknown


def fact(path: tuple[str, ...]) -> Value:
    """What stands at the end of a path through plain dictionaries."""
    if len(path) == 2:
        return _of_two(*path)

    def found(facts: Facts) -> Any:
        at: Any = facts
        for part in path:
            if type(at) is not dict or part not in at:
                raise Unknown
            at = at[part]
        return at

    return found


def _of_two(first: str, second: str) -> Value:
    def found(facts: Facts) -> Any:
        try:
            return facts[first][second]
        except (KeyError, TypeError):
            raise Unknown from None

    return found
