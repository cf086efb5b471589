"""Emptying the database after a test that commits: only what has rows, and all of it.

Django's own way truncates every table, which writes some three hundred new files, and then
makes the permissions and content types anew: a third of a second for each test.
"""

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

STAYS = {"django_migrations", "django_content_type", "auth_permission"}
FLOOR = "floor"  # the schema in which the rows that migrations ship are kept


def set_floor_aside() -> None:
    """Copy what is in the tables of a database that was just migrated."""
    named = _tables()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {FLOOR}")
        for table in _with_rows(cursor, named):
            cursor.execute(f"CREATE TABLE {FLOOR}.{named[table]} AS TABLE {named[table]}")


def empty(_test: object) -> None:
    """Back to the floor, whatever guards the rows; who is still writing is waited for."""
    named = _tables()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(named.values())} IN EXCLUSIVE MODE")
        # Foreign keys and the guards of the audit log are triggers; tests.servers allows this.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in _with_rows(cursor, named):
            cursor.execute(f"DELETE FROM {named[table]}")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [FLOOR])
        for (table,) in cursor.fetchall():
            cursor.execute(f"INSERT INTO {named[table]} SELECT * FROM {FLOOR}.{named[table]}")


def _tables() -> dict[str, str]:
    """The name in a statement by the name of the table."""
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - STAYS)
    return {table: no_style().SQL_TABLE(connection.ops.quote_name(table)) for table in tables}


def _with_rows(cursor: CursorWrapper, named: dict[str, str]) -> list[str]:
    cursor.execute(
        " UNION ALL ".join(f"(SELECT '{one}' FROM {named[one]} LIMIT 1)" for one in named)
    )
    return [table for (table,) in cursor.fetchall()]
