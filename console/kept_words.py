"""Sentences that a worker keeps in a table, and everybody reads in their own language."""

import json
from typing import Any, Protocol

from django.db import models
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext

from console import formats

SAYS, ABOUT = "says", "about"


def keep(words: str | Promise, **about: Any) -> str:
    """A message with its places, as text for a column of `KeptWords`.

    What fills a place is another kept message, a lazy translation, a list, or stands for itself.
    """
    parts = {name: _part(value) for name, value in about.items()}
    return json.dumps({SAYS: _untranslated(words), ABOUT: parts}, ensure_ascii=False)


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


def said(kept: str) -> str:
    """A kept message in the language of the moment; any other text passes as it is."""
    found = _read(kept)
    return kept if found is None else _said(found)


class Said(str):
    """A kept message as it reads now; saved again, it stays what was kept."""

    kept: str

    @classmethod
    def of(cls, kept: str) -> "Said":
        one = cls(said(kept))
        one.kept = kept
        return one


class KeptWords(models.TextField):
    """A column of kept messages, which are read in the language of the reader."""

    def from_db_value(self, value: str | None, *_args: Any) -> Said | None:
        return None if value is None else Said.of(value)

    def get_prep_value(self, value: Any) -> Any:
        return value.kept if isinstance(value, Said) else super().get_prep_value(value)

    def deconstruct(self) -> Any:
        """To the database it is text."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


def _part(value: Any) -> Any:
    if isinstance(value, Promise):
        return {SAYS: _untranslated(value), ABOUT: {}}
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    if isinstance(value, str) and (found := _read(value)) is not None:
        return found
    return value if isinstance(value, int | float) else str(value)


def _untranslated(words: str | Promise) -> str:
    with translation.override(None):
        return str(words)


def _read(text: str) -> dict[str, Any] | None:
    if not text.startswith(f'{{"{SAYS}"'):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and ABOUT in found else None


def _said(found: dict[str, Any]) -> str:
    inner = {
        name: _said(value)
        if isinstance(value, dict)
        else formats.listed(value)
        if isinstance(value, list)
        else value
        for name, value in found[ABOUT].items()
    }
    words = gettext(found[SAYS])
    return words % inner if inner else words
