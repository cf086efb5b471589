"""Finds the lowest point of a smooth function of a few numbers, from its values and slopes.

BFGS (Nocedal and Wright, Numerical Optimization, 2006, algorithm 6.1) with steps halved until
they help. Of a few numbers only: a library's routines would start threads for matrices of four
by four, which wait for each other longer than the whole search takes.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from metrics.stats.lifetime.histories import Array

Function = Callable[[Array], tuple[float, Array]]
MOST_STEPS, MOST_HALVINGS = 400, 40
LONGEST = 2.0  # of a first step, while nothing is known of the curvature
NOISE = 1e-12  # of the value, relative: below it the slope alone decides


@dataclass(frozen=True)
class Found:
    at: Array
    slope: Array
    looks: int  # times that the function was asked


def lowest(
    function: Function, begin: Array, *, inverse: Array, edge: float, enough: float
) -> Found:
    """Where no slope is steeper than `enough`, or no step helps any more.

    Inside of a box: no number goes beyond `edge` on either side. `inverse` is a guess of the
    inverse of the curvature at the lowest point; the better, the fewer the steps.
    """
    at = np.clip(begin, -edge, edge)
    value, slope = function(at)
    looks, is_plain = 1, False
    for step in range(MOST_STEPS):
        free = _free(at, slope, edge)
        if np.abs(slope[free]).max(initial=0.0) < enough:
            break
        way = _way(inverse, slope, free)
        if step == 0:
            way *= min(1.0, LONGEST / np.abs(way).max())
        for _halving in range(MOST_HALVINGS):
            there = np.clip(at + way, -edge, edge)
            reached, tilt = function(there)
            looks += 1
            if reached <= value + 1e-4 * slope @ (there - at) + NOISE * abs(value):
                break
            way = way / 2
        else:
            if is_plain:
                break
            # Along an edge the guess may have become so wrong that its way helps nowhere.
            inverse, is_plain = np.eye(len(at)), True
            continue
        is_plain = False
        inverse = _updated(inverse, there - at, tilt - slope)
        at, value, slope = there, reached, tilt
    return Found(at, slope, looks)


def _free(at: Array, slope: Array, edge: float) -> Array:
    """Which numbers can still move: not those at an edge that want beyond it."""
    return ~(((at >= edge) & (slope < 0)) | ((at <= -edge) & (slope > 0)))


def _way(inverse: Array, slope: Array, free: Array) -> Array:
    """Where to go, and how far; straight down where the guess of the curvature misleads."""
    way = np.zeros(len(slope))
    if free.all():
        way = -inverse @ slope
    else:  # along an edge the curvature is that of those which move, not a part of the inverse
        with suppress(np.linalg.LinAlgError):  # flat as far as the guess knows
            curve = np.linalg.inv(inverse)[np.ix_(free, free)]
            way[free] = -np.linalg.solve(curve, slope[free])
    return way if way @ slope < 0 else np.where(free, -slope, 0.0)


def _updated(inverse: Array, moved: Array, turned: Array) -> Array:
    """The guess after a step: (6.17) there."""
    along = float(moved @ turned)
    if along <= 1e-12 * np.sqrt((moved @ moved) * (turned @ turned)):
        return inverse
    turn = np.eye(len(moved)) - np.outer(moved, turned) / along
    return turn @ inverse @ turn.T + np.outer(moved, moved) / along
