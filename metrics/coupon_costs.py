"""What redeemed coupons cost, booked by day and campaign; what was reversed comes back."""

import datetime as dt
from collections import defaultdict

from django.db import connection, transaction
from django.db.models import Sum

from campaigns.models import Redemption
from console import clock
from metrics.models import Spend

LOCK = 0xC0DE  # the advisory lock of who books: two at once would both write the same day
AT_A_TIME = 10_000
Sums = dict[int | None, int]  # by campaign; None: given by hand, or by nobody


def book_all() -> int:
    """Book everything that happened since the last time; how many redemptions that were."""
    booked = 0
    while count := book():
        booked += count
    return booked


@transaction.atomic
def book() -> int:
    """Book some redemptions, and reversals, that were not booked yet; how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    waiting = Redemption.objects.select_for_update().filter(is_booked=False).order_by("pk")
    found = list(waiting.only("pk", "at", "reversed_at")[:AT_A_TIME])
    zone = clock.zone()
    moments = [moment for one in found for moment in (one.at, one.reversed_at) if moment]
    for day in {moment.astimezone(zone).date() for moment in moments}:
        _write(day, _cost_of(day))
    Redemption.objects.filter(pk__in=[one.pk for one in found]).update(is_booked=True)
    return len(found)


def _cost_of(day: dt.date) -> Sums:
    """What was redeemed on a day, less what was reversed on it."""
    first = dt.datetime.combine(day, dt.time(), clock.zone())
    inside = (first, dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), clock.zone()))
    sums: Sums = defaultdict(int)
    for field, sign in (("at", 1), ("reversed_at", -1)):
        rows = Redemption.objects.filter(
            **{f"{field}__gte": inside[0], f"{field}__lt": inside[1]}
        ).order_by()
        by_campaign = rows.values_list("coupon__campaign").annotate(cost=Sum("cost_minor"))
        for campaign, cost in by_campaign:
            sums[campaign] += sign * int(cost)
    return sums


def _write(day: dt.date, sums: Sums) -> None:
    """The day's rows, as the sums are now."""
    kept = Spend.objects.filter(source=Spend.Source.COUPONS, day=day)
    for campaign, cost in sums.items():
        mine = kept.filter(campaign=campaign)
        if not cost:
            mine.delete()
        elif not mine.update(amount_minor=cost):
            Spend.objects.create(
                day=day, source=Spend.Source.COUPONS, campaign_id=campaign, amount_minor=cost
            )
