"""Orders in another currency than the project's: said beside money, which leaves them out."""

import datetime as dt
from collections.abc import Mapping

from django.utils.translation import ngettext

from metrics import measurements

KEY = "foreign_orders"


def words(since: dt.date | None, until: dt.date) -> str:
    """How many came on these days; nothing where none did."""
    return said_of(sum(by_day(since, until).values()))


def by_day(since: dt.date | None, until: dt.date) -> dict[dt.date, int]:
    """How many came on each day that had any: for lists, whose lines have each their own days."""
    found = measurements.read([KEY], since=since, until=until)[KEY]
    return {one.day: int(one.value) for one in found if one.value}


def within(orders: Mapping[dt.date, int], since: dt.date, until: dt.date) -> str:
    """The note of a line of such a list."""
    return said_of(sum(many for day, many in orders.items() if since <= day <= until))


def said_of(orders: int) -> str:
    """The note about so many."""
    if not orders:
        return ""
    said = ngettext(
        "%(n)d order of these days came in another currency; its amount is left out.",
        "%(n)d orders of these days came in another currency; their amounts are left out.",
        orders,
    )
    return said % {"n": orders}
