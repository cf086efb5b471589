"""Reading the cells of rows: what each says, or in words why nobody can tell.

A file of a million rows is read column by column, because most of a list's values are short
texts that say the same as a thousand others.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import orjson
from django.utils.translation import gettext as _

from segments import corrections, identity, placeholders, sealing
from segments.customer_imports.mapping import FIELDS, NUMBER, CustomerMapping
from segments.models import Customer
from segments.models.fields import SealedCharField
from segments.reading.batch import Batch

YES = {"yes", "y", "true", "1", "granted", "是", "同意", "已同意", "√"}
NO = {"no", "n", "false", "0", "withdrawn", "否", "不同意", "拒绝", "×"}
# A number exactly as JSON writes it; 007 and telephone numbers with a plus stay text.
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?", re.ASCII)
# What our own exports put before a text that a spreadsheet would calculate.
_ESCAPED = re.compile(r"'[\s\"']*[=+\-@]")
# Some of what Django takes for an address, told without asking it.
_USUAL_ADDRESS = re.compile(r"[a-z0-9_]+([.+-][a-z0-9_]+)*@([a-z0-9]{1,63}\.){1,4}[a-z]{2,63}")
MOST_TAGS = 100
SURELY_SHORT = corrections.LONGEST_ATTRIBUTES // 2  # of attributes that need no exact look
REMEMBERED = 20_000  # values that were read just before
SEALED = {f.name for f in Customer._meta.concrete_fields if isinstance(f, SealedCharField)}
Problems = dict[int, str]  # by the row's place in the batch


class Given(NamedTuple):
    """One row as it was understood. None is what the file leaves empty."""

    number: int
    key: str
    kept: str  # the key as the column of identifiers keeps it
    name: str | None  # and further on as the columns of customers keep it
    email: str | None
    phone: str | None
    language: str | None
    attributes: str  # a JSON object
    tags: str | None  # a JSON list
    consents: str | None  # a JSON object: granted, by channel
    problem: str
    cells: str  # as they stand in the file: a JSON object


def read(batch: Batch, mapping: CustomerMapping) -> Iterator[Given]:
    """The rows of a batch, each with its problem in words if it has one."""
    columns = {name: listed(batch.columns[name]) for name in mapping.columns}
    texts = {name: list(map(plain, values)) for name, values in columns.items()}
    count, problems = len(batch.numbers), Problems()
    nothing: list[None] = [None] * count
    keys = _each(
        texts[mapping.key], partial(identifier, kind=mapping.kind), problems, also_empty=True
    )
    name, email, phone, language = (
        _each(texts[mapping.fields[field]], _reader(field), problems)
        if field in mapping.fields
        else nothing
        for field in FIELDS
    )
    attributes = _attributes(columns, texts, mapping, count)
    tags = _each(texts[mapping.tags], _tags, problems) if mapping.tags else nothing
    consents = _consents(texts, mapping, problems) if mapping.consents else nothing
    _refuse_large(attributes, mapping, problems)
    for index, row in enumerate(zip(*texts.values(), strict=True)):
        key = keys[index] or ""
        yield Given(
            number=batch.numbers[index],
            key=key,
            kept=sealing.seal_id(mapping.kind, key),
            name=name[index],
            email=email[index],
            phone=phone[index],
            language=language[index],
            attributes=attributes[index],
            tags=tags[index],
            consents=consents[index],
            problem=problems.get(index, ""),
            cells=orjson.dumps(dict(zip(texts, row, strict=True))).decode(),
        )


def unreadable(number: int, problem: str) -> Given:
    """A row that the file itself cannot give."""
    return Given(number, "", "", None, None, None, None, "{}", None, None, problem, "{}")


def plain(value: Any) -> str:
    """A cell as text, without what an export put there against spreadsheets."""
    if type(value) is not str:
        value = _text(value)
    text: str = value.strip()
    if "\0" in text:
        text = text.replace("\0", "").strip()
    return text[1:] if text[:1] == "'" and _ESCAPED.match(text) else text


def _text(value: Any) -> str:
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
    return str(value)


def listed(column: Any) -> list[Any]:
    return column if isinstance(column, list) else column.to_pylist()


def _each(
    texts: list[str], said: Callable[[str], str], problems: Problems, *, also_empty: bool = False
) -> list[str | None]:
    """What a column says; of each row the first problem is remembered."""
    found: list[str | None] = []
    for index, text in enumerate(texts):
        try:
            found.append(said(text) if text or also_empty else None)
        except (corrections.Wrong, identity.BadIdentifier) as problem:
            problems.setdefault(index, str(problem))
            found.append(None)
    return found


# --- who, and what is written down of them ----------------------------------


def identifier(text: str, *, kind: str) -> str:
    """What names a customer by this kind of identifier.

    Raises:
        BadIdentifier, Wrong: it can name nobody.
    """
    identity.check(text)
    if kind == NUMBER:
        text = text.lstrip("#")
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**31):
            raise corrections.Wrong(_("This is not a customer's number."))
        return str(int(text))
    if placeholders.is_one(text):
        raise corrections.Wrong(
            _("“%(text)s” is what programs write where they know nobody.") % {"text": text}
        )
    return text


def _reader(name: str) -> Callable[[str], str]:
    """How a field of customers is read, into the form that its column keeps."""
    check = _READERS.get(name, corrections.CHECKS[name])
    if name in SEALED and sealing.hint():
        return lambda text: sealing.seal(check(text))
    return check


def _email(text: str) -> str:
    lower = text.lower()
    is_usual = len(lower) < 200 and _USUAL_ADDRESS.fullmatch(lower)
    return lower if is_usual else corrections.an_email(text)


_READERS: dict[str, Callable[[str], str]] = {
    "email": _email,
    "language": lru_cache(REMEMBERED)(corrections.a_language),
}


# --- attributes and tags ----------------------------------------------------


def _attributes(
    columns: dict[str, list[Any]], texts: dict[str, list[str]], mapping: CustomerMapping, count: int
) -> list[str]:
    """What each row says in its columns of attributes, as JSON."""
    pairs = [_pairs(name, columns[name], texts[name]) for name in mapping.attributes]
    if not pairs:
        return ["{}"] * count
    return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*pairs, strict=True)]


def _pairs(name: str, cells: list[Any], texts: list[str]) -> list[str]:
    start = orjson.dumps(name).decode() + ":"
    return [
        start + _as_json(text, type(cell).__name__) if text else ""
        for cell, text in zip(cells, texts, strict=True)
    ]


@lru_cache(REMEMBERED)
def _as_json(text: str, kind: str) -> str:
    """A number where the cell has one; everything else is text."""
    if kind == "bool":
        return text
    is_number = kind in {"int", "float", "str"} and _NUMBER.fullmatch(text)
    return orjson.dumps(orjson.loads(text) if is_number else text).decode()


def _refuse_large(attributes: list[str], mapping: CustomerMapping, problems: Problems) -> None:
    """Refuse rows with more than a customer may have; most are told by their length."""
    has_odd_names = len(mapping.attributes) > corrections.MOST_ATTRIBUTES or any(
        not 0 < len(name.strip()) <= 80 for name in mapping.attributes
    )
    for index, said in enumerate(attributes):
        if has_odd_names or len(said) > SURELY_SHORT or "\\u0000" in said:
            try:
                corrections.attributes(orjson.loads(said))
            except corrections.Wrong as problem:
                problems.setdefault(index, str(problem))


@lru_cache(REMEMBERED)
def _tags(text: str) -> str:
    tags = [tag.strip()[:80] for tag in re.split(r"[,;，；、|\n]", text)]
    return orjson.dumps(list(dict.fromkeys(filter(None, tags)))[:MOST_TAGS]).decode()


# --- consents ---------------------------------------------------------------


def _consents(
    texts: dict[str, list[str]], mapping: CustomerMapping, problems: Problems
) -> list[str | None]:
    """What each row says by channel, as JSON; None where it says nothing."""
    pairs = []
    for channel, column in mapping.consents.items():
        start = orjson.dumps(channel).decode() + ":"
        said = _each(texts[column], _yes_or_no, problems)
        pairs.append([one and start + one for one in said])
    joined = (",".join(filter(None, row)) for row in zip(*pairs, strict=True))
    return ["{" + one + "}" if one else None for one in joined]


def _yes_or_no(text: str) -> str:
    if text.lower() in YES:
        return "true"
    if text.lower() in NO:
        return "false"
    raise corrections.Wrong(_("A consent is yes or no, not “%(text)s”.") % {"text": text[:40]})
