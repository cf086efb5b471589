"""Which days are off in a country: public holidays, with the working weekends of 调休."""

import datetime as dt
from functools import lru_cache
from typing import Any

from campaigns.policy.calendar import IsOff, never_off
from campaigns.policy.nodes import USUAL, WEEKENDS_TOO, Policy


def days_off(policy: Policy) -> IsOff:
    """Whether a day is off by this policy."""
    if policy.days_off == USUAL:
        return never_off
    return (
        _weekends_too(policy.country)
        if policy.which_days == WEEKENDS_TOO
        else _is_holiday(policy.country)
    )


def is_known(country: str) -> bool:
    """Whether we know the holidays of a country, by its two letters of ISO 3166."""
    import holidays  # heavy: not in the web process

    return country in holidays.list_supported_countries(include_aliases=False)


def _is_holiday(country: str) -> IsOff:
    calendar = _calendar(country)
    return lambda day: day in calendar


def _weekends_too(country: str) -> IsOff:
    """Saturdays and Sundays as well, but for those on which the country works (调休)."""
    calendar = _calendar(country)

    def is_off(day: dt.date) -> bool:
        return not calendar.is_working_day(day)

    return is_off


@lru_cache(maxsize=8)
def _calendar(country: str) -> Any:
    """The country's calendar; it grows by the years that are asked for."""
    import holidays  # heavy: not in the web process

    return holidays.country_holidays(country)
