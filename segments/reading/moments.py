"""Turning the values of a column into moments, however a file writes them."""

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from segments.reading.problems import BadValue, shown
from segments.reading.problems import gettext_noop as _
from segments.reading.values import BadOnes, Column, each, is_nothing, plain

if TYPE_CHECKING:
    import pyarrow as pa

EARLIEST, LATEST = dt.datetime(1980, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
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
_FIRST_SERIAL = dt.datetime(1899, 12, 30)  # noqa: DTZ001  (the caller adds the zone)


# How a file may write its times, besides a pattern such as %d.%m.%Y %H:%M.
GUESSED, SECONDS, MILLISECONDS, MICROSECONDS, LOCAL_SECONDS, SERIAL = (
    *("", "s", "ms", "us"),
    "local_s",  # seconds since 1970 on a clock of the file's zone, as Mixpanel exports them
    "excel",  # days since 1899-12-30 on a clock of the file's zone
)
_FACTORS = {SECONDS: 10**6, MILLISECONDS: 10**3, MICROSECONDS: 1}
FORMS = [GUESSED, *_FACTORS, LOCAL_SECONDS, SERIAL]


def moments(
    column: Column, zone: ZoneInfo, form: str = GUESSED, bad: BadOnes | None = None
) -> "pa.Array | list[dt.datetime | None]":
    """Every value as a moment in UTC, as `each` gives them.

    Raises:
        BadValue: without `bad`: the first that is none.
    """
    found = _at_once(column, zone, form)
    if found is not None:
        return found
    return each(column, lambda value: moment(value, zone, form), bad)


_LENGTHS = {10: SECONDS, 13: MILLISECONDS, 16: MICROSECONDS}  # of our century's numbers


def _at_once(column: Column, zone: ZoneInfo, form: str) -> "pa.Array | None":
    """All of them at once, when all are texts written alike, which is ten times faster."""
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.compute as pc  # heavy: not in the web process

    if isinstance(column, list) or not pa.types.is_string(column.type) or not len(column):
        return None
    if column.null_count:
        return None
    lengths = pc.min_max(pc.binary_length(column)).as_py()
    unit = _LENGTHS.get(lengths["min"]) if lengths["min"] == lengths["max"] else None
    found = None
    if unit and form in {GUESSED, unit}:
        found = _since_1970_at_once(column, unit)
    if found is None and form == GUESSED:
        found = _iso_at_once(column, zone)
    if found is None:
        return None
    span = pc.min_max(found).as_py()
    return found if span["min"] >= EARLIEST and span["max"] < LATEST else None


def _since_1970_at_once(column: "pa.Array", unit: str) -> "pa.Array | None":
    import pyarrow as pa  # heavy: not in the web process

    try:
        numbers = column.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    return numbers.cast(pa.timestamp(unit, "UTC")).cast(pa.timestamp("us", "UTC"))


def _iso_at_once(column: "pa.Array", zone: ZoneInfo) -> "pa.Array | None":
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.compute as pc  # heavy: not in the web process

    for in_zone in (True, False):
        try:
            found = column.cast(pa.timestamp("us", tz="UTC" if in_zone else None))
            if not in_zone:  # an hour that a clock change leaves out is read one by one
                found = pc.assume_timezone(found, zone.key, ambiguous="earliest")
            return found.cast(pa.timestamp("us", tz="UTC"))
        except pa.ArrowInvalid:
            continue
    return None


def moment(value: Any, zone: ZoneInfo, form: str = GUESSED) -> dt.datetime:
    """A moment in UTC; what names no zone is meant in the given one.

    Raises:
        BadValue: it is no time, or outside the years 1980 to 2099.
    """
    if is_nothing(value):
        raise BadValue(_("the time is empty."))
    try:
        found = _formed(value, form) if form else _read_moment(value)
        found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(dt.UTC)
    except (ValueError, ArithmeticError) as problem:
        raise BadValue(
            _("“%(value)s” is not a time in the form that was chosen.")
            if form
            else _(
                "“%(value)s” is not a time; write 2017-05-31T18:00:00+08:00, "
                "2017-05-31 18:00:00, or seconds since 1970."
            ),
            value=shown(value),
        ) from problem
    if not EARLIEST <= found < LATEST:
        raise BadValue(_("“%(value)s” is outside the years 1980 to 2099."), value=shown(value))
    return found


def _formed(value: Any, form: str) -> dt.datetime:
    """Raises ValueError or ArithmeticError for what is no moment of this form."""
    if isinstance(value, dt.datetime | dt.date):
        return _read_moment(value)
    text = plain(value)
    if "%" in form:
        return dt.datetime.strptime(text, form)  # noqa: DTZ007  (the caller adds the zone)
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError
    if form == LOCAL_SECONDS:
        return _EPOCH.replace(tzinfo=None) + _microseconds(number * 10**6)
    if form == SERIAL:
        return _FIRST_SERIAL + _microseconds(round(number * 86_400) * 10**6)
    return _EPOCH + _microseconds(number * _FACTORS[form])


def _microseconds(number: Decimal | int) -> dt.timedelta:
    return dt.timedelta(microseconds=int(number))


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
