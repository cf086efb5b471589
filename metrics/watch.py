"""What happens once the days are measured: periods close, rules and alerts are judged."""

import datetime as dt

from console import jobs
from metrics import (
    alerts,
    campaign_periods,
    comparisons,
    evaluations,
    period_rules,
    periods,
)


def run(*, today: dt.date, progress: jobs.Progress = jobs.silent) -> None:
    """Close what is over and judge what it is held to."""
    period_rules.install()
    periods.close(today=today, slices=period_rules.slices_asked_for())
    progress(1, 4)
    period_rules.judge_all(today=today)
    progress(2, 4)
    campaign_periods.close_all(today=today)
    evaluations.run(today=today)
    progress(3, 4)
    yesterday = today - dt.timedelta(days=1)
    alerts.install()
    alerts.judge_all(day=yesterday)
    for comparison in comparisons.unfinished(yesterday=yesterday):
        comparisons.count(comparison, yesterday=yesterday)
    progress(4, 4)
