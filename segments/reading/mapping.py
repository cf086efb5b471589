"""Which column of a file means what."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from segments.reading.problems import BadFile
from segments.reading.problems import gettext_noop as _

LONGEST_NAME = 80  # of an event


@dataclass(frozen=True)
class Mapping:
    """The columns of a file by what they mean; an empty name: there is none."""

    customer: str
    time: str
    name: str = ""  # the column with each event's name …
    event: str = ""  # … or the one name of all of them
    amount: str = ""
    properties: tuple[str, ...] = ()
    key: str = ""  # each event's own id, by which a second delivery is recognised
    distinct_by: tuple[str, ...] = ()  # rows equal in these are one event; the first is taken
    identifier_kind: str = "user_id"
    time_zone: str = ""  # of times that name none; empty: the project's
    encoding: str = "utf-8"
    skip_without_customer: bool = False

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        lists = {name: tuple(kept.get(name, ())) for name in ("properties", "distinct_by")}
        return cls(**{**kept, **lists})

    def to_json(self) -> dict[str, Any]:
        kept = asdict(self)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in kept.items()}

    @property
    def columns(self) -> list[str]:
        """Every column that has to be read, once."""
        named = [self.customer, self.time, self.name, self.amount, self.key]
        return list(dict.fromkeys(c for c in [*named, *self.properties, *self.distinct_by] if c))

    def check(self, there: Sequence[str]) -> None:
        """Refuse what does not make sense for a file with these columns.

        Raises:
            BadFile: in words.
        """
        if not self.customer:
            raise BadFile(_("Name the column that says which customer it was."))
        if not self.time:
            raise BadFile(_("Name the column that says when it happened."))
        if bool(self.name) == bool(self.event):
            raise BadFile(
                _("Name either the column with the events' names, or the one name of all of them.")
            )
        if len(self.event) > LONGEST_NAME:
            raise BadFile(_("An event's name has at most 80 characters."))
        if not self.identifier_kind or len(self.identifier_kind) > 40:
            raise BadFile(_("Name the kind of identifier in at most 40 characters."))
        for column in self.columns:
            if column not in there:
                raise BadFile(
                    _("There is no column “%(name)s”; there are: %(columns)s."),
                    name=column,
                    columns=", ".join(there),
                )


# --- guessing ---------------------------------------------------------------

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
    "key": ["messageid", "insertid", "eventid", "uuid", "idempotencykey"],
}


def guess(columns: Sequence[str]) -> dict[str, str]:
    """What the columns probably mean, by their names; a column is guessed once."""
    plain = {re.sub(r"[\W_]", "", column.lower()): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for meaning, names in GUESSES.items():
        for name in names:
            if name in plain and plain[name] not in found.values():
                found[meaning] = plain[name]
                break
    return found
