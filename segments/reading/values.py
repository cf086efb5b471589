"""Turning the values of a column into moments, amounts, names and properties."""

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from segments.reading.problems import BadValue, shown
from segments.reading.problems import gettext_noop as _

if TYPE_CHECKING:
    import pyarrow as pa

EARLIEST, LATEST = dt.datetime(1980, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
LARGEST = 2**63 - 1
Read = TypeVar("Read")


def each(column: "pa.Array", read: Callable[[Any], Read]) -> list[Read]:
    """What `read` makes of each value; equal values, of which files are full, are read once.

    Raises:
        BadValue: with the index of the first value that `read` refused.
    """
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.compute as pc  # heavy: not in the web process

    if pa.types.is_nested(column.type):  # these cannot be told apart quickly
        values, indices = column.to_pylist(), list(range(len(column)))
    else:
        encoded = pc.dictionary_encode(column, null_encoding="encode")
        values, indices = encoded.dictionary.to_pylist(), encoded.indices.to_pylist()
    found = []
    for number, value in enumerate(values):  # in the order in which they first appear
        try:
            found.append(read(value))
        except BadValue as bad:
            bad.index = indices.index(number)
            raise
    return [found[index] for index in indices]


# --- moments ----------------------------------------------------------------

_DIGITS = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_DATE = re.compile(r"(19|20)\d{6}", re.ASCII)  # 20170531: eight digits are a date, not seconds
# What spreadsheets write: 2017/5/31 8:30
_LOOSE = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)
# Seconds, milliseconds, microseconds and nanoseconds since 1970, told apart by their size:
# each bound is the year 5138 in its unit.
_UNITS = [(10**11, 10**6), (10**14, 10**3), (10**17, 1)]
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def moments(column: "pa.Array", zone: ZoneInfo) -> "pa.Array | list[dt.datetime]":
    """Every value as a moment in UTC.

    Raises:
        BadValue: the first that is none.
    """
    return _iso_moments(column, zone) or each(column, lambda value: moment(value, zone))


def _iso_moments(column: "pa.Array", zone: ZoneInfo) -> "pa.Array | None":
    """All of them at once, when all are written alike in ISO 8601, which is ten times faster."""
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.compute as pc  # heavy: not in the web process

    if not pa.types.is_string(column.type) or not len(column) or column.null_count:
        return None
    for in_zone in (True, False):
        try:
            found = column.cast(pa.timestamp("us", tz="UTC" if in_zone else None))
            if not in_zone:  # an hour that a clock change leaves out is read one by one
                found = pc.assume_timezone(found, zone.key, ambiguous="earliest")
            found = found.cast(pa.timestamp("us", tz="UTC"))
        except pa.ArrowInvalid:
            continue
        span = pc.min_max(found).as_py()
        return found if span["min"] >= EARLIEST and span["max"] < LATEST else None
    return None


def moment(value: Any, zone: ZoneInfo) -> dt.datetime:
    """A moment in UTC; what names no zone is meant in the given one.

    Raises:
        BadValue: it is no time, or outside the years 1980 to 2099.
    """
    if is_nothing(value):
        raise BadValue(_("the time is empty."))
    try:
        found = _read_moment(value)
        found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(dt.UTC)
    except (ValueError, ArithmeticError) as problem:
        raise BadValue(
            _(
                "“%(value)s” is not a time; write 2017-05-31T18:00:00+08:00, "
                "2017-05-31 18:00:00, or seconds since 1970."
            ),
            value=shown(value),
        ) from problem
    if not EARLIEST <= found < LATEST:
        raise BadValue(_("“%(value)s” is outside the years 1980 to 2099."), value=shown(value))
    return found


def _read_moment(value: Any) -> dt.datetime:
    """Raises ValueError or ArithmeticError for what is no moment."""
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    text = str(value).strip()
    if isinstance(value, int | float) or (_DIGITS.fullmatch(text) and not _DATE.fullmatch(text)):
        return _since_1970(Decimal(text))
    if _DATE.fullmatch(text):
        return dt.datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007  (the caller adds the zone)
    if loose := _LOOSE.fullmatch(text):
        year, month, day, hour, minute, second = (int(part or 0) for part in loose.groups())
        return dt.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
    return dt.datetime.fromisoformat(text)


def _since_1970(number: Decimal) -> dt.datetime:
    if not number.is_finite():
        raise ValueError
    for bound, factor in _UNITS:
        if abs(number) < bound:
            return _EPOCH + dt.timedelta(microseconds=int(number * factor))
    return _EPOCH + dt.timedelta(microseconds=int(number // 1000))


# --- amounts ----------------------------------------------------------------

_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
# Sums of floats such as 19.990000000000002 are meant as 19.99.
_NOISE = Decimal("0.000001")


def amounts(column: "pa.Array", decimals: int) -> list[int | None]:
    """Every value as an amount.

    Raises:
        BadValue: the first that is none.
    """
    return each(column, lambda value: amount(value, decimals))


def amount(value: Any, decimals: int) -> int | None:
    """An amount in minor units of a currency with so many decimals; an empty one is none.

    Raises:
        BadValue: no number, too large, or with a fraction that the currency does not have.
    """
    if is_nothing(value):
        return None
    minor = _number(value).scaleb(decimals)
    if abs(minor) > LARGEST:
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


# --- names ------------------------------------------------------------------


def names(column: "pa.Array", *, longest: int, empty: str = "") -> list[str]:
    """Every value as a short text.

    Raises:
        BadValue: the first that is too long, or is nothing where `empty` has words for it.
    """
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.compute as pc  # heavy: not in the web process

    if pa.types.is_string(column.type) and len(column) and not column.null_count:
        trimmed = pc.utf8_trim_whitespace(column)
        lengths = pc.min_max(pc.utf8_length(trimmed)).as_py()
        has_zero = pc.any(pc.match_substring(trimmed, "\0")).as_py()
        if lengths["min"] and lengths["max"] <= longest and not has_zero:
            return trimmed.to_pylist()  # nothing to complain of
    return each(column, lambda value: name(value, longest=longest, empty=empty))


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


# --- properties -------------------------------------------------------------

# A number exactly as JSON writes it, which a float holds without loss; 007 and 1e5 stay text.
_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?", re.ASCII)


def properties(columns: "dict[str, pa.Array]", rows: int) -> list[str]:
    """One JSON object a row; what is empty is left out."""
    if not columns:
        return ["{}"] * rows
    pairs = []
    for key, column in columns.items():
        start = json.dumps(key, ensure_ascii=False) + ":"
        pairs.append(each(column, lambda value, start=start: _pair(start, value)))  # type: ignore[misc]
    return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*pairs, strict=True)]


def _pair(start: str, value: Any) -> str:
    """`"key":value`, or nothing."""
    if is_nothing(value):
        return ""
    if isinstance(value, str):
        text = value.strip()
        is_number = _JSON_NUMBER.fullmatch(text)
        return start + (text if is_number else json.dumps(text, ensure_ascii=False))
    try:
        return start + json.dumps(value, ensure_ascii=False, default=_simple, allow_nan=False)
    except ValueError:  # an infinity, for which JSON has no word
        return start + json.dumps(str(value), ensure_ascii=False)


def _simple(value: Any) -> str:
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    return str(value)


def joined(columns: "Sequence[pa.Array]") -> list[str]:
    """The values of several columns as one text, equal only where all of them are equal."""
    lists = [each(column, plain) for column in columns]
    return ["\x1f".join(values) for values in zip(*lists, strict=True)]
