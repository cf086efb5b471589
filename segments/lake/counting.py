"""Counting who did what how often in one day, and writing the counts as stored sets.

Two bits a customer and kind of event, which count to 3 and stay there, are all the state: rows
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
IN_A_BYTE = 4  # counters, the first customer's in the lowest bits
NOWHERE = np.uint64(2**64 - 1)  # the row of a kind that is not counted now
_LARGEST_ARRAY = 4096  # ids that a container keeps as an array; more are a bitmap
_WORDS = CONTAINER // 64
_AT_A_TIME = 4  # ids that are written to an array
_NO_RUNS = 12346  # how a set without runs begins

Array = np.ndarray[Any, np.dtype[Any]]


def _one_more() -> Array:
    """For each place in a byte, and each byte: the byte when the counter there goes up by one."""
    before = np.arange(256)
    places = 2 * np.arange(IN_A_BYTE)[:, None]
    return (before + (((before >> places) & 3 < LEVELS) << places)).astype(np.uint8).ravel()


_ONE_MORE = _one_more()


@numba.njit(cache=True, nogil=True)
def count(customers: Array, codes: Array, rows: Array, now: Array, counts: Array) -> None:
    """Add the events of a batch to `counts`, which is one row a kind, two bits a customer.

    `rows` says for each code of an event where its row begins, or `NOWHERE`; `now` under whom
    each customer is counted, those beyond its end under themselves. All whole numbers are
    unsigned: of a signed one Python's meaning of -1 would have to be looked for.
    """
    moved, two, eight, last = np.uint64(len(now)), np.uint64(2), np.uint64(8), np.uint64(3)
    for at in range(len(customers)):
        row = rows[codes[at]]
        if row == NOWHERE:
            continue
        customer = np.uint64(customers[at])
        if customer < moved:
            customer = np.uint64(now[customer])
        place = row + (customer >> two)
        counts[place] = _ONE_MORE[((customer & last) << eight) | np.uint64(counts[place])]


def levels(counts: Array) -> Iterator[tuple[int, bytes]]:
    """For each level how many customers reach it, and who, in the portable roaring format.

    `counts` is the row of one kind of event, of whole containers; it is at zero afterwards.
    """
    bits = np.empty((LEVELS, len(counts) * IN_A_BYTE // CONTAINER, _WORDS), np.uint64)
    _reached(counts.view(np.uint64), bits.view(np.uint32).reshape(LEVELS, -1))
    counts[:] = 0
    for words in bits:
        sizes = _sizes(words)
        yield int(sizes.sum()), _portable(words, sizes).tobytes()


@numba.njit(cache=True, nogil=True)
def _reached(counters: Array, bits: Array) -> None:
    """Who reaches each level, a bit a customer; 32 counters a word.

    A word's even bits go to its lower half and its odd ones to the upper half, by swapping
    neighbours of 1, 2, 4, 8 and 16 bits (Hacker's Delight, 7-2).
    """
    half = np.uint64(32)
    for at in range(len(counters)):
        word = counters[at]
        word = _swapped(word, np.uint64(0x2222222222222222), np.uint64(1))
        word = _swapped(word, np.uint64(0x0C0C0C0C0C0C0C0C), np.uint64(2))
        word = _swapped(word, np.uint64(0x00F000F000F000F0), np.uint64(4))
        word = _swapped(word, np.uint64(0x0000FF000000FF00), np.uint64(8))
        word = _swapped(word, np.uint64(0x00000000FFFF0000), np.uint64(16))
        low, high = np.uint32(word), np.uint32(word >> half)
        bits[0, at] = low | high
        bits[1, at] = high
        bits[2, at] = low & high


@numba.njit(cache=True, nogil=True)
def _swapped(word: Any, these: Any, distance: Any) -> Any:
    """The word with these bits in the place of those so far above them, and the other way."""
    different = (word ^ (word >> distance)) & these
    return word ^ different ^ (different << distance)


@numba.njit(cache=True, nogil=True)
def _sizes(words: Array) -> Array:
    """How many bits are set in each container."""
    sizes = np.empty(len(words), np.int64)
    for key in range(len(words)):
        total = np.uint64(0)
        for word in words[key]:
            total += _ones(word)
        sizes[key] = total
    return sizes


@numba.njit(cache=True, nogil=True)
def _ones(word: Any) -> Any:
    """How many bits are set, added up side by side."""
    second, fourth = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
    eighth, ones = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
    word -= (word >> np.uint64(1)) & second
    word = (word & fourth) + ((word >> np.uint64(2)) & fourth)
    return (((word + (word >> np.uint64(4))) & eighth) * ones) >> np.uint64(56)


@numba.njit(cache=True, nogil=True)
def _portable(words: Array, sizes: Array) -> Array:
    """A set as https://github.com/RoaringBitmap/RoaringFormatSpec has it, in numbers of 16 bits.

    A cookie and how many containers there are; of each its key and its size less one; of each
    its offset in bytes; the containers. Numbers of 32 bits are two of 16 here.
    """
    count = np.count_nonzero(sizes)
    at, end = 4, 4 + 4 * count
    lengths = np.where(sizes > _LARGEST_ARRAY, 4 * _WORDS, sizes)
    out = np.empty(end + lengths.sum() + _AT_A_TIME, np.uint16)
    out[0], out[1], out[2], out[3] = _NO_RUNS, 0, count & 0xFFFF, count >> 16
    for key in range(len(sizes)):
        if sizes[key] == 0:
            continue
        place, offset = at + 2 * count, 2 * end
        out[at], out[at + 1] = key, sizes[key] - 1
        out[place], out[place + 1] = offset & 0xFFFF, offset >> 16
        if sizes[key] > _LARGEST_ARRAY:
            out[end : end + 4 * _WORDS] = words[key].view(np.uint16)
        else:
            _numbers(words[key], out[end:])
        at, end = at + 2, end + lengths[key]
    return out[:end]


@numba.njit(cache=True, nogil=True)
def _numbers(words: Array, out: Array) -> None:
    """Write the places of the bits, in order, and up to three more numbers behind them.

    Four at a time, whether or not there are so many: to ask before each would be slower.
    """
    end, one = np.uint64(0), np.uint64(1)
    for at in range(len(words)):
        word, first = words[at], np.uint64(64 * at)
        found, end = end, end + _ones(word)
        while found < end:
            for more in range(_AT_A_TIME):
                out[found + np.uint64(more)] = first + np.uint64(trailing_zeros(word))  # type: ignore[call-arg]
                word &= word - one
            found += np.uint64(_AT_A_TIME)
