"""How numbers read on a screen, in the language of the page."""

import datetime as dt
import re
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext, to_locale

NOTHING = "–"
GROUPED = re.compile(r"[^\d,.]*\d{1,3}(,\d{3})+(\.\d*)?[^\d,.]*", re.ASCII)


def whole(count: int | Decimal | None) -> str:
    """A count, with its thousands apart."""
    return NOTHING if count is None else format_decimal(round(count), locale=_locale())


def number(value: float | Decimal | None, *, digits: int = 2) -> str:
    """A number with at most so many decimals."""
    if value is None:
        return NOTHING
    return format_decimal(value, format=f"#,##0.{'#' * digits}", locale=_locale())


def share(part: float | Decimal | None, *, digits: int = 1) -> str:
    """A share from 0 to 1 as a percentage."""
    if part is None:
        return NOTHING
    pattern = f"#,##0.{'0' * digits}%" if digits else "#,##0%"
    return format_percent(part, pattern, locale=_locale())


def money(minor: int | Decimal | None, currency: str) -> str:
    """An amount in minor units, to the last cent."""
    if minor is None:
        return NOTHING
    return format_currency(major(minor, currency), currency, locale=_locale())


def rate(minor: Decimal, currency: str, *, parts: int = 3) -> str:
    """What one of many costs, which may be a part of the smallest coin: $0.045."""
    if minor == minor.to_integral_value():
        return money(minor, currency)
    pattern = f"¤#,##0.{'0' * decimals(currency)}{'#' * parts}"
    whole = major(minor, currency)
    return format_currency(whole, currency, pattern, locale=_locale(), currency_digits=False)


def short_money(minor: int | Decimal | None, currency: str) -> str:
    """An amount where there is little room: $1.2M, ¥460万."""
    if minor is None:
        return NOTHING
    amount = major(minor, currency)
    if abs(amount) < 10_000:
        return money(minor, currency)
    return format_compact_currency(amount, currency, locale=_locale(), fraction_digits=1)


def major(minor: int | Decimal, currency: str) -> Decimal:
    """Minor units (fen, cents) in the currency's whole unit; the yen has no smaller one."""
    return Decimal(minor).scaleb(-decimals(currency))


def without_groups(text: str) -> str:
    """A number that somebody wrote, without the commas between its thousands.

    Raises:
        ValueError: a comma stands elsewhere. Whoever writes 12,50 does not mean 1250.
    """
    plain = text.replace("，", ",").strip()
    if "," in plain and not GROUPED.fullmatch(plain):
        raise ValueError(text)
    return plain.replace(",", "")


def decimals(currency: str) -> int:
    """How many decimals the currency's amounts have."""
    return get_currency_precision(currency)


def in_unit(value: int | Decimal | None, unit: str, currency: str) -> str:
    """A value in the words of its unit: `money`, `share`, or anything that is counted."""
    if unit == "money":
        return money(value, currency)
    if unit == "number":
        return number(value)
    if unit == "minutes":
        return NOTHING if value is None else minutes(value)
    return share(value) if unit == "share" else whole(value)


def minutes(value: float | Decimal) -> str:
    """A duration in minutes."""
    return gettext("%(minutes)s min") % {"minutes": number(value, digits=1)}


def change(now: int | Decimal | None, before: int | Decimal | None) -> float | None:
    """How much more, as a share of before; None where nothing stood before."""
    if now is None or not before:
        return None
    return float((Decimal(now) - Decimal(before)) / abs(Decimal(before)))


def signed_share(part: float | None, *, digits: int = 1) -> str:
    """A change as a percentage with its sign; what rounds to nothing went nowhere."""
    if part is None:
        return NOTHING
    rounded = round(part, digits + 2)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
    return f"{sign}{share(abs(part), digits=digits)}"


def points(difference: float | None, *, digits: int = 1) -> str:
    """A difference of two shares, in percentage points: a percentage of a share is another one."""
    if difference is None:
        return NOTHING
    change = signed_share(difference, digits=digits).removesuffix("%")
    return gettext("%(change)s points") % {"change": change}


def fresh(as_of: dt.date | None, computed_at: dt.datetime) -> str:
    """Up to which day numbers reach, and how long ago they were computed."""
    day = as_of.isoformat() if as_of else NOTHING
    if timezone.now() - computed_at < dt.timedelta(minutes=1):
        return gettext("as of %(day)s, computed just now") % {"day": day}
    ago = timesince(computed_at, depth=1)
    return gettext("as of %(day)s, computed %(ago)s ago") % {"day": day, "ago": ago}


def _locale() -> Locale:
    try:
        return Locale.parse(to_locale(get_language() or "en"))
    except (UnknownLocaleError, ValueError):  # a language that Babel has no numbers for
        return Locale("en")
