"""How segments do beside each other: size, trend, worth, conversion, and who hears little."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Sum
from pyroaring import BitMap

from segments import amounts, arrays, bitmaps, live_sets, sets, traits
from segments.models import EventProperty, Segment, SegmentSnapshot
from segments.sheet import Known

TREND_DAYS = 30
KEPT_SECONDS = 86_400
LEAST_SHARE = 0.01  # of all customers, before a segment is called under-served
SELDOM = 0.5  # of the campaigns that reach customers on average
READ = (
    *("orders_30d", "orders", "monetary_minor", "promotions_received"),
    "campaigns_received",
)


@dataclass(frozen=True)
class Doing:
    """What a set of customers does: sums, so that shares and means follow from them."""

    size: int
    buyers: int  # ordered within 30 days
    orders: int  # ever
    spent_minor: int  # ever
    reached: int  # were written to at least once
    touches: int  # campaigns and messages that reached them
    campaigns: int  # the different ones that reached each of them

    @property
    def conversion(self) -> float | None:
        return self.buyers / self.size if self.size else None

    @property
    def orders_each(self) -> float | None:
        return self.orders / self.size if self.size else None

    @property
    def spent_each(self) -> float | None:
        return self.spent_minor / self.size if self.size else None

    @property
    def touches_each(self) -> float | None:
        return self.touches / self.size if self.size else None

    @property
    def campaigns_each(self) -> float | None:
        return self.campaigns / self.size if self.size else None


@dataclass(frozen=True)
class Line:
    """One segment beside everybody."""

    segment: Segment
    doing: Doing
    trend: float | None  # of the size, against 30 days ago
    is_under_served: bool
    is_never_written_to: bool


@dataclass(frozen=True)
class Report:
    """All computed segments in use, those first who wait for somebody's care."""

    everyone: Doing
    lines: list[Line]


def report(day: dt.date) -> Report:
    """The figures of a day; a segment's are kept for as long as it and the traits stay."""
    columns = traits.read(*READ, day=day)
    everyone = _doing(live_sets.everyone(), columns)
    live = Segment.objects.filter(archived_at=None).exclude(size=None)
    segments = list(live.defer("members", "rule"))
    before = _sizes_before(day - dt.timedelta(days=TREND_DAYS))
    lines = [_line(one, _of(one, columns), before.get(one.pk), everyone) for one in segments]
    lines.sort(key=lambda one: (-one.is_under_served, -one.is_never_written_to, -one.doing.size))
    return Report(everyone, lines)


def _line(segment: Segment, doing: Doing, before: int | None, everyone: Doing) -> Line:
    large = doing.size >= LEAST_SHARE * max(everyone.size, 1)
    seldom = (doing.campaigns_each or 0) < SELDOM * (everyone.campaigns_each or 0)
    poor = (doing.conversion or 0) < (everyone.conversion or 0)
    return Line(
        segment=segment,
        doing=doing,
        trend=(doing.size - before) / before if before else None,
        is_under_served=large and seldom and poor,
        is_never_written_to=bool(doing.size) and not doing.reached,
    )


def _of(segment: Segment, columns: dict[str, Known]) -> Doing:
    versions = ".".join(str(columns[key].version) for key in sorted(columns))
    key = f"segment-doing:{bytes(segment.digest).hex()}:{versions}"
    kept = cache.get(key)
    if kept is None:
        kept = asdict(_doing(sets.one(Segment, segment.pk)[0], columns))
        cache.set(key, kept, KEPT_SECONDS)
    return Doing(**kept)


def _doing(members: BitMap, columns: dict[str, Known]) -> Doing:
    ids = bitmaps.to_array(members)
    theirs = {key: _values(ids, columns.get(key)) for key in READ}
    return Doing(
        size=len(members),
        buyers=int((theirs["orders_30d"] > 0).sum()),
        orders=int(theirs["orders"].sum()),
        spent_minor=int(theirs["monetary_minor"].sum()),
        reached=int((theirs["promotions_received"] > 0).sum()),
        touches=int(theirs["promotions_received"].sum()),
        campaigns=int(theirs["campaigns_received"].sum()),
    )


def _values(ids: Any, column: Known | None) -> Any:
    """What a column says of these customers, as far as it is known."""
    if column is None:
        return ids[:0].astype("<i8")
    values = column.values[ids[ids < len(column.values)]]
    return values[arrays.known(values)].astype("<i8")


def orders_left_out() -> int:
    """How many paid orders came in another currency so far: what was spent leaves them out."""
    told = EventProperty.objects.filter(event_type__counts_as_paid=True, name=amounts.FOREIGN)
    return int(told.aggregate(found=Sum("volume"))["found"] or 0)


def _sizes_before(day: dt.date) -> dict[int, int]:
    kept = SegmentSnapshot.objects.filter(day__lte=day).order_by("segment", "-day")
    return dict(kept.distinct("segment").values_list("segment", "size"))


def chosen(numbers: Sequence[int], most: int) -> list[Segment]:
    """The computed segments with these numbers; without any the largest."""
    live = Segment.objects.filter(archived_at=None).exclude(size=None).defer("members", "rule")
    wanted = live.filter(pk__in=numbers) if numbers else live.order_by("-size")
    return list(wanted[:most])
