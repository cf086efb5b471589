"""Which column of a file means what, and what the file does not say."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from segments.reading import moments
from segments.reading.problems import BadFile
from segments.reading.problems import gettext_noop as _

LONGEST_NAME = 80  # of an event
MOST_BAD = 100_000  # rows that are left out of one file: a person has to look at their list


@dataclass(frozen=True)
class Condition:
    """Only rows whose column is so become events."""

    column: str
    is_: str  # one of OPERATORS
    value: str = ""


# `above` compares numbers; the others texts.
OPERATORS = ["is", "is_not", "above", "filled"]


@dataclass(frozen=True)
class Mapping:
    """The columns of a file by what they mean; an empty name: there is none."""

    customer: str
    time: str
    name: str = ""  # the column with each event's name …
    event: str = ""  # … or the one name of all of them
    amount: str = ""
    quantity: str = ""  # by which the amount is multiplied
    currency: str = ""  # in which the amount is; another than ours brings no amount
    properties: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()  # objects, each of whose entries is a property
    key: str = ""  # each event's own id, by which a second delivery is recognised
    source: int = 0  # the source that sends the same events with the same ids; 0: none does
    distinct_by: tuple[str, ...] = ()  # rows equal in these are one event; the first is taken …
    sums: bool = False  # … but with the sum of their amounts
    fills_down: str = ""  # an empty value is the row's before, if that has the same here
    identifier_kind: str = "user_id"
    fallback: str = ""  # another id of the customer, which counts where `customer` is empty
    fallback_kind: str = "anonymous_id"
    time_form: str = moments.GUESSED
    time_zone: str = ""  # of times that name none; empty: the project's
    amount_unit: str = "major"  # 12.50; or "minor": 1250
    constants: tuple[tuple[str, str], ...] = ()  # properties that every event gets
    only: tuple[Condition, ...] = ()
    encoding: str = "utf-8"
    skip_without_customer: bool = False
    leave_out_bad: str = ""  # so many bad rows, "100" or "0.5%"; empty: the first one ends it

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """What was kept, perhaps by an older version of ours that knew fewer things."""
        here = {field.name for field in fields(cls)}
        found: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in kept.items()
            if name in here
        }
        found["constants"] = tuple((name, value) for name, value in kept.get("constants", ()))
        found["only"] = tuple(Condition(**one) for one in kept.get("only", ()))
        return cls(**{"customer": "", "time": "", **found})

    def to_json(self) -> dict[str, Any]:
        kept = asdict(self)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in kept.items()}

    @property
    def columns(self) -> list[str]:
        """Every column that has to be read, once."""
        named = [self.customer, self.fallback, self.time, self.name, self.amount, self.quantity]
        lists = (
            self.currency,
            self.key,
            self.fills_down,
            *self.properties,
            *self.spread,
            *self.distinct_by,
        )
        tested = (one.column for one in self.only)
        return list(dict.fromkeys(column for column in (*named, *lists, *tested) if column))

    @property
    def most_bad(self) -> tuple[int, float]:
        """How many rows may be left out as bad, and which share of all of them.

        Raises:
            BadFile: it is neither a number nor a share.
        """
        text = self.leave_out_bad.strip()
        try:
            if text.endswith("%"):
                return MOST_BAD, _between(float(text[:-1]), 100) / 100
            return int(_between(int(text or 0), MOST_BAD)), 1.0
        except ValueError as problem:
            raise BadFile(
                _("Write how many bad rows may be left out as 100 or 0.5%%, at most %(count)d."),
                count=MOST_BAD,
            ) from problem

    def check(self, there: Sequence[str], *, is_open: bool = False) -> None:
        """Refuse what does not make sense for a file with these columns.

        In an open file, rows may have columns that the first ones have not.

        Raises:
            BadFile: in words.
        """
        self._check_names()
        self._check_ways()
        for column in self.columns if not is_open else []:
            if column not in there:
                raise BadFile(
                    _("There is no column “%(name)s”; there are: %(columns)s."),
                    name=column,
                    columns=there,
                )

    def _check_names(self) -> None:
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
        for kind in (self.identifier_kind, self.fallback_kind):
            if not kind or len(kind) > 40:
                raise BadFile(_("Name the kind of identifier in at most 40 characters."))

    def _check_ways(self) -> None:
        if self.time_form not in moments.FORMS and "%" not in self.time_form:
            raise BadFile(_("“%(name)s” is no way to write times."), name=self.time_form)
        if self.sums and not self.distinct_by:
            raise BadFile(_("Amounts can be added up only where columns tell events apart."))
        if self.quantity and not self.amount:
            raise BadFile(
                _("Name the amount that is multiplied by “%(name)s”."), name=self.quantity
            )
        for one in self.only:
            if one.is_ not in OPERATORS:
                raise BadFile(_("“%(name)s” is no condition."), name=one.is_)
            if one.is_ == "above":
                _number(one.value)
        assert self.most_bad


def _between(number: float, most: float) -> float:
    if not 0 <= number <= most:
        raise ValueError
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as problem:
        raise BadFile(_("“%(name)s” is not a number."), name=text) from problem


def spread_besides(mapping: Mapping, column: str) -> frozenset[str]:
    """The entries of a spread object that mean something else already."""
    start = column + "."
    meant: Iterable[str] = {*mapping.columns} - {*mapping.spread}
    return frozenset(name.removeprefix(start) for name in meant if name.startswith(start))
