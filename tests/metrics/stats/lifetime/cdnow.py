"""CDNOW's purchases as Fader and Hardie published them, as histories up to 30 September 1997."""

import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrics.stats.lifetime import histories
from metrics.stats.lifetime.histories import Array, Histories

END = np.datetime64("1997-09-30")


@dataclass(frozen=True)
class Known:
    histories: Histories
    spent_again: Array  # after the first day, in dollars


def sample() -> Known:
    """One customer in ten, as in the papers."""
    return _read("CDNOW_sample.txt", 1)


def master() -> Known:
    return _read("CDNOW_master.txt", 0)


@functools.cache
def _read(name: str, place: int) -> Known:
    """The files come with the package `lifetimes`, whose code need not be loaded for them."""
    package = importlib.util.find_spec("lifetimes")
    assert package is not None
    assert package.origin is not None
    rows = (Path(package.origin).parent / "datasets" / name).read_text().split("\n")
    cells = [row.split() for row in rows if row.strip()[:1].isdigit()]
    who = np.array([int(cell[place]) for cell in cells])
    day = np.array([f"{c[-3][:4]}-{c[-3][4:6]}-{c[-3][6:]}" for c in cells], "datetime64[D]")
    paid = np.array([float(cell[-1]) for cell in cells])
    inside = day <= END
    keys, same = np.unique(who[inside] * 100_000 + day[inside].astype(int), return_inverse=True)
    who, number = np.divmod(keys, 100_000)
    total = np.bincount(same, paid[inside])
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    ends = np.append(starts[1:], len(who)) - 1
    today = int(END.astype(int))
    return Known(
        histories.made(ends - starts, number[ends] - number[starts], today - number[starts]),
        np.add.reduceat(total, starts) - total[starts],
    )
