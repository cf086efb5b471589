"""How coupons went: given, redeemed, run out, and what they cost."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from campaigns.models import Coupon, CouponDay, Redemption
from console import clock


@dataclass(frozen=True)
class Went:
    """Counts of one batch."""

    issued: int = 0
    redeemed: int = 0
    cost_minor: int = 0

    @property
    def share(self) -> float | None:
        """How many of those that were given were used."""
        return self.redeemed / self.issued if self.issued else None


def went(batches: Collection[int]) -> dict[int, Went]:
    """How each of the batches went; two questions for all of them."""
    given = CouponDay.objects.filter(batch__in=batches).order_by().values_list("batch")
    issued = dict(given.annotate(n=Sum("issued")))
    live = Redemption.objects.filter(reversed_at=None, coupon__batch__in=batches).order_by()
    used = {
        batch: (count, cost)
        for batch, count, cost in live.values_list("coupon__batch").annotate(
            n=Count("pk"), cost=Sum("cost_minor")
        )
    }
    return {batch: Went(issued.get(batch, 0), *used.get(batch, (0, 0))) for batch in batches}


def by_day(batch: int) -> list[tuple[dt.date, int, int]]:
    """Each day with how many were given and how many redeemed; days with nothing are left out."""
    given = dict(CouponDay.objects.filter(batch=batch).values_list("day", "issued"))
    live = Redemption.objects.filter(reversed_at=None, coupon__batch=batch).order_by()
    day_of = TruncDate("at", tzinfo=clock.zone())
    used = dict(live.annotate(day=day_of).values_list("day").annotate(n=Count("pk")))
    return [(day, given.get(day, 0), used.get(day, 0)) for day in sorted({*given, *used})]


def run_out(batch: int, *, at: dt.datetime) -> int:
    """How many lapsed without being used."""
    unused = Coupon.objects.filter(batch=batch, status=Coupon.Status.ISSUED)
    return unused.filter(expires_at__lte=at).count()
