"""Choosing rows of a batch, and filling what a file leaves empty because the row before has it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from segments.reading import values
from segments.reading.batch import ROWS_AT_A_TIME as AT_A_TIME
from segments.reading.batch import Batch
from segments.reading.mapping import Condition, Mapping
from segments.reading.problems import BadValue, shown

__all__ = ["AT_A_TIME", "filled_down", "only", "with_customer"]


def only(batch: Batch, conditions: Sequence[Condition]) -> tuple[Batch, Counter[str]]:
    """The rows that are so, and a count of the others by what the first condition minded."""
    minded: dict[int, str] = {}
    for one in conditions:
        texts = values.each(batch.columns[one.column], values.plain)
        for index, text in enumerate(texts):
            if index not in minded and not holds(one, text or ""):
                minded[index] = said(one, text or "")
    if not minded:
        return batch, Counter()
    kept = [index for index in range(len(batch.numbers)) if index not in minded]
    return taken(batch, kept), Counter(minded.values())


def holds(condition: Condition, text: str) -> bool:
    """Whether a value is as the condition wants it."""
    match condition.is_:
        case "is":
            return text == condition.value
        case "is_not":
            return text != condition.value
        case "filled":
            return bool(text)
    try:
        found = values.number(text)
    except BadValue:
        return False
    return found is not None and found > (values.number(condition.value) or 0)


def said(condition: Condition, text: str) -> str:
    """What a row has instead, as it is counted; numbers would be too many to count each."""
    if condition.is_ in {"above", "filled"}:
        return condition.column
    return f"{condition.column}: {shown(text, most=30)}"


def with_customer(batch: Batch, mapping: Mapping) -> Batch:
    """The rows that say which customer it was."""
    columns = [name for name in (mapping.customer, mapping.fallback) if name]
    known = values.joined([batch.columns[name] for name in columns])
    kept = [index for index, text in enumerate(known) if text.strip(values.BETWEEN)]
    return batch if len(kept) == len(known) else taken(batch, kept)


def taken(batch: Batch, kept: Sequence[int]) -> Batch:
    """Some rows of a batch."""
    return Batch(
        [batch.numbers[index] for index in kept],
        {
            name: [column[index] for index in kept]
            if isinstance(column, list)
            else column.take(list(kept))
            for name, column in batch.columns.items()
        },
        batch.done,
        batch.position,
    )


def filled_down(
    batch: Batch, mapping: Mapping, last: dict[str, str]
) -> tuple[Batch, dict[str, str]]:
    """The batch with empty values filled from the row before, where it has the same key;
    and the last row's values, with which the next batch begins.

    A shop's orders come with one row an item, and only the first says whose and when.
    """
    import pyarrow as pa  # heavy: not in the web process

    keys = values.joined([batch.columns[mapping.fills_down]])
    columns: dict[str, Any] = dict(batch.columns)
    then = dict(last)
    for name in _filled_columns(mapping):
        texts = [text or "" for text in values.each(batch.columns[name], values.plain)]
        before_key, before = last.get("", ""), last.get(name, "")
        for index, key in enumerate(keys):
            if not texts[index] and key == before_key:
                texts[index] = before
            before_key, before = key, texts[index]
        columns[name] = pa.array(texts, pa.string())
        then |= {"": before_key, name: before}
    return Batch(batch.numbers, columns, batch.done, batch.position), then


def _filled_columns(mapping: Mapping) -> list[str]:
    """Those of the whole event; properties and amounts are a row's own."""
    named = [mapping.customer, mapping.fallback, mapping.time]
    return list(dict.fromkeys(name for name in [*named, *(o.column for o in mapping.only)] if name))
