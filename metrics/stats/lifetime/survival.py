"""Kaplan-Meier: how many contracts still run after so long, though many have not ended yet.

Kaplan and Meier (1958), Nonparametric Estimation from Incomplete Observations, JASA 53; the
error is Greenwood's (1926), the interval that of log(-log S), which stays between 0 and 1.
"""

from dataclasses import dataclass

import numpy as np

from metrics.stats.lifetime.histories import Array

NORMAL = 1.959963984540054  # of an interval of 95%


@dataclass(frozen=True)
class Survival:
    """A row a time at which some ended; the curve is 1 before the first and flat between."""

    times: Array
    running: Array  # just before the time
    ended: Array
    share: Array  # that outlive the time
    error: Array
    low: Array
    high: Array
    contracts: int
    open: int  # that had not ended when last seen
    longest: int  # that anything was seen for

    def at(self, time: float) -> float:
        """The share that outlives a time."""
        place = int(np.searchsorted(self.times, time, "right")) - 1
        return float(self.share[place]) if place >= 0 else 1.0

    @property
    def median(self) -> int | None:
        """The time that half do not outlive; nothing while more than half do."""
        below = np.flatnonzero(self.share <= 0.5)
        return int(self.times[below[0]]) if len(below) else None

    def mean(self, until: float) -> float:
        """The average length up to a time: the area under the curve."""
        inside = self.times[self.times < until]
        steps = np.diff(np.concatenate([[0.0], inside, [until]]))
        return float(steps @ np.concatenate([[1.0], self.share[: len(inside)]]))


def estimate(lengths: Array, has_ended: Array) -> Survival:
    """The curve of these lengths; one that has not ended is known to be at least so long."""
    lengths, has_ended = np.asarray(lengths), np.asarray(has_ended, bool)
    order = np.sort(lengths)
    times, ended = np.unique(lengths[has_ended], return_counts=True)
    running = len(lengths) - np.searchsorted(order, times)  # who ends on the day still counts
    share = np.cumprod(1 - ended / running)
    left = running - ended
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(np.where(left > 0, ended / (running * np.maximum(left, 1)), 0.0))
        error = share * np.sqrt(variance)
        width = np.where(
            (share > 0) & (share < 1), NORMAL * np.sqrt(variance) / np.abs(np.log(share)), 0.0
        )
        low, high = share ** np.exp(width), share ** np.exp(-width)
    return Survival(
        times,
        running,
        ended,
        share,
        error,
        low,
        high,
        len(lengths),
        int((~has_ended).sum()),
        int(lengths.max()) if len(lengths) else 0,
    )
