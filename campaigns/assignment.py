"""Who belongs to which arm: by a salted hash of each customer's number, the same for ever.

The hash is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014)
over the number, keyed by the salt. Two salts divide the same customers independently of each
other, and a share that grows keeps everybody who was in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from pyroaring import BitMap

from segments import bitmaps

_ALL = 1 << 64
WHOLE = 10_000  # shares are counted in hundredths of a percent


def split(members: BitMap, weights: Mapping[str, int], *, salt: str) -> dict[str, BitMap]:
    """Divide everybody among the arms by their weights, in the order of the mapping.

    Raises:
        ValueError: a weight is negative, or none is above zero.
    """
    bounds = _bounds(list(weights.values()))
    ids = bitmaps.to_array(members)
    arms = np.searchsorted(bounds, _places(ids, salt), side="right")
    return {name: bitmaps.from_array(ids[arms == at]) for at, name in enumerate(weights)}


def arm_of(customer: int, weights: Mapping[str, int], *, salt: str) -> str:
    """The one arm of one customer; the same as `split` says."""
    place = int(_places(np.array([customer], np.uint32), salt)[0])
    bounds = _bounds(list(weights.values())).tolist()
    return list(weights)[sum(place >= bound for bound in bounds)]


def share(members: BitMap, part: int, *, salt: str) -> BitMap:
    """So many ten-thousandths of the members; a larger part has everybody of a smaller one."""
    if part <= 0:
        return BitMap()
    if part >= WHOLE:
        return members.copy()
    ids = bitmaps.to_array(members)
    return bitmaps.from_array(ids[_places(ids, salt) < np.uint64(_ALL * part // WHOLE)])


def some(members: BitMap, count: int, *, salt: str) -> BitMap:
    """Exactly so many of the members, by chance; a larger count has everybody of a smaller one."""
    if count >= len(members):
        return members.copy()
    if count <= 0:
        return BitMap()
    ids = bitmaps.to_array(members)
    first = np.argpartition(_places(ids, salt), count - 1)[:count]
    return bitmaps.from_array(np.sort(ids[first]))


def in_share(customers: Iterable[int], part: int, *, salt: str) -> set[int]:
    """Those of a few customers who are in the share."""
    return set(share(bitmaps.from_ids(customers), part, salt=salt))


def _bounds(weights: Sequence[int]) -> Any:
    """Where each arm but the last one ends, of 2⁶⁴."""
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("Weights are counted from zero, and one at least is above it.")
    ends, sofar = [], 0
    for weight in weights[:-1]:
        sofar += weight
        ends.append(min(_ALL - 1, _ALL * sofar // total))
    return np.array(ends, np.uint64)


def _places(ids: Any, salt: str) -> Any:
    """Where each customer stands between 0 and 2⁶⁴."""
    key = blake2b(salt.encode(), digest_size=16, person=b"assignment").digest()
    start, turn = (np.uint64(int.from_bytes(key[at : at + 8], "little")) for at in (0, 8))
    with np.errstate(over="ignore"):  # on purpose: it counts in 64 bits
        mixed = _mix((ids.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + start)
        return _mix(mixed ^ turn)


def _mix(mixed: Any) -> Any:
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
