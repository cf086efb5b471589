"""Where one customer stands: the level, the way to the next one, badges, and what can be used."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from campaigns.models import Coupon
from segments import bits, scorings, tiers, traits
from segments.models import Tag

SCORE, LEVEL = "value_score", "value_tier"


@dataclass(frozen=True)
class Standing:
    """Where a customer stands, as the app may show it."""

    badges: list[Tag]
    perks: list[Coupon]  # that can still be used, what ends first first
    day: dt.date | None = None  # of the last run of the score
    level: str = ""
    points: int | None = None
    next_level: str = ""
    missing: int = 0  # points to the next level
    ahead_of: float | None = None  # at least this share of all who have points


def standing(numbers: Sequence[int], *, at: dt.datetime) -> Standing:
    """Of a customer with all their numbers, of which the first is the one of today."""
    number, run = numbers[0], scorings.last_run(scorings.VALUE)
    theirs = Coupon.objects.filter(customer__in=numbers, status=Coupon.Status.ISSUED)
    usable = theirs.filter(expires_at__gt=at).select_related("batch").order_by("expires_at")
    found = Standing(badges=_badges_of(number), perks=list(usable))
    if run is None:
        return found
    told = traits.of([number], (SCORE, LEVEL))[number]
    points, key = told.get(SCORE), told.get(LEVEL)
    if points is None or key is None:
        return replace(found, day=run.day)
    names = {one.pk: one.name for one in tiers.Tiers(scorings.VALUE).places()}
    above = _above(run.summary["tiers"], key)
    return replace(
        found,
        day=run.day,
        level=names.get(key, ""),
        points=points,
        next_level=names.get(above["key"], "") if above else "",
        missing=max(0, above["from"] - points) if above else 0,
        ahead_of=_ahead(run.summary["histogram"], points),
    )


def _above(told: list[dict[str, Any]], key: str) -> dict[str, Any] | None:
    """The level over this one; the told ones are from the best down."""
    at = next((at for at, one in enumerate(told) if one["key"] == key), 0)
    return told[at - 1] if at else None


def _ahead(histogram: list[int], points: int) -> float | None:
    """The share of those in lower bands of points than this one."""
    band = min(points * len(histogram) // 1000, len(histogram) - 1)
    return sum(histogram[:band]) / sum(histogram) if sum(histogram) else None


def _badges_of(number: int) -> list[Tag]:
    """Reads a few bytes of each set."""
    found = bits.find(Tag, "members", [number])
    shown = Tag.objects.filter(pk__in=found, is_badge=True, archived_at=None)
    return list(shown.defer("members").order_by("name"))
