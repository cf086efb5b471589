"""Probabilities and quantiles of the normal, t and chi-squared distributions, in plain Python.

The web process shows intervals and p-values, and SciPy is too heavy for it. DLMF is the NIST
Digital Library of Mathematical Functions, https://dlmf.nist.gov.
"""

import math
from statistics import NormalDist

STANDARD = NormalDist()
TINY = 1e-300
CLOSE = 1e-14
STEPS = 1_000


def normal_quantile(p: float) -> float:
    """The z with P(Z <= z) = p."""
    return STANDARD.inv_cdf(p)


def normal_beyond(z: float) -> float:
    """P(|Z| > |z|), accurate in the far tail too."""
    return math.erfc(abs(z) / math.sqrt(2))


def t_beyond(t: float, freedom: float) -> float:
    """P(|T| > |t|) with so many degrees of freedom (DLMF 8.17; infinite ones: the normal)."""
    if math.isinf(freedom):
        return normal_beyond(t)
    whole = freedom + t * t
    return beta_share(freedom / whole, t * t / whole, freedom / 2, 0.5)


def t_quantile(p: float, freedom: float) -> float:
    """The t with P(T <= t) = p.

    Newton from the first terms of Cornish and Fisher's expansion: above 0 the distribution
    function is concave, so from below each step comes nearer and none goes too far.
    """
    if math.isinf(freedom) or p == 0.5:
        return normal_quantile(p)
    tail = min(p, 1 - p)
    z = -normal_quantile(tail)
    found = z + (z**3 + z) / (4 * freedom)
    for _step in range(STEPS):
        step = (t_beyond(found, freedom) / 2 - tail) / t_density(found, freedom)
        found += step
        if abs(step) <= found * 1e-8:  # squared by the next, which would change nothing
            break
    return found if p > 0.5 else -found


def t_density(t: float, freedom: float) -> float:
    log_front = _log_gamma_half_more(freedom / 2) - 0.5 * math.log(freedom * math.pi)
    return math.exp(log_front - (freedom + 1) / 2 * math.log1p(t * t / freedom))


def chi2_beyond(x: float, freedom: float) -> float:
    """P(X > x) of a chi-squared X."""
    return 1.0 if x <= 0 else gamma_beyond(freedom / 2, x / 2)


def beta_share(x: float, rest: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b) (DLMF 8.17.22, modified Lentz).

    `rest` is 1 - x, which the caller knows with all its digits.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    # The fraction converges quickly below the mean; above it the mirror image does.
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(rest, x, b, a)
    log_front = a * _log(x, rest) + b * _log(rest, x) - _log_beta(a, b)
    return math.exp(log_front) * _beta_fraction(x, a, b) / a


def _log(x: float, rest: float) -> float:
    return math.log(x) if x < 0.5 else math.log1p(-rest)


def _log_beta(a: float, b: float) -> float:
    if min(a, b) == 0.5:  # without the loss of digits between large numbers
        return 0.5 * math.log(math.pi) - _log_gamma_half_more(max(a, b))
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_gamma_half_more(a: float) -> float:
    """The logarithm of gamma(a + 1/2) / gamma(a) (DLMF 5.11.13)."""
    if a < 100:
        return math.lgamma(a + 0.5) - math.lgamma(a)
    return 0.5 * math.log(a) - 1 / (8 * a) + 1 / (192 * a**3) - 1 / (640 * a**5)


def _beta_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    whole = d
    for m in range(1, STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            whole *= c * d
        if abs(c * d - 1) < CLOSE:
            break
    return whole


def gamma_beyond(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(a, x) (DLMF 8.11.4 and 8.9.2)."""
    if x <= 0:
        return 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        return 1 - front * _gamma_series(a, x)
    return front * _gamma_fraction(a, x)


def _gamma_series(a: float, x: float) -> float:
    term = whole = 1 / a
    for n in range(1, STEPS):
        term *= x / (a + n)
        whole += term
        if term < whole * CLOSE:
            break
    return whole


def _gamma_fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / TINY, 1 / _away_from_zero(b)
    whole = d
    for n in range(1, STEPS):
        b += 2
        term = -n * (n - a)
        d = 1 / _away_from_zero(term * d + b)
        c = _away_from_zero(b + term / c)
        whole *= c * d
        if abs(c * d - 1) < CLOSE:
            break
    return whole


def _away_from_zero(x: float) -> float:
    return x if abs(x) > TINY else TINY
