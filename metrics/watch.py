"""What happens once the days are measured: periods close, and rules are judged."""

import datetime as dt

from console import jobs
from metrics import period_rules, periods


def run(*, today: dt.date, progress: jobs.Progress = jobs.silent) -> None:
    """Close what is over and judge what it is held to."""
    period_rules.install()
    periods.close(today=today, slices=period_rules.slices_asked_for())
    progress(1, 2)
    period_rules.judge_all(today=today)
    progress(2, 2)
