"""Samples as their sums: what a group of customers came to, without the customers.

Sums add up over days and chunks, and integers (counts, minor units) keep them exact: the
textbook formula for the variance loses nothing in whole numbers, however large they are.
"""

from dataclasses import dataclass
from typing import Protocol, Self


class Sample(Protocol):
    """What a comparison asks of a sample; None where it has no answer."""

    @property
    def n(self) -> int: ...

    @property
    def mean(self) -> float | None: ...

    @property
    def variance(self) -> float | None: ...


def error2(sample: Sample) -> float | None:
    """The squared standard error of the sample's mean."""
    if sample.variance is None or not sample.n:
        return None
    return sample.variance / sample.n


@dataclass(frozen=True)
class Proportion:
    """How many of n customers did it.

    Raises:
        ValueError: more than all of them, or fewer than none.
    """

    n: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.n:
            raise ValueError(f"{self.count} of {self.n} is no proportion.")

    def __add__(self, other: Self) -> "Proportion":
        return Proportion(self.n + other.n, self.count + other.count)

    @property
    def mean(self) -> float | None:
        return self.count / self.n if self.n else None

    @property
    def variance(self) -> float | None:
        """That is p (1 - p), as maximum likelihood has it."""
        return self.count * (self.n - self.count) / self.n**2 if self.n else None


@dataclass(frozen=True)
class Mean:
    """The sum and the sum of squares of one number a customer."""

    n: int
    total: int
    squares: int

    def __add__(self, other: Self) -> "Mean":
        return Mean(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float | None:
        return self.total / self.n if self.n else None

    @property
    def variance(self) -> float | None:
        """With n - 1 below; one customer has none."""
        return spread(self.n, self.total, self.squares)


@dataclass(frozen=True)
class Pair:
    """Two numbers a customer, y and x, with what they have in common."""

    n: int
    y: int
    yy: int
    x: int
    xx: int
    xy: int

    def __add__(self, other: Self) -> "Pair":
        return Pair(
            self.n + other.n,
            self.y + other.y,
            self.yy + other.yy,
            self.x + other.x,
            self.xx + other.xx,
            self.xy + other.xy,
        )

    @property
    def of_y(self) -> Mean:
        return Mean(self.n, self.y, self.yy)

    @property
    def of_x(self) -> Mean:
        return Mean(self.n, self.x, self.xx)

    @property
    def covariance(self) -> float | None:
        return together(self.n, self.x, self.y, self.xy)


@dataclass(frozen=True)
class Ratio:
    """All of y over all of x, such as revenue per order, when customers were split.

    The orders of one customer go together, so they are not independent draws. The delta method
    gives the variance of the quotient of two means (Deng, Knoblich, Lu: Applying the Delta
    Method in Metric Analytics, KDD 2018, eq. 3):
    Var(y/x) ~ (Var(y) - 2 R Cov(x, y) + R^2 Var(x)) / mean(x)^2, R = mean(y) / mean(x).
    """

    of: Pair

    @property
    def n(self) -> int:
        return self.of.n

    @property
    def mean(self) -> float | None:
        return self.of.y / self.of.x if self.of.x > 0 else None

    @property
    def variance(self) -> float | None:
        quotient, y, x = self.mean, self.of.of_y.variance, self.of.of_x.variance
        shared = self.of.covariance
        if quotient is None or y is None or x is None or shared is None:
            return None
        below = self.of.x / self.n
        return max(0.0, y - 2 * quotient * shared + quotient**2 * x) / below**2


def spread(n: int, total: int, squares: int) -> float | None:
    """The sample variance from its sums, exact in whole numbers until the division."""
    return together(n, total, total, squares)


def together(n: int, x: int, y: int, xy: int) -> float | None:
    """The sample covariance from its sums."""
    return (n * xy - x * y) / (n * (n - 1)) if n > 1 else None
