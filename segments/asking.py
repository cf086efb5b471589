"""Several questions to the database at once: each alone would wait for its own way there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class Question:
    """One statement that gives rows."""

    sql: str
    params: tuple[Any, ...] = ()


def ask(questions: Sequence[Question]) -> list[list[tuple[Any, ...]]]:
    """The rows of each, in their order."""
    if not questions:
        return []
    found = []
    with connection.cursor() as cursor:
        statements = ";\n".join(one.sql for one in questions)
        cursor.execute(statements, [value for one in questions for value in one.params])
        for _one in questions:
            found.append(cursor.fetchall())
            cursor.nextset()
    return found
