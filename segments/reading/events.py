"""Reading a whole file as events, every value checked, in batches of bounded size."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from segments import amounts, placeholders
from segments.reading import files, moments, properties, rows, values
from segments.reading.batch import START, Batch, Position, Refuse, RowFile, stop
from segments.reading.mapping import LONGEST_NAME, MOST_BAD, Mapping, spread_besides
from segments.reading.problems import BadFile, BadValue
from segments.reading.problems import gettext_noop as _

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_IDENTIFIER = LONGEST_KEY = 200
DEVICE = "$device:"


@dataclass(frozen=True)
class Checked:
    """A batch of good events, what was left out of it, and how far the reading is."""

    events: "pa.RecordBatch"
    seen: int  # rows, with those that are bad
    skipped: int  # rows without a customer
    left_out: Counter[str]  # rows that no condition wanted, by what they have instead
    done: float  # how much of the file is read, 0 to 1
    position: Position
    last: dict[str, str]  # what an empty value of the next row would be


def schema() -> "pa.Schema":
    """`row` is the line; `same` is equal for rows that are one event, null when none are;
    `other` is a second id of the customer."""
    import pyarrow as pa  # heavy: not in the web process

    return pa.schema(
        [
            ("row", pa.int64()),
            ("kind", pa.string()),
            ("customer", pa.string()),
            ("other", pa.string()),
            ("time", pa.timestamp("us", "UTC")),
            ("event", pa.string()),
            ("key", pa.string()),
            ("same", pa.string()),
            ("amount", pa.int64()),
            ("properties", pa.string()),
        ]
    )


@dataclass
class Reader:
    """One file, by one mapping. Times that name no zone are in `zone`; amounts become minor
    units of our currency, which has so many decimals."""

    path: Path
    mapping: Mapping
    zone: ZoneInfo
    decimals: int
    currency: str = ""
    refuse: Refuse = stop  # what to do with a row that is bad
    last: dict[str, str] = field(default_factory=dict)

    def read(self, *, after: Position = START, size: int | None = None) -> Iterator[Checked]:
        """Every event after a position, checked.

        Raises:
            BadFile: with the line and the column; with a `refuse` that lets rows be left out,
                only where the file cannot be read any further.
        """
        file = files.opened(self.path, encoding=self.mapping.encoding)
        self.mapping.check(file.columns, is_open=file.is_open)
        unread: list[BadFile] = []  # rows that the file itself cannot give

        def refuse(bad: BadFile) -> None:
            unread.append(bad)
            if len(unread) > MOST_BAD:  # this is no file of rows
                raise bad

        found = 0
        for batch in file.batches(
            self.mapping.columns, size or rows.AT_A_TIME, after=after, refuse=refuse
        ):
            checked = self._check(file, batch, unread)
            unread.clear()
            found += checked.seen
            yield checked
        if not found and after == START:
            raise BadFile(_("The file has columns, but no rows."))

    def _check(self, file: RowFile, batch: Batch, unread: list[BadFile]) -> Checked:
        mapping, seen = self.mapping, len(batch.numbers) + len(unread)
        if mapping.fills_down:
            batch, self.last = rows.filled_down(batch, mapping, self.last)
        batch, left_out = rows.only(batch, mapping.only)
        wanted = len(batch.numbers)
        if mapping.skip_without_customer:
            batch = rows.with_customer(batch, mapping)
        skipped = wanted - len(batch.numbers)
        bad = Bad(file, batch)
        good = self._events(file, batch, bad)
        for one in sorted([*unread, *bad.found()], key=lambda one: one.line or one.row or 0):
            self.refuse(one)
        if bad.by_index:
            good = good.filter(_mask([n not in bad.by_index for n in range(good.num_rows)]))
        return Checked(good, seen, skipped, left_out, batch.done, batch.position, self.last)

    def _events(self, file: RowFile, batch: Batch, bad: "Bad") -> "pa.RecordBatch":
        import pyarrow as pa  # heavy: not in the web process

        mapping, count = self.mapping, len(batch.numbers)
        customers, form = Customers(mapping, bad), mapping.time_form
        columns = {
            "row": list(batch.numbers),
            "kind": customers.kinds,
            "customer": customers.ids,
            "other": customers.others,
            "time": bad.read(mapping.time, lambda c, b: moments.moments(c, self.zone, form, b)),
            "event": bad.names(mapping.name, LONGEST_NAME, _("the event's name is empty."))
            if mapping.name
            else pa.repeat(mapping.event, count),
            "key": bad.names(mapping.key, LONGEST_KEY, _("the event's own id is empty."))
            if mapping.key
            else pa.nulls(count, pa.string()),
            "same": _same(batch, mapping),
            "amount": self._amounts(batch, bad) if mapping.amount else pa.nulls(count, pa.int64()),
            "properties": self._properties(file, batch),
        }
        return pa.RecordBatch.from_pydict(columns, schema=schema())

    def _amounts(self, batch: Batch, bad: "Bad") -> Any:
        mapping = self.mapping
        decimals = 0 if mapping.amount_unit == "minor" else self.decimals
        times = batch.columns[mapping.quantity] if mapping.quantity else None
        foreign = self._foreign(batch)

        def read(column: values.Column, ill: values.BadOnes) -> Any:
            if foreign:  # sums have one currency: the event counts, and brings no amount
                pairs = zip(listed(column), foreign, strict=True)
                column = [None if other else value for value, other in pairs]
            return values.amounts(column, decimals, times, ill)

        return bad.read(mapping.amount, read)

    def _foreign(self, batch: Batch) -> list[str]:
        """Of each row the currency that is not ours; nothing where no column tells."""
        if not self.mapping.currency or not self.mapping.amount:
            return []
        told = listed(batch.columns[self.mapping.currency])
        return [amounts.foreign(one, self.currency) for one in told]

    def _properties(self, file: RowFile, batch: Batch) -> list[str]:
        mapping, count = self.mapping, len(batch.numbers)
        lists = [
            properties.pairs(name, batch.columns[name], is_typed=file.has_types)
            for name in mapping.properties
        ]
        lists += [
            properties.spread(batch.columns[name], spread_besides(mapping, name))
            for name in mapping.spread
        ]
        if mapping.currency:
            said = {mapping.currency: batch.columns[mapping.currency]}
            if foreign := self._foreign(batch):
                said[amounts.FOREIGN] = foreign
            for name, column in said.items():
                lists.append(properties.pairs(name, column, is_typed=True))
        for name, value in mapping.constants:
            pair = json.dumps({name: value}, ensure_ascii=False)[1:-1]
            lists.append([pair] * count)
        return properties.objects(lists, count)


@dataclass
class Bad:
    """Reads the columns of a batch, and remembers the first bad value of each row."""

    file: RowFile
    batch: Batch
    by_index: dict[int, tuple[str, BadValue]] = field(default_factory=dict)

    def read(self, column: str, read: Callable[[Any, values.BadOnes], Any]) -> Any:
        """The column's values; none at all where the mapping names no column."""
        if not column:
            return []
        bad: values.BadOnes = {}
        found = read(self.batch.columns[column], bad)
        for index, problem in bad.items():
            self.by_index.setdefault(index, (column, problem))
        return found

    def names(self, column: str, longest: int, empty: str = "") -> Any:
        return self.read(
            column, lambda c, bad: values.names(c, longest=longest, empty=empty, bad=bad)
        )

    def ids(self, column: str, longest: int) -> Any:
        return self.read(column, lambda c, bad: values.ids(c, longest=longest, bad=bad))

    def found(self) -> Iterator[BadFile]:
        """The bad rows, in the order of the file."""
        where = "line" if self.file.counts_lines else "row"
        for index in sorted(self.by_index):
            column, bad = self.by_index[index]
            place: Any = {where: self.batch.numbers[index]}
            yield BadFile(bad.words, column=column, **place, **bad.params)


class Customers:
    """Who each row of a batch is about: by the first id, or where that is empty by the second."""

    def __init__(self, mapping: Mapping, bad: Bad) -> None:
        import pyarrow as pa  # heavy: not in the web process

        self.ids = (
            bad.names(mapping.customer, LONGEST_IDENTIFIER)
            if mapping.fallback
            else bad.ids(mapping.customer, LONGEST_IDENTIFIER)
        )
        self.others: Any = pa.nulls(len(self.ids), pa.string())
        self.kinds: Any = pa.repeat(mapping.identifier_kind, len(self.ids))
        if mapping.fallback:
            self._fall_back(mapping, bad)

    def _fall_back(self, mapping: Mapping, bad: Bad) -> None:
        self.ids, others = listed(self.ids), listed(bad.names(mapping.fallback, LONGEST_IDENTIFIER))
        self.others = [None] * len(self.ids)
        self.kinds = [mapping.identifier_kind] * len(self.ids)
        for index, (first, second) in enumerate(zip(self.ids, others, strict=True)):
            told = first or second
            first, second = _real(first), _real(second)
            if first and first != second and first == self.ids[index]:
                self.others[index] = second or None
                continue
            second = first or second
            self.ids[index], self.kinds[index] = second, mapping.fallback_kind
            if not second:
                bad.by_index.setdefault(index, (mapping.customer, values.nobody(told)))


def _real(value: str | None) -> str:
    """An id that names somebody, without what says that Mixpanel made it up for who is unknown."""
    real = (value or "").removeprefix(DEVICE)
    return "" if placeholders.is_one(real) else real


def listed(column: values.Column) -> list[Any]:
    return column if isinstance(column, list) else column.to_pylist()


def _same(batch: Batch, mapping: Mapping) -> values.Column:
    import pyarrow as pa  # heavy: not in the web process

    if not mapping.distinct_by:
        return pa.nulls(len(batch.numbers), pa.string())
    return values.joined([batch.columns[name] for name in mapping.distinct_by])


def _mask(wanted: list[bool]) -> "pa.Array":
    import pyarrow as pa  # heavy: not in the web process

    return pa.array(wanted, pa.bool_())
