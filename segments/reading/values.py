"""Turning the values of a column into amounts, names and texts."""

import math
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Union

from segments import amounts as bounds
from segments import placeholders
from segments.reading.problems import BadValue, shown
from segments.reading.problems import gettext_noop as _

if TYPE_CHECKING:
    import pyarrow as pa

BETWEEN = "\x1f"  # of values that are joined
Column = Union["pa.Array", list[Any]]
BadOnes = dict[int, BadValue]  # by the index of the row


def each(column: Column, read: Callable[[Any], Any], bad: BadOnes | None = None) -> list[Any]:
    """What `read` makes of each value; equal values, of which files are full, are read once.

    With `bad`, values that `read` refuses are noted there by their index, and come as None.

    Raises:
        BadValue: without `bad`: the first value that `read` refused, with its index.
    """
    values, indices = _distinct(column)
    found: list[Any] = []
    refused: dict[int, BadValue] = {}
    for number, value in enumerate(values):  # in the order in which they first appear
        try:
            found.append(read(value))
        except BadValue as problem:
            if bad is None:
                problem.index = indices.index(number)
                raise
            refused[number] = problem
            found.append(None)
    if bad is not None and refused:
        bad |= {row: refused[index] for row, index in enumerate(indices) if index in refused}
    return [found[index] for index in indices]


def _distinct(column: Column) -> tuple[list[Any], "Sequence[int]"]:
    """The different values, and for each row which of them it has."""
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.compute as pc  # heavy: not in the web process

    if isinstance(column, list):
        return column, range(len(column))
    if pa.types.is_nested(column.type):  # these cannot be told apart quickly
        return column.to_pylist(), range(len(column))
    encoded = pc.dictionary_encode(column, null_encoding="encode")
    return encoded.dictionary.to_pylist(), encoded.indices.to_pylist()


# --- amounts ----------------------------------------------------------------

_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
# Sums of floats such as 19.990000000000002 are meant as 19.99.
_NOISE = Decimal("0.000001")


def amounts(
    column: Column, decimals: int, times: Column | None = None, bad: BadOnes | None = None
) -> "list[int | None]":
    """Every value as an amount, as `each` gives them; with `times`, so many times that value,
    rounded where the product has more decimals than the currency.

    Raises:
        BadValue: without `bad`: the first that is none.
    """
    if times is None:
        return each(column, lambda value: amount(value, decimals), bad)
    prices, counts = (each(one, number, bad) for one in (column, times))
    pairs = zip(prices, counts, strict=True)
    return each(list(pairs), lambda pair: _product(pair[0], pair[1], decimals), bad)


def _product(price: Decimal | None, count: Decimal | None, decimals: int) -> int | None:
    if price is None or count is None:
        return None
    minor = (price * count).scaleb(decimals)
    if abs(minor) > bounds.LARGEST:
        raise BadValue(_("the amount “%(value)s” is too large."), value=shown(price * count))
    return int(minor.to_integral_value(ROUND_HALF_EVEN))


def number(value: Any) -> Decimal | None:
    """A number exactly as it is written; an empty one is none.

    Raises:
        BadValue: it is no number.
    """
    return None if is_nothing(value) else _number(value)


def amount(value: Any, decimals: int) -> int | None:
    """An amount in minor units of a currency with so many decimals; an empty one is none.

    Raises:
        BadValue: no number, too large, or with a fraction that the currency does not have.
    """
    if is_nothing(value):
        return None
    minor = _number(value).scaleb(decimals)
    if abs(minor) > bounds.LARGEST:
        raise BadValue(_("the amount “%(value)s” is too large."), value=shown(value))
    whole = minor.to_integral_value()
    if abs(minor - whole) > _NOISE:
        raise BadValue(
            _("the amount “%(value)s” has more than the %(count)d decimals of the currency."),
            value=shown(value),
            count=decimals,
        )
    return int(whole)


def _number(value: Any) -> Decimal:
    text = str(value).strip()
    is_one = _AMOUNT.fullmatch(text) if isinstance(value, str) else True
    try:
        number = Decimal(text)
    except InvalidOperation:
        is_one = False
    if not is_one or not number.is_finite():
        raise BadValue(
            _("“%(value)s” is not an amount; write 1234.50, without commas or signs of currency."),
            value=shown(value),
        )
    return number


NOBODY = _("the customer is empty.")

# --- names ------------------------------------------------------------------


def names(column: Column, *, longest: int, empty: str = "", bad: BadOnes | None = None) -> Column:
    """Every value as a short text, as `each` gives them; all at once where that can be.

    Raises:
        BadValue: without `bad`: the first that is too long, or is nothing where `empty` has
            words for it.
    """
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.compute as pc  # heavy: not in the web process

    if isinstance(column, list) or not pa.types.is_string(column.type):
        return each(column, lambda value: name(value, longest=longest, empty=empty), bad)
    if len(column) and not column.null_count:
        trimmed = pc.utf8_trim_whitespace(column)
        lengths = pc.min_max(pc.utf8_length(trimmed)).as_py()
        has_zero = pc.any(pc.match_substring(trimmed, "\0")).as_py()
        if lengths["min"] and lengths["max"] <= longest and not has_zero:
            return trimmed  # nothing to complain of
    return each(column, lambda value: name(value, longest=longest, empty=empty), bad)


def name(value: Any, *, longest: int, empty: str = "") -> str:
    """A short text such as an identifier or an event's name, trimmed.

    Raises:
        BadValue: longer than that; or nothing, for which `empty` has the words.
    """
    text = plain(value)
    if not text and empty:
        raise BadValue(empty)
    if len(text) > longest:
        raise BadValue(
            _("“%(value)s” has more than %(count)d characters."),
            value=shown(text, most=40),
            count=longest,
        )
    if "\0" in text:
        raise BadValue(_("“%(value)s” has a zero byte in it."), value=shown(text, most=40))
    return text


def ids(column: Column, *, longest: int, bad: BadOnes | None = None) -> Column:
    """Every value as the id of somebody, as `each` gives them.

    Raises:
        BadValue: without `bad`: the first that is nothing, too long, or names nobody.
    """
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.compute as pc  # heavy: not in the web process

    found = names(column, longest=longest, empty=NOBODY, bad=bad)
    if not isinstance(found, list):
        words = pa.array(sorted(placeholders.WORDS))
        if not pc.any(pc.is_in(pc.utf8_lower(found), value_set=words)).as_py():
            return found
    return each(found, _somebody, bad)


def _somebody(value: str | None) -> str | None:
    if value and placeholders.is_one(value):
        raise nobody(value)
    return value


def nobody(value: str | None) -> BadValue:
    """Why a value is no id: it is nothing, or what programs write where they know nobody."""
    if not value:
        return BadValue(NOBODY)
    words = _("“%(value)s” is what programs write where they know nobody.")
    return BadValue(words, value=shown(value))


def plain(value: Any) -> str:
    """A value as the text that names it."""
    if is_nothing(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # 17850.0, as tables with gaps write whole numbers
    return str(value).strip()


def is_nothing(value: Any) -> bool:
    """Whether a value is missing: null, no text, or not a number."""
    return (
        value is None
        or (isinstance(value, str) and not value.strip())
        or (isinstance(value, float) and math.isnan(value))
    )


def joined(columns: Sequence[Column]) -> list[str]:
    """The values of several columns as one text, equal only where all of them are equal."""
    lists = [each(column, plain) for column in columns]
    return [BETWEEN.join(map(str, values)) for values in zip(*lists, strict=True)]
