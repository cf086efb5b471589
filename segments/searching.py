"""Looking for somebody in every table: in each text, document and set, whatever it is for.

It asks the models what columns there are, so that a table that is added later is searched, too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models

from segments import bits
from segments.models import ForgottenId, PrivacyRequest
from segments.models.fields import BitmapField
from segments.sought import Sought

# The requests themselves say what was looked for, sealed, until they are answered.
NOT_SEARCHED = {ForgottenId, PrivacyRequest}
LIKES_OWN = re.compile(r"[%_\\]")  # what LIKE would take for a pattern
_TEXTS = (models.CharField, models.TextField, models.JSONField)


@dataclass(frozen=True)
class Found:
    """How many rows of one column tell of the person."""

    table: str
    column: str
    rows: int

    def __str__(self) -> str:
        return f"{self.table}.{self.column}: {self.rows}"


def tables() -> list[type[models.Model]]:
    """Every table of ours that is searched."""
    found = [model for name in bits.OURS for model in apps.get_app_config(name).get_models()]
    return [model for model in found if model not in NOT_SEARCHED and model._meta.managed]


def everywhere(sought: Sought) -> list[Found]:
    """Where the person still is: by any text that is theirs alone, or as a member of a set."""
    return [found for model in tables() for found in (*_in(model, sought), *_sets(model, sought))]


def _in(model: type[models.Model], sought: Sought) -> Iterator[Found]:
    if not sought.texts:
        return
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if isinstance(field, models.BinaryField) and not isinstance(field, BitmapField):
            rows = _count(model, *_bytes(column, sought.texts))
        elif isinstance(field, _TEXTS):
            rows = _count(model, *_words(column, sought.forms))
        else:
            continue
        if rows:
            yield Found(model._meta.db_table, column, rows)


def _sets(model: type[models.Model], sought: Sought) -> Iterator[Found]:
    for owner, column in bits.columns():
        if owner is model and (rows := bits.find(model, column, sought.numbers)):
            yield Found(model._meta.db_table, column, len(rows))


def _words(column: str, texts: list[str]) -> tuple[str, list[Any]]:
    """The condition that one of the texts stands in a column by itself, not inside of another.

    LIKE comes first, because it is many times faster than the pattern that makes sure.
    """
    likes = ["%" + LIKES_OWN.sub(r"\\\g<0>", text) + "%" for text in texts]
    inner = "|".join(re.escape(text) for text in texts)
    pattern = f"(?i)(^|[^[:alnum:]])({inner})($|[^[:alnum:]])"
    return f'"{column}"::text ILIKE ANY(%s) AND "{column}"::text ~ %s', [likes, pattern]


def _bytes(column: str, texts: list[str]) -> tuple[str, list[Any]]:
    condition = " OR ".join([f'position(%s::bytea in "{column}") > 0'] * len(texts))
    return f"({condition})", [text.encode() for text in texts]


def _count(model: type[models.Model], condition: str, params: list[Any]) -> int:
    query = f'SELECT count(*) FROM "{model._meta.db_table}" WHERE {condition}'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return int(cursor.fetchone()[0])
