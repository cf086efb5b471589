"""What the forms of the scorings say, as recipes; the forms show recipes as JSON has them."""

import contextlib
from typing import Any

from django.http import QueryDict

from segments import scorings
from segments.scoring import potential, rfm

Recipe = dict[str, Any]
MEASURES = ("recency", "frequency", "monetary")
OWN = "own"  # cells that people made


def read(kind: str, given: QueryDict, was: Recipe) -> Recipe:
    """The recipe of a filled-in form; what the form does not ask for stays as it was."""
    recipe: Recipe = _READERS[kind](given, was)
    return {**was, **recipe, "weekday": _whole(given.get("weekday"))}


def _rfm(given: QueryDict, was: Recipe) -> Recipe:
    chosen = rfm.SETS.get(given.get("cells", OWN))
    if chosen is not None:
        cells = [rfm.write_cell(one) for one in chosen]
    else:
        cells = [_cell(row) for row in _rows(given, "key", "title", *_SPANS) if row["key"]]
    return {"cells": cells} | {name: _cuts(given, name) for name in MEASURES}


_SPANS = tuple(f"{letter}_{end}" for letter in rfm.LETTERS for end in ("from", "to"))


def _cuts(given: QueryDict, name: str) -> Recipe:
    by = given.get(f"{name}_by")
    at = [_number(one) for one in given.getlist(f"{name}_at")]
    return {"trait": given.get(f"{name}_trait"), "by": by, "at": at}


def _cell(row: dict[str, str]) -> Recipe:
    spans = {
        letter: [_whole(row[f"{letter}_from"]), _whole(row[f"{letter}_to"])]
        for letter in rfm.LETTERS
    }
    return {"key": row["key"], "title": row["title"], **spans}


def _value(given: QueryDict, was: Recipe) -> Recipe:
    factors = [_factor(given, at, one) for at, one in enumerate(was["factors"])]
    tiers = [
        {"key": row["key"], "title": row["title"], "at": _number(row["at"])}
        for row in _rows(given, "key", "title", "at")
        if row["key"] and row["at"]
    ]
    return {"factors": factors, "tiers": tiers, "by": given.get("by")}


def _factor(given: QueryDict, at: int, was: Recipe) -> Recipe:
    found = {**was, "weight": _number(given.get(f"weight_{at}"))}
    if "stage_set" in was:
        points = {stage: _number(given.get(f"points_{at}_{stage}")) for stage in was["points"]}
        return {**found, "points": points}
    return {
        **found,
        "trait": given.get(f"trait_{at}"),
        "less_is_better": f"less_{at}" in given,
    }


def _potential(given: QueryDict, was: Recipe) -> Recipe:
    signs = [
        {**one, "trait": row["trait"], "by": row["by"], "at": _number(row["at"])}
        for one, row in zip(was["signs"], _rows(given, "trait", "by", "at"), strict=False)
    ]
    rule = was["streak"] or potential.write(potential.SHIPPED)["streak"]
    days = _whole(given.get("streak_days"))
    return {
        "signs": signs,
        "needs": _whole(given.get("needs")),
        "streak": {**rule, "days": days} if "streak" in given else None,
    }


def _clusters(given: QueryDict, was: Recipe) -> Recipe:
    rows = _rows(given, "trait", "role", "scale", "missing")
    features = [
        {
            "trait": row["trait"],
            "role": row["role"],
            "log": row["scale"] == "log",
            "missing": row["missing"],
        }
        for row in rows
        if row["trait"]
    ]
    return {
        "features": features,
        "k": _whole(given.get("k")),
        "at_least": _whole(given.get("at_least")),
    }


_READERS = {
    scorings.RFM: _rfm,
    scorings.VALUE: _value,
    scorings.POTENTIAL: _potential,
    scorings.CLUSTERS: _clusters,
}


def renamed(given: QueryDict, was: Recipe) -> Recipe:
    """The recipe of the clusters with the names of the small form beside the profiles."""
    names = {
        key.removeprefix("name_"): str(name).strip()
        for key, name in given.items()
        if key.startswith("name_")
    }
    kept = {**was["names"], **names}
    return {**was, "names": {key: name for key, name in kept.items() if name}}


def _rows(given: QueryDict, *names: str) -> list[dict[str, str]]:
    """The rows of a table of fields that have the same names in each row."""
    columns = [given.getlist(name) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False)]


def _number(text: str | None) -> Any:
    """The number that a field holds; other words stay as they are, to be refused by the recipe."""
    for kind in (int, float):
        with contextlib.suppress(TypeError, ValueError):
            return kind(text)  # type: ignore[arg-type]
    return text


def _whole(text: str | None) -> Any:
    """The same, and nothing for an empty field."""
    return _number(text) if text else None
