"""Orders in another currency than the project's: said beside money, which leaves them out."""

import datetime as dt

from django.utils.translation import ngettext

from metrics import measurements

KEY = "foreign_orders"


def words(since: dt.date | None, until: dt.date) -> str:
    """How many came on these days; nothing where none did."""
    found = measurements.read([KEY], since=since, until=until)[KEY]
    orders = int(sum(one.value for one in found if one.value is not None))
    if not orders:
        return ""
    said = ngettext(
        "%(n)d order of these days came in another currency; its amount is left out.",
        "%(n)d orders of these days came in another currency; their amounts are left out.",
        orders,
    )
    return said % {"n": orders}
