"""How long steps take at most, by the waits that they say."""

import datetime as dt

from campaigns.plans import nodes
from campaigns.plans.nodes import Step, Wait

DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


def of(steps: tuple[Step, ...]) -> dt.timedelta:
    """One behind the other; of several ways the longest."""
    return sum((_of(step) for step in steps), dt.timedelta())


def _of(step: Step) -> dt.timedelta:
    if isinstance(step, Wait):
        until = WEEK if step.weekdays else DAY if step.at is not None else dt.timedelta()
        return dt.timedelta(minutes=step.minutes) + until
    return max((of(way) for way in nodes.ways(step)), default=dt.timedelta())
