"""Reading the properties of events, which the lake keeps as JSON."""

import functools
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, FloatingColumn, StringColumn, Table

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "between", "in", "is_set", "not_set")

# As JSON writes numbers, and none that a 64-bit float could not hold.
NUMBER = r"^-?[0-9]{1,200}(\.[0-9]{1,200})?([eE][+-]?[0-9]{1,2})?$"


@dataclass(frozen=True)
class Condition:
    """Something that a property of the event has to be.

    Compared with a number, the property is read as a number; else as text. A missing
    property satisfies `not_set` and nothing else, not even `!=`.
    """

    property: str
    op: str
    value: Any = None

    def __post_init__(self) -> None:
        if self.op not in OPERATORS:
            raise ValueError(f"There is no operator “{self.op}”.")
        if '"' in self.property or "\\" in self.property or "\0" in self.property:
            raise ValueError(f"“{self.property}” cannot be the name of a property.")
        if self.op == "in" and not self.value:
            raise ValueError("A list of nothing holds nothing.")


def holds(events: "Table", condition: Condition) -> "BooleanValue":
    """Whether the condition holds for each event."""
    op, value = condition.op, condition.value
    found = text(events, condition.property)
    if op in {"is_set", "not_set"}:
        return found.notnull() if op == "is_set" else found.isnull()
    some = list(value) if op in {"in", "between"} else [value]
    if all(_is_number(one) for one in some):
        return _compare(number(events, condition.property), op, [float(one) for one in some])
    return _compare(found, op, [_as_text(one) for one in some])


def _compare(left: Any, op: str, right: list[Any]) -> "BooleanValue":
    return {
        "=": lambda: left == right[0],
        "!=": lambda: left != right[0],
        "<": lambda: left < right[0],
        "<=": lambda: left <= right[0],
        ">": lambda: left > right[0],
        ">=": lambda: left >= right[0],
        "between": lambda: left.between(right[0], right[-1]),
        # One by one: an engine that looks numbers up by their bits finds no 0 in -0.0.
        "in": lambda: functools.reduce(operator.or_, (left == one for one in right)),
    }[op]()


def text(events: "Table", name: str) -> "StringColumn":
    """A property as text: a string without its quotes, anything else as JSON writes it.

    A JSON null is nothing, like a property that is not there. A whole number has no point,
    however it was written: engines differ in whether 1.0 is 1.
    """
    # In quotes, so that a dot in a name is not taken for a path.
    found = events.properties.cast("json")[f'"{name}"']
    written = found.cast("string").nullif("null")
    return found.str.coalesce(written.re_replace(r"\.0$", ""))


def number(events: "Table", name: str) -> "FloatingColumn":
    """A property as a number, also where a source wrote the number as text; else null.

    What a number is, is said here: engines differ in spaces, `1_000` and `inf`.
    """
    found = text(events, name)
    return found.re_search(NUMBER).ifelse(found, None).try_cast("float64")


def shape(events: "Table") -> "StringColumn":
    """The kind of each property's value, as JSON: {"name": "VARCHAR", "price": "DOUBLE"}."""
    import ibis  # heavy: not in the web process
    import ibis.expr.datatypes as kinds  # heavy: not in the web process

    @ibis.udf.scalar.builtin(signature=((kinds.json,), kinds.string))
    def json_structure(value: object) -> Any: ...

    return json_structure(events.properties.cast("json"))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
