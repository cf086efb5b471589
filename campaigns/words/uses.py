"""Which facts a text writes out, and whether it has something to say where one is missing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from liquid import BoundTemplate
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import OutputNode

Name = tuple[str, ...]


@dataclass(frozen=True)
class Use:
    """A fact that is written out, such as `customer.name`."""

    path: Name
    is_covered: bool  # by a default, or asked about with an {% if %} around it


def of(templates: Iterable[BoundTemplate]) -> list[Use]:
    """Each fact once, in the order of the text; covered when it is so everywhere."""
    found: dict[Name, bool] = {}
    for template in templates:
        for path, is_covered in _walk(template.nodes, frozenset()):
            found[path] = found.get(path, True) and is_covered
    return [Use(path, is_covered) for path, is_covered in found.items()]


def bare(templates: Iterable[BoundTemplate]) -> list[Name]:
    """Each fact that is somewhere written out as it is kept, with no filter but a default."""
    found: dict[Name, None] = {}
    for template in templates:
        for node in _outputs(template.nodes):
            for expression in node.expressions():
                found |= dict.fromkeys(_as_kept(expression))
    return list(found)


def _outputs(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        if isinstance(node, OutputNode):
            yield node
            continue
        # What is asked of has no context to be looked up in.
        context: Any = None
        yield from _outputs(node.children(context))


def _as_kept(expression: Any) -> Iterator[Name]:
    if isinstance(expression, FilteredExpression):
        if any(one.name != "default" for one in expression.filters or []):
            return
        expression = expression.left
    if isinstance(expression, Path):
        yield from _paths(expression)


def _walk(nodes: Iterable[Node], asked: frozenset[Name]) -> Iterator[tuple[Name, bool]]:
    for node in nodes:
        expressions = list(node.expressions())
        if isinstance(node, OutputNode):
            for expression in expressions:
                yield from _written(expression, asked)
            continue
        inside = asked.union(*(set(_paths(one)) for one in expressions))
        # What is asked of has no context to be looked up in.
        context: Any = None
        yield from _walk(node.children(context), inside)


def _written(expression: Any, asked: frozenset[Name]) -> Iterator[tuple[Name, bool]]:
    filters = expression.filters or [] if isinstance(expression, FilteredExpression) else []
    has_default = any(one.name == "default" for one in filters)
    for path in _paths(expression):
        yield path, has_default or path in asked


def _paths(expression: Any) -> Iterator[Name]:
    if isinstance(expression, Path):
        if all(isinstance(part, str) for part in expression.path):
            yield tuple(str(part) for part in expression.path)
        return
    for child in expression.children():
        yield from _paths(child)
