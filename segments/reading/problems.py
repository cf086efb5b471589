"""What can be wrong with a file, in words that a translator can have."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

# Of a file's columns: the page that names them has a choice for each.
MOST_COLUMNS = 500
MOST_LETTERS = 200  # of a column's name


def gettext_noop(words: str) -> str:
    """Mark words for the catalogue; whoever shows them translates."""
    return words


_ = gettext_noop
Translate = Callable[[str], str]


def untranslated(words: str) -> str:
    return words


class BadValue(ValueError):
    """What is wrong with one value; the reader adds the line and the column."""

    def __init__(self, words: str, **params: Any) -> None:
        self.words, self.params = words, params
        self.index = 0  # of the first row in the batch that has it
        super().__init__(words % params)


class BadFile(ValueError):
    """Why a file cannot be loaded: the line (of Parquet: the row), the column, the words.

    `words` is an English message id with `%(name)s` places; a list is enumerated in its place.
    """

    def __init__(
        self,
        words: str,
        *,
        line: int | None = None,
        row: int | None = None,
        column: str = "",
        **params: Any,
    ) -> None:
        self.words, self.params = words, params
        self.line, self.row, self.column = line, row, column
        super().__init__(self.said(untranslated))

    def said(self, translate: Translate) -> str:
        """The whole sentence in a reader's language."""
        return self._where(translate) + self.reason(translate)

    def reason(self, translate: Translate) -> str:
        """The sentence without the place."""
        return translate(self.words) % {
            key: translate(_(", ")).join(value) if isinstance(value, list | tuple) else value
            for key, value in self.params.items()
        }

    @property
    def value(self) -> str:
        """The value that was refused, shortened; empty where it is the whole row."""
        return str(self.params.get("value", ""))

    def _where(self, translate: Translate) -> str:
        number = f"{self.line or self.row:,}" if self.line or self.row else ""
        place = {"number": number, "column": self.column}
        if self.line and self.column:
            return translate(_("Line %(number)s, column %(column)s: ")) % place
        if self.line:
            return translate(_("Line %(number)s: ")) % place
        if self.row and self.column:
            return translate(_("Row %(number)s, column %(column)s: ")) % place
        if self.row:
            return translate(_("Row %(number)s: ")) % place
        return translate(_("Column %(column)s: ")) % place if self.column else ""


class TooWide(BadFile):
    """More columns, or longer names of them, than anybody could name; no encoding mends it."""


def shown(value: object, *, most: int = 60) -> str:
    """A value as it may be repeated in a sentence."""
    text = str(value)
    return text if len(text) <= most else text[:most] + "…"


def refuse_wide(names: Sequence[str]) -> None:
    """Refuse more columns than can be named.

    Raises:
        TooWide: there are too many, or a name is too long.
    """
    if len(names) > MOST_COLUMNS:
        raise TooWide(_("The file has more than %(count)d columns."), count=MOST_COLUMNS)
    for name in names:
        if len(name) > MOST_LETTERS:
            raise TooWide(
                _("The name of a column has more than %(count)d characters: “%(name)s”."),
                count=MOST_LETTERS,
                name=shown(name),
            )


def refuse_columns(names: Sequence[str]) -> None:
    """Refuse columns that cannot be named: too many of them, or two of one name.

    Raises:
        BadFile: with the name.
    """
    refuse_wide(names)
    for name, count in Counter(names).items():
        if count > 1 and name:
            raise BadFile(_("The file has two columns named “%(name)s”."), name=name)
