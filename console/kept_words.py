"""Sentences and names that are kept in a table, and everybody reads in their own language."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce, NullIf
from django.http import QueryDict
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext

from console import formats

Told = TypeVar("Told")
SAYS, ABOUT, EACH = "says", "about", "each"
JOINT = " ‧ "  # between the two halves of a name that ships; typed it becomes another point
POINT = re.compile(r"(?<!\S)‧(?!\S)")
# The places that messages have. What somebody types may have others, to make a book of a line.
PLACE = re.compile(r"%%|%\(\w+\)[-+0]?\d{0,2}(?:\.\d)?[sdf]")
LONGEST = 100_000
OPENING = re.compile(rf'\{{(?="(?:{SAYS}|{EACH})")')  # as the console writes it, without a blank


def keep(words: str | Promise, **about: Any) -> str:
    """A message with its places, as text for a column of `KeptWords`.

    What fills a place is another kept message, a lazy translation, a list, or stands for itself.
    """
    parts = {name: _part(value) for name, value in about.items()}
    return json.dumps({SAYS: _untranslated(words), ABOUT: parts}, ensure_ascii=False)


def say(words: str | Promise, **about: Any) -> "Said":
    """The same as it reads now, for a refusal that somebody reads and a worker may keep: `of`."""
    return Said.of(keep(words, **about))


def of(refusal: Exception) -> str:
    """What a refusal said, to be kept; what was not said by `say` stays as it reads now."""
    words = refusal.args[0] if refusal.args else ""
    return words.kept if isinstance(words, Said) else str(refusal)


def typed(value: Any) -> Any:
    """What people send, so that it is never read as words of the console: one blank more.

    Else the same name would read differently in each language. JSON in a text is looked through.
    What stands in lists, such as a plan's steps, is sent back as it was read, with both halves.
    """
    match value:
        case dict():
            return {name: typed(one) for name, one in value.items()}
        case list():
            return [_in_list(one) for one in value]
        case str():
            text = _in_list(value)
            return text if text.lstrip()[:1] in {"{", "["} else POINT.sub("·", text)
    return value


def _in_list(value: Any) -> Any:
    match value:
        case dict():
            return {name: _in_list(one) for name, one in value.items()}
        case list():
            return [_in_list(one) for one in value]
        case str():
            return OPENING.sub("{ ", _typed_inside(value))
    return value


def _typed_inside(text: str) -> str:
    if text.lstrip()[:1] not in {"{", "["} or "\\" not in text:
        return text
    try:
        found = json.loads(text)
        safe = _in_list(found)
    except (ValueError, RecursionError):
        return text
    return text if safe == found else json.dumps(safe, ensure_ascii=False)


def typed_fields(given: QueryDict) -> QueryDict:
    """The fields of a form, each as `typed`."""
    safe = QueryDict(mutable=True)
    for name, values in given.lists():
        safe.setlist(name, [typed(one) for one in values])
    safe._mutable = False
    return safe


class Problem(Protocol):
    """A refusal that knows its message id and what fills its places, such as a rule's."""

    words: str
    params: dict[str, Any]


def keep_problem(problem: Problem) -> str:
    """What is wrong, to be read later; one problem may fill a place of another."""
    parts = {
        name: keep_problem(value) if hasattr(value, "params") else value
        for name, value in problem.params.items()
    }
    return keep(problem.words, **parts)


def each(words: Callable[[], str]) -> str:
    """What is said in each language of the console, for words that are made of many parts."""
    return _each(_in_each(words))


def each_line(words: Callable[[], Sequence[str]]) -> list[str]:
    """The same of several sentences, as many in every language."""
    told = _in_each(words)
    return [_each(dict(zip(told, line, strict=True))) for line in zip(*told.values(), strict=True)]


def _in_each(words: Callable[[], Told]) -> dict[str, Told]:
    told = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            told[code] = words()
    return told


def _each(told: dict[str, str]) -> str:
    if len({*told.values()}) == 1:
        return next(iter(told.values()))
    return json.dumps({EACH: told}, ensure_ascii=False)


def both(chinese: str, english: str) -> str:
    """A name that ships in both languages; one finds it by either."""
    return chinese if chinese == english else f"{chinese}{JOINT}{english}"


def name(words: Callable[[], str], most: int = 120) -> str:
    """A name that is made of other words, in both languages; longer ones are cut."""
    with translation.override("zh-hans"):
        chinese = str(words())
    with translation.override("en"):
        english = str(words())
    if chinese == english:
        return _cut(english, most)
    chinese = _cut(chinese, most // 2 - len(JOINT))
    return both(chinese, _cut(english, most - len(chinese) - len(JOINT)))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def numbered(words: object, turn: int) -> str:
    """A name in both languages, with a number behind it from the second turn on."""
    return name(lambda: str(words) if turn == 1 else f"{words} {turn}")


def said(kept: str) -> str:
    """What was kept in the language of the moment; any other text passes as it is."""
    kept = as_kept(kept)
    found = _read(kept)
    if found is None:
        return half(kept, translation.get_language())
    try:
        return _said(found)
    except RecursionError:  # nobody but a person nests it so deeply
        return kept


def message(kept: str) -> str:
    """The message of what was kept, without what fills its places; empty of any other text."""
    found = _read(as_kept(kept)) or {}
    return str(found.get(SAYS, ""))


def said_all(kept: Any) -> Any:
    """The same of everything that stands in a JSON value."""
    match kept:
        case dict():
            return {name: said_all(value) for name, value in kept.items()}
        case list():
            return [said_all(value) for value in kept]
        case str():
            return said(kept)
    return kept


def half(name: str, language: str | None) -> str:
    """A name in a language; one that does not ship in both passes as it is."""
    chinese, joint, english = as_kept(name).partition(JOINT)
    return english if joint and (language or settings.LANGUAGE_CODE).startswith("en") else chinese


def halves(name: str) -> set[str]:
    """A name in all languages, to find it by either, in small letters."""
    return {half(name, code).lower() for code, _name in settings.LANGUAGES}


def as_kept(value: Any) -> Any:
    """A message or name as the table has it, the same to every reader; others pass."""
    return value.kept if isinstance(value, Said) else value


def by_name(path: str) -> models.Expression:
    """A column of names for `order_by`: in the order of the halves that the reader sees."""
    is_english = (translation.get_language() or settings.LANGUAGE_CODE).startswith("en")
    at = models.Value(2 if is_english else 1)
    half = models.Func(models.F(path), models.Value(JOINT), at, function="SPLIT_PART")
    own = models.F(path)  # of a name with one half, which has no second
    text = models.CharField()
    return Coalesce(NullIf(half, models.Value("")), own, output_field=text)


class Said(str):
    """A kept message as it reads now; saved again, it stays what was kept."""

    kept: str

    @classmethod
    def of(cls, kept: str) -> "Said":
        one = cls(said(kept))
        one.kept = kept
        return one


class _Kept(models.Field):
    """What columns of kept text share: read in the language of the reader, saved as it was."""

    def from_db_value(self, value: str | None, *_args: Any) -> Said | None:
        return None if value is None else Said.of(value)

    def get_prep_value(self, value: Any) -> Any:
        return value.kept if isinstance(value, Said) else super().get_prep_value(value)


class KeptWords(_Kept, models.TextField):
    """A column of kept messages."""

    def deconstruct(self) -> Any:
        """To the database it is text."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


class KeptName(_Kept, models.CharField):
    """A column of names, of which some ship in both languages.

    Forms show the reader's half. Verbs change what differs from what they read, so a form that
    is saved without another name leaves both halves where they are.
    """

    def deconstruct(self) -> Any:
        """To the database it is text of some length."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def _part(value: Any) -> Any:
    if isinstance(value, Promise):
        return {SAYS: _untranslated(value), ABOUT: {}}
    if isinstance(value, list | tuple):
        return [as_kept(str(one)) for one in value]
    if isinstance(value, int | float):
        return value
    text = value.kept if isinstance(value, Said) else str(value)
    return text if (found := _read(text)) is None else found


def _untranslated(words: str | Promise) -> str:
    with translation.override(None):
        return str(words)


def _read(text: str) -> dict[str, Any] | None:
    if not text.startswith((f'{{"{SAYS}"', f'{{"{EACH}"')):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _is_kept(found) else None


def _is_kept(found: dict[str, Any]) -> bool:
    """Whether the console wrote it; people may type anything that looks like it."""
    told, about = found.get(EACH), found.get(ABOUT)
    if isinstance(told, dict):
        return all(isinstance(one, str) for one in told.values())
    return isinstance(about, dict) and isinstance(found.get(SAYS), str)


def _said(found: dict[str, Any]) -> str:
    if EACH in found:
        told: dict[str, str] = found[EACH]
        return told.get(translation.get_language() or "") or next(iter(told.values()), "")
    inner = {name: _filled(value) for name, value in found[ABOUT].items()}
    words = gettext(found[SAYS])
    try:
        return _fill(words, inner) if inner else words
    except (KeyError, TypeError, ValueError, OverflowError):  # places that nothing fills
        return words


def _fill(words: str, inner: dict[str, Any]) -> str:
    """Raises ValueError: it has other places than messages have, or would be far too long."""
    longest = max(len(str(value)) for value in inner.values())
    if "%" in PLACE.sub("", words) or len(words) + words.count("%") * longest > LONGEST:
        raise ValueError("this is no message")
    return words % inner


def _filled(value: Any) -> Any:
    match value:
        case dict() if _is_kept(value):
            return _said(value)
        case list():
            return formats.listed(str(_filled(one)) for one in value)
        case str():
            return said(value)
    return value
