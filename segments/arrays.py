"""Values of customers as arrays, by the customer's number: what is nothing, and who has what."""

from typing import Any

import numpy as np
from pyroaring import BitMap

from segments import bitmaps

Array = np.ndarray[Any, Any]
EPOCH = np.datetime64("1970-01-01", "D")  # dates are whole days since then


def nothing(dtype: Any) -> Any:
    """What stands where a value is not known: the lowest whole number, or not-a-number."""
    kind = np.dtype(dtype)
    return kind.type(np.nan) if kind.kind == "f" else kind.type(np.iinfo(kind).min)


def known(values: Array) -> Array:
    """Where a value is known, as a mask."""
    return ~np.isnan(values) if values.dtype.kind == "f" else values != nothing(values.dtype)


def narrow(values: Array, *, at_least: int = 1) -> Array:
    """Whole numbers in the narrowest type, of so many bytes at least, that holds them all."""
    if values.dtype.kind != "i":
        return values
    there = known(values)
    low = int(values.min(where=there, initial=0))
    high = int(values.max(where=there, initial=0))
    for kind in (np.dtype(f"<i{width}") for width in (1, 2, 4) if width >= at_least):
        room = np.iinfo(kind)
        if kind.itemsize < values.dtype.itemsize and room.min < low and high <= room.max:
            return _as(kind, values, there)
    return values


def wide(values: Array, dtype: Any) -> Array:
    """The same in a wider type."""
    return values if values.dtype == dtype else _as(np.dtype(dtype), values, known(values))


def _as(dtype: Any, values: Array, there: Array) -> Array:
    other = values.astype(dtype)
    other[~there] = nothing(dtype)
    return other


def spread(customers: Array, values: Array, length: int | None = None) -> Array:
    """The column with these values at these customers, and nothing elsewhere."""
    most = int(customers.max()) + 1 if len(customers) else 0
    column = np.full(max(most, length or 0), nothing(values.dtype), values.dtype)
    column[customers] = values
    return column


def members(mask: Array) -> BitMap:
    """The customers at whose place the mask is true."""
    return bitmaps.from_mask(mask)


def mask(found: BitMap, length: int) -> Array:
    """The set as a mask of this length; who has a higher number is left out."""
    flags = np.zeros(length, np.bool_)
    ids = bitmaps.to_array(found)
    flags[ids[: np.searchsorted(ids, length)]] = True
    return flags
