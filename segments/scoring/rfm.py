"""Recency, frequency and monetary scores from 1 to 5, by thresholds that split the customers.

The cut points are the values at the ranks n/5, 2n/5, 3n/5 and 4n/5 (nearest rank, rounded
up). A score is one more than the number of cut points that the value exceeds, so equal values
always get equal scores, whatever their order. With many ties the fifths are not equally large:
where most customers ordered once, they all have the score 1.
"""

from typing import Any

import numpy as np

SCORES = 5
Numbers = np.ndarray[Any, Any]


def cut_points(values: Numbers, scores: int = SCORES) -> Numbers:
    """The `scores - 1` values at which the next score begins after them."""
    if not len(values):
        return values[:0]
    ranks = -(-np.arange(1, scores) * len(values) // scores) - 1
    return np.partition(values, ranks)[ranks]


def more_is_better(values: Numbers, scores: int = SCORES) -> Numbers:
    """Scores of a measure such as orders or money spent."""
    found = 1 + np.searchsorted(cut_points(values, scores), values, side="left")
    return found.astype(np.int16)


def less_is_better(values: Numbers, scores: int = SCORES) -> Numbers:
    """Scores of a measure such as the days since the last order."""
    return more_is_better(-values, scores)


HIGH = 4  # a score from here on counts as high


def cell(recency: int, frequency: int, monetary: int) -> str:
    """Which of the eight cells: three letters, such as `HLH`, each high or low."""
    return "".join("H" if score >= HIGH else "L" for score in (recency, frequency, monetary))
