"""Reads spend from CSV: what could be booked, and what is wrong, line by line in words."""

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from console import clock, figures, kept_words
from console.states import NotAllowed
from metrics.models import Channel, Spend
from metrics.spending import MOST_MINOR, Row

MOST_BYTES, MOST_ROWS, MOST_PROBLEMS = 2 << 20, 20_000, 50
# The headings that are known, in the words of several tools.
HEADINGS = {
    "day": {"day", "date", "日期", "日", "天"},
    "channel": {"channel", "渠道", "source", "来源", "來源", "utm_source"},
    "amount": {"amount", "spend", "cost", "金额", "金額", "花费", "花費", "费用", "消耗"},
    "currency": {"currency", "币种", "幣種", "货币", "貨幣"},
    "note": {"note", "notes", "备注", "備註", "comment"},
}
# The signs that stand before an amount, and of which currencies; another's is no such amount.
SIGNS = {
    **dict.fromkeys("¥￥", ("CNY", "JPY")),
    **dict.fromkeys("$＄", ("USD", "AUD", "CAD", "HKD", "NZD", "SGD", "TWD", "MXN", "CLP", "COP")),
    "€": ("EUR",),
    "£": ("GBP",),
}
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)


@dataclass
class Read:
    """What a file says."""

    name: str
    rows: list[Row] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    wrong: int = 0  # rows with a problem, also beyond those that are told
    known: int = 0  # rows that stand there already, with the same day, channel and amount

    def refuse(self, line: int, words: str) -> None:
        self.wrong += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(_("Line %(line)d: %(words)s") % {"line": line, "words": words})

    @property
    def amount_minor(self) -> int:
        return sum(row.amount_minor for row in self.rows)


def read(
    raw: bytes, *, name: str, currency: str, today: dt.date, channels: Mapping[str, Channel]
) -> Read:
    """Read a file; `channels` are those that words in lower case stand for.

    Raises:
        NotAllowed: it is no such file at all.
    """
    if len(raw) > MOST_BYTES:
        raise NotAllowed(_("The file is larger than 2 MB."))
    lines = csv.reader(io.StringIO(_text(raw)))
    try:
        places = _places(next(lines, []))
        found = Read(name)
        for number, cells in enumerate(lines, start=2):
            if number > MOST_ROWS + 1:
                raise NotAllowed(_("The file has more than %(most)d rows.") % {"most": MOST_ROWS})
            if any(cell.strip() for cell in cells):
                _line(found, number, cells, places, currency, today, channels)
    except csv.Error as problem:
        raise NotAllowed(_("This is not a CSV file that can be read.")) from problem
    found.known = _known(found)
    return found


def _text(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise NotAllowed(_("The file's letters cannot be read; save it as UTF-8."))


def _places(heading: list[str]) -> dict[str, int]:
    named = [cell.strip().lower() for cell in heading]
    found = {
        what: next((place for place, cell in enumerate(named) if cell in known), -1)
        for what, known in HEADINGS.items()
    }
    missing = [what for what in ("day", "amount") if found[what] < 0]
    if missing:
        words = _("The first line names the columns: day, channel, amount, note, currency.")
        raise NotAllowed(words)
    return found


def _line(
    found: Read,
    number: int,
    cells: list[str],
    places: Mapping[str, int],
    currency: str,
    today: dt.date,
    channels: Mapping[str, Channel],
) -> None:
    said = {
        what: cells[place].strip() if 0 <= place < len(cells) else ""
        for what, place in places.items()
    }
    day = _day(said["day"])
    amount = minor(said["amount"], currency)
    channel = channels.get(said["channel"].lower()) if said["channel"] else None
    if day is None or day > today or not clock.is_near(day):
        found.refuse(number, _("“%(day)s” is no day up to today.") % {"day": said["day"][:40]})
    elif said["currency"].upper() not in {"", currency}:
        words = _("The amount is in %(other)s, and this project counts in %(ours)s.")
        found.refuse(number, words % {"other": said["currency"][:20], "ours": currency})
    elif not amount:
        words = _("“%(amount)s” is no amount.") % {"amount": said["amount"][:40]}
        found.refuse(number, words)
    elif said["channel"] and channel is None:
        words = _("There is no channel “%(name)s”; make it first, or add the word to one.")
        found.refuse(number, words % {"name": said["channel"][:60]})
    else:
        found.rows.append(Row(number, day, channel, amount, said["note"][:200]))


def _day(text: str) -> dt.date | None:
    for pattern in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"):
        try:
            return dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007  (only the date)
        except ValueError:
            continue
    return None


def minor(text: str, currency: str) -> int | None:
    """An amount that somebody wrote, in minor units; None if it is none, too fine, or in
    another currency by its sign."""
    if any(currency not in SIGNS.get(one, (currency,)) for one in text):
        return None
    bare = re.sub(f"[{''.join(SIGNS)}]", "", text).strip().replace("−", "-")
    try:
        plain = figures.without_groups(re.sub(r"(?<=\d)\s+(?=\d)", ",", bare))
        plain = re.sub(r"\s", "", plain)
        if not _AMOUNT.fullmatch(plain):
            return None
        found = Decimal(plain).scaleb(figures.decimals(currency))
    except (ValueError, InvalidOperation):
        return None
    if found != found.to_integral_value() or abs(found) > MOST_MINOR:
        return None
    return int(found)


def _known(found: Read) -> int:
    if not found.rows:
        return 0
    days = {row.day for row in found.rows}
    there = set(
        Spend.objects.filter(day__gte=min(days), day__lte=max(days)).values_list(
            "day", "channel", "amount_minor"
        )
    )
    return sum(
        (row.day, row.channel.pk if row.channel else None, row.amount_minor) in there
        for row in found.rows
    )


def by_word() -> dict[str, Channel]:
    """The channels by every word that stands for them, in lower case."""
    found: dict[str, Channel] = {}
    for one in Channel.objects.filter(archived_at=None):
        for word in (one.key, *kept_words.halves(one.name), *one.words):
            found.setdefault(str(word).lower(), one)
    return found
