"""BG/NBD: how often customers order while they are with us, and when they leave.

Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way: An Alternative to the
Pareto/NBD Model, Marketing Science 24(2). Orders come at a rate that differs between customers
by a gamma distribution (r, alpha); after each a customer leaves with a chance that differs by a
beta distribution (a, b). Equation numbers are of that paper. Times are in weeks.
"""

from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from metrics.stats.lifetime import descent
from metrics.stats.lifetime.descent import Found
from metrics.stats.lifetime.histories import WEEK, Array, Counted, Histories, dot

FEW = 1 << 15  # customers of the sample with which a fit of many begins
EDGE = 12.0  # a logarithm beyond which a parameter says: no limit
ENOUGH = 1e-9  # of the slope a customer
SLACK = 1e-5  # beyond which a fit that stopped has not arrived
ALIKE = 1e-6  # a this near to 1 is moved off it, where the closed form is 0 by 0


@dataclass(frozen=True)
class Purchasing:
    """The four parameters, of rates a week."""

    r: float
    alpha: float
    a: float
    b: float

    @property
    def rate(self) -> float:
        """Orders a week of the average customer who is with us."""
        return self.r / self.alpha

    @property
    def leaving(self) -> float:
        """The average chance to leave after an order."""
        return self.a / (self.a + self.b)

    @property
    def edges(self) -> list[str]:
        """Parameters that grew or shrank without end: there, customers do not differ."""
        names = ("r", "alpha", "a", "b")
        pairs = zip(names, astuple(self), strict=True)
        return [name for name, one in pairs if abs(np.log(one)) > EDGE - 0.1]


@dataclass(frozen=True)
class Fit:
    """Parameters, their likelihood, and whether the search arrived."""

    found: Purchasing
    log_likelihood: float
    arrived: bool
    looks: int  # times that the likelihood was worked out over all customers


# --- fitting ------------------------------------------------------------------


def fit(histories: Histories, *, start: Purchasing | None = None) -> Fit:
    """The most likely parameters. `start` are those of last night, if there are any.

    A fit of many customers begins with that of every so many-th: it is near, and its curvature
    tells how far each parameter is to be moved.

    Raises:
        ValueError: nobody came again, so that nothing tells how long customers stay.
    """
    if not histories.repeaters:
        raise ValueError("Nobody came again.")
    begin, inverse = np.log(astuple(start)) if start else _begin(histories), np.eye(4)
    step = len(histories) // FEW
    if step > 1 and (few := histories.of(slice(None, None, step))).repeaters:
        counted = Counted(few)
        begin = _search(counted, begin, inverse).at
        inverse = _inverse_curvature(counted, begin)
    counted = Counted(histories)
    found = _search(counted, begin, inverse)
    value = log_likelihood(found.at, counted)[0]
    inside = np.abs(found.at) < EDGE - 0.01  # a parameter at its edge still wants to go on
    arrived = bool(np.isfinite(value) and np.abs(found.slope[inside]).max(initial=0.0) < SLACK)
    return Fit(Purchasing(*np.exp(found.at).tolist()), value, arrived, found.looks)


def _begin(histories: Histories) -> Array:
    """Where to begin: the average rate, and one in five who leaves."""
    weeks = histories.T.sum() / WEEK
    rate = max(histories.x.sum() / max(weeks, 1.0), 1e-3)
    return np.log([0.5, np.clip(0.5 / rate, 1e-3, 1e3), 0.5, 2.0])


def _search(counted: Counted, begin: Array, inverse: Array) -> Found:
    """The lowest loss a customer, over the logarithms of the parameters."""

    def loss(theta: Array) -> tuple[float, Array]:
        value, slope = log_likelihood(theta, counted)
        return -value / counted.customers, -slope / counted.customers

    return descent.lowest(loss, begin, inverse=inverse, edge=EDGE, enough=ENOUGH)


def _inverse_curvature(counted: Counted, at: Array) -> Array:
    """How the loss of these customers curves, turned round, for the search over all."""
    step = 1e-4
    slopes = [
        log_likelihood(at + step * one, counted)[1] - log_likelihood(at - step * one, counted)[1]
        for one in np.eye(4)
    ]
    curve = -np.array(slopes) / (2 * step * counted.customers)
    values, vectors = np.linalg.eigh((curve + curve.T) / 2)
    # A direction that hardly curves is not to send the search far away.
    return vectors / np.maximum(values, 1e-4) @ vectors.T


def log_likelihood(theta: Array, counted: Counted) -> tuple[float, Array]:
    """Equation (6) summed, and its slope, at the parameters' logarithms.

    Logarithms of times come from tables by day. Quotients of gamma functions are products, as x
    is whole: their tables by x stay exact where the functions would be too large to tell apart.
    Only the chance of having left needs a look at every row.
    """
    r, alpha, a, b = np.exp(theta)
    of_x, everybody = counted.of_x, counted.customers
    log_times = np.log(alpha + counted.times)
    later = 1 / (alpha + counted.times)
    gone = _gone(counted, r, a, b, log_times, later)
    (ln_r, psi_r), (ln_b, psi_b), (ln_ab, psi_ab) = (
        _rising(one, len(of_x)) for one in (r, b, a + b)
    )
    value = (
        of_x @ (ln_r + ln_b - ln_ab)
        + everybody * r * np.log(alpha)
        - (r * counted.of_T + counted.x_of_T) @ log_times
        + gone.value
    )
    slope = np.array(
        [
            of_x @ psi_r + everybody * np.log(alpha) - counted.of_T @ log_times + gone.of_r,
            everybody * r / alpha - (r * counted.of_T + counted.x_of_T) @ later + gone.of_alpha,
            gone.weight / a - of_x @ psi_ab,
            of_x @ (psi_b - psi_ab) - gone.of_b,
        ]
    )
    return float(value), slope * np.exp(theta)


def _rising(start: float, count: int) -> tuple[Array, Array]:
    """ln(Gamma(start + x) / Gamma(start)) for x from 0 on, and its slope."""
    terms = start + np.arange(count - 1)
    nought = np.zeros(1)
    return (
        np.concatenate([nought, np.cumsum(np.log(terms))]),
        np.concatenate([nought, np.cumsum(1 / terms)]),
    )


@dataclass(frozen=True)
class _Gone:
    """What the chance of having left with the last order adds, and its slopes."""

    value: float
    weight: float
    of_r: float
    of_alpha: float
    of_b: float


def _gone(counted: Counted, r: float, a: float, b: float, log_times: Array, later: Array) -> _Gone:
    """The sum of ln(1 + e^u): e^u is the odds of having left, the last two terms of (6)."""
    every = np.arange(len(counted.of_x))
    since_last = np.maximum(b + every - 1, 1e-300)  # of x = 0 nobody asks
    apart = log_times[counted.T] - log_times[counted.t_x]
    times = r + counted.x_float
    u = (np.log(a) - np.log(since_last))[counted.x] + times * apart
    small = np.exp(-np.abs(u))
    value = dot(counted.n, np.maximum(u, 0) + np.log1p(small))
    share = np.where(u >= 0, 1.0, small) / (1 + small)
    weight = counted.n * share
    by_x = np.bincount(counted.x, weight, len(every))
    return _Gone(
        value,
        float(weight.sum()),
        dot(weight, apart),
        dot(weight * times, later[counted.T] - later[counted.t_x]),
        float(by_x @ (1 / since_last)),
    )


# --- foretelling --------------------------------------------------------------


def alive(model: Purchasing, histories: Histories) -> Array:
    """The chance that each customer is still with us: Hardie's note on (8), as odds.

    Who ordered once is: in this model one leaves only after an order that follows the first.
    """
    weeks_T, weeks_t = histories.T / WEEK, histories.t_x / WEEK
    apart = np.log(model.alpha + weeks_T) - np.log(model.alpha + weeks_t)
    left = np.log(model.a) - np.log(model.b + np.maximum(histories.x, 1) - 1)
    u = left + (model.r + histories.x) * apart
    chance = 1 / (1 + np.exp(np.minimum(u, 700)))
    return np.where(histories.x > 0, chance, 1.0)


def while_alive(model: Purchasing, x: Array, T: Array, weeks: float | Array) -> Array:
    """Orders expected in the weeks to come of somebody who is with us now.

    Equation (10) without its denominator, which is 1 by the chance of being alive. By Euler's
    transformation of the hypergeometric function x stays out of every power, so that customers
    with thousands of orders do no harm; a large `a` does, for which the paper's own form is.
    """
    r, alpha, a, b = astuple(model)
    if abs(a - 1) < ALIKE:
        a = 1 + ALIKE
    z = np.broadcast_to(weeks / (alpha + T / WEEK + weeks), np.shape(x))
    c = a + b + x - 1.0
    c = np.where(np.abs(c) < ALIKE, ALIKE, c)
    series = _hypergeometric(r, a, b, x, c, z)
    found = c / (a - 1) * (1 - series)
    if not (bad := ~np.isfinite(found)).any():
        return np.maximum(found, 0.0)
    # Too large for either form: the chance to leave then hardly differs between customers.
    leaves = a / (a + b + x)
    plain = -np.expm1(-(r + x) * np.log1p(leaves * weeks / (alpha + T / WEEK))) / leaves
    return np.maximum(np.where(bad, plain, found), 0.0)


def _hypergeometric(r: float, a: float, b: float, x: Array, c: Array, z: Array) -> Array:
    """((alpha + T) / (alpha + T + t))^(r + x) 2F1(r + x, b + x; a + b + x - 1; t / ...)."""
    from scipy import special  # heavy: not in the web process

    with np.errstate(all="ignore"):
        found = (1 - z) ** (a - 1) * special.hyp2f1(a + b - 1 - r, a - 1, c, z)
        if (bad := ~np.isfinite(found)).any():
            own = (1 - z) ** (r + x) * special.hyp2f1(r + x, b + x, c, z)
            found = np.where(bad, own, found)
    return found


def expected(model: Purchasing, histories: Histories, days: float) -> Array:
    """Equation (10): orders that each customer is expected to make in the days to come."""
    return alive(model, histories) * of_each(
        histories, lambda x, T: while_alive(model, x, T, days / WEEK)
    )


def of_each(histories: Histories, work: Any) -> Array:
    """Work out once what depends on x and T alone, of each pair, and give it to everybody."""
    side = int(histories.T.max(initial=0)) + 1
    keys, places = np.unique(histories.x * side + histories.T, return_inverse=True)
    x, T = np.divmod(keys, side)
    return work(x, T)[places]


def since_first(model: Purchasing, days: Array) -> Array:
    """Equation (9): orders after the first that a new customer makes within so many days."""
    nought, weeks = np.zeros(len(days), np.int64), np.asarray(days) / WEEK
    return while_alive(model, nought, nought, weeks)


def silent(model: Purchasing, histories: Histories, days: float) -> Array:
    """The chance of no order in the days to come: having left, or being slow.

    With us and silent is the first term of (6) with T moved on:
    P(alive) ((alpha + T) / (alpha + T + t))^(r + x).
    """
    weeks_T = histories.T / WEEK
    quiet = (model.r + histories.x) * (
        np.log(model.alpha + weeks_T) - np.log(model.alpha + weeks_T + days / WEEK)
    )
    return np.clip(1 + alive(model, histories) * np.expm1(quiet), 0.0, 1.0)
