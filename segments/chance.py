"""A random share of the customers, the same for ever: by a hash of each one's number.

The hash is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
"""

from hashlib import blake2b

import numpy as np

from segments.arrays import Array


def share(length: int, percent: int, seed: str) -> Array:
    """Whether each of the first so many customers belongs to the share, as a mask."""
    start = int.from_bytes(blake2b(seed.encode(), digest_size=8).digest(), "little")
    with np.errstate(over="ignore"):  # on purpose: it counts in 64 bits
        mixed = np.arange(length, dtype=np.uint64) + np.uint64(start)
        mixed += np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return np.asarray(mixed % np.uint64(100) < percent)
