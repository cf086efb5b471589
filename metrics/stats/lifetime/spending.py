"""Gamma-Gamma: what an order of each customer is worth on average.

Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value (note 025 on brucehardie.com).
Amounts of a customer's orders vary about a mean of their own by a gamma distribution of shape p,
and the means differ between customers by (q, v). It holds that the amounts do not depend on how
often one orders; `correlation` tells how far they do. Amounts are in the currency's whole units.
"""

from dataclasses import astuple, dataclass

import numpy as np

from metrics.stats.lifetime import descent
from metrics.stats.lifetime.histories import Array, dot

EDGE = 9.0  # a logarithm beyond which a parameter says: no limit
ENOUGH = 1e-9  # of the slope a customer
SLACK = 1e-4  # beyond which a fit that stopped has not arrived


@dataclass(frozen=True)
class Spending:
    """The three parameters, and the plain average for where they have no answer."""

    p: float
    q: float
    v: float
    plain: float  # of all orders after the first

    @property
    def average(self) -> float:
        """Of an order of a customer of whom nothing is known. With q at 1 or below it has no
        limit; then it is the plain average."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else self.plain


@dataclass(frozen=True)
class Fit:
    found: Spending
    log_likelihood: float
    arrived: bool
    customers: int  # with an order after the first, and more paid than given back
    correlation: float | None  # between how many orders and how large


def usable(x: Array, total: Array) -> Array:
    """Whose orders after the first came to something: who has none, or had all of it paid
    back, tells nothing of an order's size."""
    return (x > 0) & (total > 0)


def fit(x: Array, total: Array, *, start: Spending | None = None) -> Fit:
    """The most likely parameters, of the orders after each customer's first and their sum.

    Raises:
        ValueError: nobody's orders after the first came to anything.
    """
    chosen = usable(x, total)
    x, total = x[chosen].astype(float), total[chosen].astype(float)
    if not len(x):
        raise ValueError("Nobody paid anything after the first order.")
    unit = float(total.sum() / x.sum())  # so that the search works with numbers about 1
    sums = _Sums(x, total / unit)
    begin = np.log([start.p, start.q, start.v / unit] if start else [2.0, 3.0, 1.0])

    def loss(theta: Array) -> tuple[float, Array]:
        value, slope = sums.log_likelihood(theta)
        return -value / len(x), -slope / len(x)

    found = descent.lowest(loss, begin, inverse=np.eye(3), edge=EDGE, enough=ENOUGH)
    value = sums.log_likelihood(found.at)[0]
    inside = np.abs(found.at) < EDGE - 0.01
    arrived = bool(np.isfinite(value) and np.abs(found.slope[inside]).max(initial=0.0) < SLACK)
    p, q, v = np.exp(found.at).tolist()
    # The density of an amount in whole units is that of the scaled one by the unit.
    return Fit(
        Spending(p, q, v * unit, unit),
        value - len(x) * float(np.log(unit)),
        arrived,
        len(x),
        _correlation(x, total / x),
    )


class _Sums:
    """What the likelihood is made of that no parameter changes."""

    def __init__(self, x: Array, total: Array) -> None:
        self.x, self.total = x, total
        self.xs, counts = np.unique(x, return_counts=True)
        self.of_x = counts.astype(float)
        mean = np.log(total / x)
        self.orders, self.logs, self.weighted = x.sum(), mean.sum(), dot(x, mean)
        self.x_log_x = dot(x, np.log(x))

    def log_likelihood(self, theta: Array) -> tuple[float, Array]:
        """Equation (1a) of the note summed, with its slope, at the parameters' logarithms."""
        from scipy import special  # heavy: not in the web process

        p, q, v = np.exp(theta)
        customers = len(self.x)
        whole = self.total + v
        logs = np.log(whole)
        by_orders, by_all = dot(self.x, logs), logs.sum()
        ln, psi = special.gammaln, special.digamma
        value = (
            self.of_x @ (ln(p * self.xs + q) - ln(p * self.xs))
            + customers * (q * np.log(v) - ln(q))
            + p * (self.weighted + self.x_log_x - by_orders)
            - self.logs
            - q * by_all
        )
        per = 1 / whole
        both = psi(p * self.xs + q)
        slope = np.array(
            [
                self.of_x @ (self.xs * (both - psi(p * self.xs)))
                + self.weighted
                + self.x_log_x
                - by_orders,
                self.of_x @ both + customers * (np.log(v) - psi(q)) - by_all,
                customers * q / v - p * dot(self.x, per) - q * per.sum(),
            ]
        )
        return float(value), slope * np.exp(theta)


def _correlation(x: Array, mean: Array) -> float | None:
    if len(x) < 3 or not x.std() or not mean.std():
        return None
    return float(np.corrcoef(x, mean)[0, 1])


def average(model: Spending, x: Array, total: Array) -> Array:
    """Equation (5): what an order of each customer is worth on average, from what they spent
    after their first order and what everybody spends. Never below nothing."""
    p, q, v, _plain = astuple(model)
    told = usable(x, total)
    weight = p * np.where(told, x, 0) + q - 1
    known = p * (v + np.where(told, total, 0.0)) / np.where(weight > 0, weight, 1.0)
    own = np.where(told, total, 0.0) / np.where(told, x, 1)
    apart = np.where(told, own, model.average)  # where the mean has no limit
    return np.where((weight > 0) & (told | (q > 1)), known, apart)
