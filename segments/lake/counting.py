"""Counting who did what how often in one day, and writing the counts as stored sets.

A counter of one byte a customer and kind of event, which stops at 3, is all the state: rows
may come in any order, and nothing is sorted. Compiled by numba, because numpy needs six
passes and a sort for what is one loop here; see `docs/decisions/0009-engines.md`.
"""

from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros

LEVELS = 3  # "at least 3 times" is the most that a counter can tell
CONTAINER = 1 << 16  # customers in a roaring container
NOWHERE = np.uint64(2**64 - 1)  # the row of a kind that is not counted now
_LARGEST_ARRAY = 4096  # ids that a container keeps as an array; more are a bitmap
_WORDS = CONTAINER // 64
_NO_RUNS = 12346  # how a set without runs begins

Array = np.ndarray[Any, np.dtype[Any]]


@numba.njit(cache=True, nogil=True)
def count(customers: Array, codes: Array, rows: Array, now: Array, counts: Array) -> None:
    """Add the events of a batch to `counts`, which is one row a kind, one byte a customer.

    `rows` says for each code of an event where its row begins, or `NOWHERE`; `now` under whom
    each customer is counted, those beyond its end under themselves. All whole numbers are
    unsigned: of a signed one Python's meaning of -1 would have to be looked for.
    """
    moved = np.uint64(len(now))
    for at in range(len(customers)):
        row = rows[codes[at]]
        if row == NOWHERE:
            continue
        customer = np.uint64(customers[at])
        if customer < moved:
            customer = np.uint64(now[customer])
        so_far = counts[row + customer]
        counts[row + customer] = so_far + np.uint8(so_far < LEVELS)  # no branch to be guessed


@numba.njit(cache=True, nogil=True)
def _containers(words: Array, sizes: Array, bodies: Array, ends: Array) -> None:
    """For each level the containers of a roaring set, one after the other, and their sizes.

    The counters are at zero afterwards.

    Eight counters are a word, and the bits of who reaches a level a byte. A counter's two bits
    are looked at in all eight at once; the multiplication gathers their lowest bits on top.
    """
    one, top = np.uint64(1), np.uint64(56)
    ones, gather = np.uint64(0x0101010101010101), np.uint64(0x0102040810204080)
    bits = np.empty((LEVELS, _WORDS), np.uint64)
    octets = bits.view(np.uint8)
    ends[:] = 0
    for key in range(sizes.shape[1]):
        first = key * _WORDS * 8
        for at in range(_WORDS * 8):
            word = words[first + at]
            words[first + at] = 0
            high = word >> one
            octets[0, at] = (((word | high) & ones) * gather) >> top
            octets[1, at] = ((high & ones) * gather) >> top
            octets[2, at] = ((high & word & ones) * gather) >> top
        for level in range(LEVELS):
            size = _ones(bits[level])
            sizes[level, key] = size
            if size > _LARGEST_ARRAY:
                bodies[level, ends[level] : ends[level] + 4 * _WORDS] = bits[level].view(np.uint16)
                ends[level] += 4 * _WORDS
            elif size > 0:
                ends[level] += _numbers(bits[level], bodies[level, ends[level] :])


@numba.njit(cache=True, nogil=True)
def _ones(words: Array) -> int:
    """How many bits are set, by adding them up side by side."""
    second, fourth = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
    eighth, ones = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
    total = np.uint64(0)
    for at in range(len(words)):
        word = words[at]
        word -= (word >> np.uint64(1)) & second
        word = (word & fourth) + ((word >> np.uint64(2)) & fourth)
        total += (((word + (word >> np.uint64(4))) & eighth) * ones) >> np.uint64(56)
    return int(total)


@numba.njit(cache=True, nogil=True)
def _numbers(words: Array, out: Array) -> int:
    """Write the places of the bits, in order, and tell how many they are."""
    found, one = 0, np.uint64(1)
    for at in range(len(words)):
        word = words[at]
        while word:
            # Signed and unsigned together would be floats.
            out[found] = at * 64 + np.int64(trailing_zeros(word))  # type: ignore[call-arg]
            found += 1
            word &= word - one
    return found


def room(width: int) -> Array:
    """What `levels` writes into, for rows of so many counters; may be used again."""
    return np.empty((LEVELS, width // CONTAINER * 4 * _WORDS), "<u2")


def levels(counts: Array, bodies: Array) -> Iterator[tuple[int, bytes]]:
    """For each level how many customers reach it, and who, in the portable roaring format.

    `counts` is the row of one kind of event, whose length is a multiple of a container; it is
    at zero afterwards. `bodies` is `room` to work in.
    """
    sizes = np.empty((LEVELS, len(counts) // CONTAINER), np.int64)
    ends = np.empty(LEVELS, np.int64)
    _containers(counts.view(np.uint64), sizes, bodies, ends)
    for size, body, end in zip(sizes, bodies, ends.tolist(), strict=True):
        yield int(size.sum()), b"".join((_head(size).data, body[:end].data))


@numba.njit(cache=True, nogil=True)
def _head(sizes: Array) -> Array:
    """What goes before the containers in https://github.com/RoaringBitmap/RoaringFormatSpec.

    A cookie and how many there are; of each its key and its size less one; of each its offset
    in bytes. Numbers of 32 bits are two of 16 here.
    """
    count = np.count_nonzero(sizes)
    head = np.zeros(4 + 4 * count, np.uint16)
    head[0], head[2], head[3] = _NO_RUNS, count & 0xFFFF, count >> 16
    at, offset = 4, 2 * len(head)
    for key in range(len(sizes)):
        size = sizes[key]
        if size == 0:
            continue
        place = at + 2 * count
        head[at], head[at + 1] = key, size - 1
        head[place], head[place + 1] = offset & 0xFFFF, offset >> 16
        offset += 8 * _WORDS if size > _LARGEST_ARRAY else 2 * size
        at += 2
    return head
