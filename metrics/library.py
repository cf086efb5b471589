"""The library of metrics: what ships is installed as rows, and every row tells its recipe."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection, transaction

from console import once
from metrics.models import Metric, MetricVersion
from metrics.recipes import nodes, reading
from metrics.recipes.nodes import Recipe
from metrics.shipped import SHIPPED, Definition
from segments.definitions import ACTIVE

__all__ = ["SHIPPED", "Definition"]

LOCK = 0x3E71  # the advisory lock of who changes recipes
BY_KEY = {one.key: one for one in SHIPPED}
SAYS = ("name", "definition", "group", "unit", "direction", "over", "recipe", "slices")


@transaction.atomic
def install() -> int:
    """Write the shipped metrics that are missing or older; how many were written.

    What people changed keeps what they say.
    """
    if not _missing():
        return 0
    alone()  # and look again: somebody else may have written them meanwhile
    rows = [_as_shipped(one, row) for one, row in _missing()]
    new = [row for row in rows if row.pk is None]
    for row in rows:
        if row.pk is not None:
            row.save()
    Metric.objects.bulk_create(new)
    MetricVersion.objects.bulk_create(
        [MetricVersion(metric=row, version=row.version, says=says(row)) for row in rows],
        ignore_conflicts=True,  # of one that people changed only the release is new
    )
    return len(rows)


def alone() -> None:
    """Until the end of the transaction, be the only one who changes what metrics are made of.

    Two who each lean on the metric that the other one changes would make a circle.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _missing() -> list[tuple[Definition, Metric | None]]:
    have = {one.key: one for one in Metric.objects.filter(key__in=BY_KEY)}
    return [
        (one, have.get(one.key)) for one in SHIPPED if _version(have.get(one.key)) < one.version
    ]


def _version(row: Metric | None) -> int:
    return (row.shipped_version or 0) if row else -1


def _as_shipped(one: Definition, row: Metric | None) -> Metric:
    """The row with what this release says, not written yet."""
    row = row or Metric(key=one.key, version=0)
    row.shipped_version = one.version
    if not row.is_tailored:
        for name in SAYS:
            value = getattr(one, name)
            setattr(row, name, list(value) if name == "slices" else value)
        row.rests_on = rests_on(reading.read(one.recipe), shipped_words())
        row.version += 1
    return row


def note_version(row: Metric, *, note: str = "", by: Any = None) -> None:
    """Keep what the metric says now as a version of its own."""
    MetricVersion.objects.get_or_create(
        metric=row, version=row.version, defaults={"says": says(row), "note": note, "by": by}
    )


def says(row: Metric) -> dict[str, Any]:
    """Everything that a version decides about."""
    return {name: getattr(row, name) for name in SAYS}


# --- asking -------------------------------------------------------------------


@once.a_page_asks
def rows() -> dict[str, Metric]:
    """All metrics as they are, by key."""
    return {metric.key: metric for metric in Metric.objects.all()}


def by_key() -> dict[str, Metric]:
    """All metrics, with the shipped ones in place."""
    install()
    return {metric.key: metric for metric in Metric.objects.all()}


def in_use() -> dict[str, Metric]:
    """Those that are measured: not archived."""
    return {key: one for key, one in by_key().items() if one.archived_at is None}


def recipe(row: Metric) -> Recipe:
    """How the metric is computed."""
    return _read(orjson.dumps(row.recipe))


@lru_cache(maxsize=1_000)
def _read(raw: bytes) -> Recipe:
    return reading.read(orjson.loads(raw))


def in_order(recipes: Mapping[str, Recipe]) -> list[str]:
    """Every metric after those that it is made of; what is not among them is left out."""
    found: dict[str, None] = {}

    def visit(key: str, above: tuple[str, ...]) -> None:
        if key in found or key in above or key not in recipes:
            return
        for other in nodes.leans_on(recipes[key]):
            visit(other, (*above, key))
        found[key] = None

    for key in recipes:
        visit(key, ())
    return list(found)


def needing(keys: Iterable[str], recipes: Mapping[str, Recipe]) -> set[str]:
    """These metrics and all that are made of them."""
    found = set(keys)
    for key in in_order(recipes):
        if found & set(nodes.leans_on(recipes[key])):
            found.add(key)
    return found


def rests_on(found: Recipe, words: Mapping[str, str]) -> str:
    """The word whose definition decides about a metric; `words` has that of the others."""
    for events in nodes.events(found):
        if events.word:
            return events.word
    if isinstance(found, nodes.Conversion) and found.first is None:
        return ACTIVE
    if isinstance(found, nodes.Coded):
        return words.get(f"coded:{found.by}", "")
    return next((words[key] for key in nodes.leans_on(found) if words.get(key)), "")


@lru_cache(maxsize=1)
def shipped_words() -> dict[str, str]:
    """The word that each shipped metric rests on."""
    words = {f"coded:{one.recipe['by']}": one.word for one in SHIPPED if one.word}
    recipes = {one.key: reading.read(one.recipe) for one in SHIPPED}
    for key in in_order(recipes):
        words[key] = rests_on(recipes[key], words)
    return words
