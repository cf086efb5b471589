"""What campaigns paid for messages and for people's work, posted by day from their budgets' ledger.

The ledger is only added to, and an entry is of the day on which it is made: so the days from the
last posted one on are all that can have changed, and the one before, where an entry made before
midnight was committed after it. A project whose date was set back begins from its date again.
"""

import datetime as dt

from django.db import connection, transaction
from django.db.models import Max

from console import clock
from metrics.coupon_costs import LOCK
from metrics.models import Spend

A_DAY = dt.timedelta(days=1)
PAID = (Spend.Source.MESSAGES, Spend.Source.WORK)
# Keys are as `campaigns.money.purse` makes them: campaign, number, deed (or deed-back), chance.
_SUMS = """
    SELECT e.on, split_part(e.key, ':', 2)::bigint AS campaign,
           split_part(split_part(e.key, ':', 3), '-', 1) AS source,
           sum(CASE e.kind WHEN 'spend' THEN e.amount_minor ELSE -e.amount_minor END)::bigint
    FROM console_budgetentry e JOIN console_budget b ON b.id = e.budget_id
    WHERE e.on >= %s AND e.kind IN ('spend', 'refund') AND e.key LIKE 'campaign:%%'
          AND split_part(split_part(e.key, ':', 3), '-', 1) = ANY(%s) AND b.currency = %s
    GROUP BY 1, 2, 3
"""


@transaction.atomic
def book() -> int:
    """Post what was paid since the last posted day; how many entries that are now."""
    posted = Spend.objects.filter(source__in=PAID)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        last = posted.aggregate(last=Max("day"))["last"]
        since = min(last, clock.today()) - A_DAY if last else dt.date.min
        cursor.execute(_SUMS, [since, [*map(str, PAID)], clock.project().currency])
        sums = cursor.fetchall()
    posted.filter(day__gte=since).delete()
    entries = [
        Spend(day=day, campaign_id=campaign, source=source, amount_minor=amount)
        for day, campaign, source, amount in sums
        if amount
    ]
    return len(Spend.objects.bulk_create(entries, batch_size=2_000))
