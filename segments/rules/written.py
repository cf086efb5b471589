"""Writes a rule down as JSON again: what was left to its default is left out."""

from collections.abc import Callable
from typing import Any

from segments.rules.nodes import (
    MARKETING,
    AllOf,
    AnyOf,
    Consented,
    Crossed,
    DaysSince,
    Deed,
    Did,
    InSegment,
    InStage,
    Listed,
    Not,
    Operand,
    Profile,
    RandomShare,
    Rule,
    Sequence,
    Tagged,
    Trait,
    Where,
)

Written = dict[str, Any]


def to_json(rule: Rule) -> Written:
    """The JSON that is read as this rule."""
    match rule:
        case AllOf(parts):
            return {"all": [to_json(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [to_json(part) for part in parts]}
        case Not(part):
            return {"not": to_json(part)}
        case _leaf:
            return _WRITERS[type(rule)](rule)


def _did(leaf: Did) -> Written:
    dates = {"since": leaf.since, "until": leaf.until}
    return {
        "event": leaf.event,
        "did": leaf.did,
        "times": leaf.times,
        **({} if leaf.days is None else {"days": leaf.days}),
        **({"ago": leaf.ago} if leaf.ago else {}),
        **{key: one.isoformat() for key, one in dates.items() if one},
        **_where(leaf.where),
    }


def _deed(deed: Deed) -> Written:
    return {"event": deed.event, **_where(deed.where)}


def _sequence(leaf: Sequence) -> Written:
    steps = {"sequence": _deed(leaf.first), "then": _deed(leaf.then)}
    return {**steps, "did": leaf.did, "hours": leaf.hours, "days": leaf.days}


def _stage(leaf: InStage) -> Written:
    how_long = {} if leaf.days is None else {"days": leaf.days, "op": leaf.op}
    return {"stage": leaf.stage_set, "in": list(leaf.stages), **how_long}


def _random(leaf: RandomShare) -> Written:
    return {"random": leaf.percent, **({"seed": leaf.seed} if leaf.seed else {})}


def _consent(leaf: Consented) -> Written:
    purpose = {} if leaf.purpose == MARKETING else {"purpose": leaf.purpose}
    return {"consent": leaf.channel, **purpose}


def _where(wheres: tuple[Where, ...]) -> Written:
    if not wheres:
        return {}
    return {"where": [{"property": one.key, **_comparison(one)} for one in wheres]}


def _comparison(leaf: Trait | Profile | Where | DaysSince) -> Written:
    if leaf.value is None:
        return {"op": leaf.op}
    return {"op": leaf.op, "value": _listed(leaf.value)}


def _listed(value: Operand) -> Any:
    return list(value) if isinstance(value, tuple) else value


_WRITERS: dict[type, Callable[[Any], Written]] = {
    Trait: lambda leaf: {"trait": leaf.key, **_comparison(leaf)},
    Profile: lambda leaf: {"profile": leaf.key, **_comparison(leaf)},
    Did: _did,
    DaysSince: lambda leaf: {leaf.which: leaf.event, **_comparison(leaf)},
    Sequence: _sequence,
    InStage: _stage,
    InSegment: lambda leaf: {"segment": leaf.segment},
    Crossed: lambda leaf: {leaf.way: leaf.segment, "days": leaf.days},
    Tagged: lambda leaf: {"tag": leaf.tag},
    Listed: lambda leaf: {"list": leaf.customer_list},
    RandomShare: _random,
    Consented: _consent,
}
