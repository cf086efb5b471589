"""What each closed day came to, from the stored day sets and the lake's sums."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from django.db import transaction
from django.db.models import QuerySet

from console import audit, jobs
from metrics import history, measurements
from metrics.history import History
from metrics.measurements import Figure, count, ratio
from metrics.queries import orders
from metrics.stats import cohorts, windows
from segments import definitions
from segments.models import Definition, Stage, StageFlow, StageSet

RETURNS = {"retention_d1": 1, "retention_d7": 7, "retention_d30": 30}


def run(
    *,
    since: dt.date | None = None,
    until: dt.date | None = None,
    progress: jobs.Progress = jobs.silent,
) -> int:
    """Measure the closed days from `since` (default: the first) to `until` (default: the last).

    A late event of a day changes that day, the windows and cohorts after it, and the
    retention of the 30 days before: give its day as `since`, and all of them are measured
    again. Days without events are measured too: nobody was active. Returns how many
    figures were written.
    """
    under = definitions.everything()  # first: what is read below may be newer, never older
    past = history.load(until=until)
    progress(1, 4)
    figures = [*stage_figures()]
    if past.days:
        since = max(since or past.days[0], past.days[0])
        figures += [*activity_figures(past, since), *return_figures(past, since)]
        figures += word_figures(past, since, under[definitions.EFFECTIVE])
        progress(2, 4)
        figures += order_figures(since, past.days[-1])
    progress(3, 4)
    with transaction.atomic():
        measurements.keep(figures, under={key: one.version for key, one in under.items()})
        audit.log("metrics.measured", figures=len(figures), since=since)
    progress(4, 4)
    return len(figures)


def activity_figures(past: History, since: dt.date) -> Iterator[Figure]:
    """Daily, weekly, monthly actives, stickiness and new customers."""
    weekly = windows.rolling_sizes(past.active, 7)
    monthly = windows.rolling_sizes(past.active, 30)
    new = cohorts.first_seen(past.active)
    for number in range((since - past.days[0]).days, len(past.days)):
        day, daily = past.days[number], len(past.active[number])
        yield count("dau", day, daily)
        yield count("wau", day, weekly[number])
        yield count("mau", day, monthly[number])
        yield ratio("stickiness", day, daily, monthly[number])
        yield count("new_customers", day, len(new[number]))


def return_figures(past: History, since: dt.date) -> Iterator[Figure]:
    """Who of a day's new customers was back N days later, for the cohorts this may change."""
    new = cohorts.first_seen(past.active)
    for key, after in RETURNS.items():
        shares = cohorts.returned(new, past.active, after)
        start = max(0, (since - past.days[0]).days - after)
        for day, share in list(zip(past.days, shares, strict=False))[start:]:
            yield ratio(key, day, share.numerator, share.denominator)


def word_figures(past: History, since: dt.date, effective: Definition) -> Iterator[Figure]:
    """Who interacted, and who became effective."""
    interacting = history.interacting(past)
    became = history.became_effective(past, effective)
    for number in range((since - past.days[0]).days, len(past.days)):
        yield count("interacting", past.days[number], len(interacting[number]))
        yield count("effective_new", past.days[number], len(became[number]))


def order_figures(since: dt.date, until: dt.date) -> Iterator[Figure]:
    """Orders, revenue, buyers, and the averages over them."""
    sums = orders.by_day(definitions.events(definitions.PAID), since=since, until=until)
    for day in history.each_day(since, until):
        of = sums.get(day, orders.DayOfOrders())
        yield count("orders", day, of.orders)
        yield count("revenue", day, of.amount)
        yield count("buyers", day, of.buyers)
        yield ratio("arppu", day, of.amount, of.buyers)
        yield ratio("average_order", day, of.amount, of.orders)


def stage_figures() -> Iterator[Figure]:
    """How many customers stood in each stage of the default set, on each day that moved any.

    Counted from the moves, so that the past is there as well; the last day is the one for
    which the stages were computed.
    """
    stage_set = StageSet.objects.filter(is_default=True, data_as_of__isnull=False).first()
    if stage_set is None:
        return
    stages = dict(Stage.objects.filter(stage_set=stage_set).values_list("pk", "key"))
    standing: Counter[int] = Counter()
    days = {day: list(moves) for day, moves in groupby(_moves(stage_set), itemgetter(0))}
    for day in sorted({*days, stage_set.data_as_of}):
        for _, origin, goal, customers in days.get(day, []):
            standing[goal] += customers
            standing[origin] -= customers
        yield from (
            count("stage_customers", day, standing[stage], part=key)
            for stage, key in stages.items()
        )


def _moves(stage_set: StageSet) -> QuerySet[StageFlow, tuple[dt.date, int, int, int]]:
    """day, from, to, customers: in the order of the days; those who come from nowhere too."""
    return stage_set.flows.order_by("on").values_list("on", "from_stage", "to_stage", "size")
