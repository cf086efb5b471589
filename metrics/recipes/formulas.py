"""Formulas over other metrics, such as `100 * (promoters - detractors) / answers`.

Four operations, brackets, numbers and names; nothing else is read, so nothing else can run.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from segments.rules.nodes import RuleError
from segments.rules.nodes import gettext_noop as _

LONGEST = 200
BEYOND = 10**18  # no number in a formula reaches this
PATH = ("formula",)
Value = Decimal | None


@dataclass(frozen=True)
class Formula:
    """A formula that was read; `names` are the metrics in it, each once, in their order."""

    text: str
    names: tuple[str, ...]


def read(text: object) -> Formula:
    """The formula that this says.

    Raises:
        RuleError: it says none.
    """
    if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST:
        raise RuleError(PATH, _("Write a formula of up to %(most)s characters."), most=LONGEST)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise RuleError(PATH, _("This is no formula: mind brackets and signs.")) from problem
    names = dict.fromkeys(_names(tree))
    if not names:
        raise RuleError(PATH, _("A formula names at least one metric by its key."))
    return Formula(text.strip(), tuple(names))


def value(formula: Formula, of: Mapping[str, Value]) -> Value:
    """What the formula comes to; nothing where a part is not known or something is divided by
    nought."""
    with localcontext() as context:
        context.traps[DivisionByZero] = context.traps[InvalidOperation] = True
        try:
            return _value(ast.parse(formula.text, mode="eval").body, of)
        except (DivisionByZero, InvalidOperation, Overflow):
            return None


def _names(node: ast.expr) -> list[str]:
    match node:
        case ast.BinOp(left, op, right) if type(op) in _OPERATIONS:
            return [*_names(left), *_names(right)]
        case ast.UnaryOp(ast.USub(), operand):
            return _names(operand)
        case ast.Constant(int() | float() as number) if type(number) is not bool:
            if abs(number) < BEYOND:
                return []
        case ast.Name(name):
            return [name]
    raise RuleError(PATH, _("Only + − * / with brackets, numbers and keys of metrics belong here."))


def _value(node: ast.expr, of: Mapping[str, Value]) -> Value:
    match node:
        case ast.BinOp(left, op, right):
            one, other = _value(left, of), _value(right, of)
            return None if one is None or other is None else _OPERATIONS[type(op)](one, other)
        case ast.UnaryOp(_, operand):
            found = _value(operand, of)
            return None if found is None else -found
        case ast.Constant(number):
            return Decimal(str(number))
        case ast.Name(name):
            return of.get(name)
    raise AssertionError(node)


_OPERATIONS: dict[type, Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
}
