"""Reading the cells of a row: what each says, or in words why nobody can tell."""

import datetime as dt
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from segments import corrections, identity
from segments.customer_imports.mapping import NUMBER, CustomerMapping

YES = {"yes", "y", "true", "1", "granted", "是", "同意", "已同意", "√"}
NO = {"no", "n", "false", "0", "withdrawn", "否", "不同意", "拒绝", "×"}
# A number exactly as JSON writes it; 007 and telephone numbers with a plus stay text.
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?", re.ASCII)
# What our own exports put before a text that a spreadsheet would calculate.
_ESCAPED = re.compile(r"'[\s\"']*[=+\-@]")
MOST_TAGS = 100


@dataclass
class Given:
    """One row as it was understood. What the file leaves empty is not in here."""

    number: int
    cells: dict[str, str]  # as they stand in the file
    key: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    consents: dict[str, bool] = field(default_factory=dict)
    problem: str = ""


def read(number: int, cells: dict[str, Any], mapping: CustomerMapping) -> Given:
    """The row, with its problem in words if it has one."""
    texts = {name: plain(value) for name, value in cells.items()}
    given = Given(number, texts)
    try:
        given.key = _key(texts[mapping.key], mapping.kind)
        for name, column in mapping.fields.items():
            if texts[column]:
                given.fields[name] = corrections.CHECKS[name](texts[column])
        for name in mapping.attributes:
            if texts[name]:
                given.attributes[name] = _value(texts[name], cells[name])
        given.tags = _tags(texts[mapping.tags]) if mapping.tags else []
        for channel, column in mapping.consents.items():
            if texts[column]:
                given.consents[channel] = _yes_or_no(texts[column])
        corrections.attributes(given.attributes)
    except (corrections.Wrong, identity.BadIdentifier) as problem:
        given.problem = str(problem)
    return given


def plain(value: Any) -> str:
    """A cell as text, without what an export put there against spreadsheets."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    text = str(value).replace("\0", "").strip()
    return text[1:] if _ESCAPED.match(text) else text


def _key(text: str, kind: str) -> str:
    identity.check(text)
    if kind == NUMBER:
        text = text.lstrip("#")
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**31):
            raise corrections.Wrong(_("This is not a customer's number."))
        return str(int(text))
    return text


def _value(text: str, cell: Any) -> Any:
    """A number where the cell has one; everything else is text."""
    is_number = isinstance(cell, int | float | str) and not isinstance(cell, bool)
    if isinstance(cell, bool):
        return cell
    return json.loads(text) if is_number and _NUMBER.fullmatch(text) else text


def _tags(text: str) -> list[str]:
    tags = [tag.strip()[:80] for tag in re.split(r"[,;，；、|\n]", text)]
    return _once(tag for tag in tags if tag)[:MOST_TAGS]


def _once(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _yes_or_no(text: str) -> bool:
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise corrections.Wrong(_("A consent is yes or no, not “%(text)s”.") % {"text": text[:40]})
