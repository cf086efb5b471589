"""What the columns of a file probably mean, by their names."""

import re
from collections.abc import Sequence

# In each, the better guesses first; compared with letters and digits alone.
GUESSES = {
    "customer": [
        "userid",
        "customerid",
        "distinctid",
        "uid",
        "memberid",
        "openid",
        "clientid",
        "householdid",
        "用户id",
        "客户id",
        "user",
        "customer",
    ],
    "time": [
        "eventtimestamp",
        "timestamp",
        "eventtime",
        "time",
        "occurredat",
        "createdat",
        "datetime",
        "invoicedate",
        "orderdate",
        "eventdate",
        "date",
        "时间",
        "日期",
    ],
    "name": ["eventname", "event", "eventtype", "action", "事件", "name"],
    "amount": ["amount", "revenue", "total", "salesvalue", "金额", "price", "dollars"],
    "currency": ["currency", "currencycode", "币种", "货币"],
    "key": ["messageid", "insertid", "eventid", "uuid", "idempotencykey"],
}


def guess(columns: Sequence[str]) -> dict[str, str]:
    """What the columns probably mean, by their names; a column is guessed once.

    Of a dotted name the last part counts where no whole name fits.
    """
    whole = {_plain(column): column for column in reversed(columns)}
    parts = {_plain(column.rsplit(".", 1)[-1]): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for meaning, names in GUESSES.items():
        for plain, name in ((plain, name) for plain in (whole, parts) for name in names):
            if name in plain and plain[name] not in found.values():
                found[meaning] = plain[name]
                break
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())
