"""How the values of a trait are spread over the customers, in few numbers or words."""

from dataclasses import dataclass

import numpy as np

from segments import arrays
from segments.arrays import Array

BINS, WORDS = 12, 12


@dataclass(frozen=True)
class Bin:
    """So many customers have a value from `low` to `high`, both included; or this word."""

    customers: int
    low: float = 0
    high: float = 0
    word: str = ""


@dataclass(frozen=True)
class Spread:
    """The values in all: of how many they are known, bins, and for numbers some ranks."""

    known: int
    bins: list[Bin]
    ranks: dict[str, float]  # least, a quarter, the middle, three quarters, most, mean
    others: int = 0  # customers with one of the words that are not listed


def of(values: Array, words: tuple[str, ...] = ()) -> Spread:
    """The spread of a column; words stand for the numbers where there are any."""
    known = values[arrays.known(values)]
    if words:
        return _of_words(known, words)
    if not len(known):
        return Spread(0, [], {})
    quarters = np.percentile(known, [0, 25, 50, 75, 100], method="inverted_cdf")
    names = ("least", "quarter", "middle", "three_quarters", "most")
    ranks = {name: float(one) for name, one in zip(names, quarters, strict=True)}
    return Spread(len(known), _bins(known), {**ranks, "mean": float(known.mean())})


def counted(bins: list[Bin], values: Array) -> list[int]:
    """How many of other values are in each of these bins of numbers, which begin at their least."""
    if not bins:
        return []
    known = values[arrays.known(values)]
    places = np.searchsorted([one.low for one in bins], known, side="right") - 1
    counts: list[int] = np.bincount(np.maximum(places, 0), minlength=len(bins)).tolist()
    return counts


def _of_words(known: Array, words: tuple[str, ...]) -> Spread:
    counts = np.bincount(known, minlength=len(words))
    order = np.argsort(-counts, kind="stable")[:WORDS]
    bins = [Bin(int(counts[at]), word=words[at]) for at in order.tolist() if counts[at]]
    others = len(known) - sum(one.customers for one in bins)
    return Spread(len(known), bins, {}, others)


def _bins(known: Array) -> list[Bin]:
    """Each value, when they are few; else steps of a round width, the last one open to the top.

    The top hundredth does not stretch the steps: a few who spent very much would leave
    everybody else in one of them.
    """
    low, high = known.min().item(), known.max().item()
    whole = known.dtype.kind != "f"
    if whole and high - low < BINS:
        counts = np.bincount(known - low)
        return [Bin(count, low + at, low + at) for at, count in enumerate(counts.tolist())]
    return _steps(known, whole)


def _steps(known: Array, whole: bool) -> list[Bin]:
    low = float(known.min())
    top = float(np.percentile(known, 99, method="inverted_cdf"))
    width = _round((top - low) / (BINS - 1) or 1.0)
    if whole:
        width = max(1.0, np.ceil(width))
    start = np.floor(low / width) * width
    places = np.minimum((known - start) // width, BINS - 1).astype(np.int64)
    counts = np.bincount(places)
    most = float(known.max())
    edge = 1 if whole else 0
    return [
        Bin(
            int(count),
            start + at * width,
            most if at == BINS - 1 else start + (at + 1) * width - edge,
        )
        for at, count in enumerate(counts.tolist())
    ]


def _round(width: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(step for step in (1, 2, 2.5, 5, 10) if step * power >= width * 0.999) * power)
