"""What customers are worth: orders to come times their amount, discounted.

Fader, Hardie and Lee (2005), RFM and CLV, Journal of Marketing Research 42(4): money that comes
later is worth less. Each month's orders count at the month's end, at a discount by month.
"""

import numpy as np

from metrics.stats.lifetime import purchasing
from metrics.stats.lifetime.histories import WEEK, Array, Histories
from metrics.stats.lifetime.purchasing import Purchasing

MONTH = 4.345 * WEEK  # days of a month: 365 / 12, in the rounding that the published values use


def orders(model: Purchasing, histories: Histories, *, months: int, discount: float) -> Array:
    """Orders of the months to come, each worth less by so much a month (0.01 is 1%)."""
    steps = range(1, months + 1)
    ends = [step * MONTH / WEEK for step in steps]

    def discounted(x: Array, T: Array) -> Array:
        found, before = np.zeros(len(x)), np.zeros(len(x))
        for step, end in zip(steps, ends, strict=True):
            until = purchasing.while_alive(model, x, T, end)
            found += (until - before) / (1 + discount) ** step
            before = until
        return found

    return purchasing.alive(model, histories) * purchasing.of_each(histories, discounted)
