"""The event that lets customers into a campaign: which one, and what its properties have to be."""

from collections.abc import Mapping
from typing import Any

from campaigns.plans.nodes import PlanError
from segments.rules import operators, tree
from segments.rules.nodes import Did, RuleError
from segments.rules.nodes import gettext_noop as _
from segments.rules.vocabulary import Vocabulary


def read(raw: Any, known: Vocabulary) -> Did:
    """The event and its conditions, as `{"event": …, "where": […]}`.

    Raises:
        PlanError: it cannot be understood.
    """
    if not isinstance(raw, dict) or set(raw) - {"event", "where"} or not raw.get("event"):
        raise PlanError((), _("Choose the event that lets customers in."))
    try:
        found = tree.parse(raw, known)
    except RuleError as problem:
        raise PlanError(
            (), _("The event that lets customers in: %(problem)s"), problem=problem
        ) from problem
    assert isinstance(found, Did)
    return found


def fits(trigger: Did, name: str, properties: Mapping[str, Any]) -> bool:
    """Whether an event is the one that is waited for."""
    return name == trigger.event and all(
        _holds(one.op, properties.get(one.key), one.value) for one in trigger.where
    )


def _holds(op: str, value: Any, operand: Any) -> bool:
    """As in rules: texts compare with texts and numbers with numbers, else it does not hold."""
    some = operand[0] if isinstance(operand, tuple) and operand else operand
    if value is not None and operand is not None:
        if isinstance(some, str):
            value = _text(value)
        else:
            value = _number(value)
    return operators.holds(op, value, operand)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
