"""The databases of the tests: one process walks all migrations, the others copy what it made.

What migrations ship (the project, a policy, words to avoid) is the floor: it is set aside, and
each test that commits leaves it as it found it.
"""

import fcntl
import os
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests import emptying


def make(process: str | None) -> None:
    """A migrated database for this process; nobody takes it away, it goes with its server."""
    if process is None:
        _migrate()
        return
    name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
    made = Path(os.environ["CONSOLE_HOME"]) / "migrated"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _migrate()
            made.touch()
        _use(name)
        connection.creation.clone_test_db(process, verbosity=0)
    _use(connection.creation.get_test_db_clone_settings(process)["NAME"])


def _migrate() -> None:
    connection.creation.create_test_db(verbosity=0, serialize=False)
    emptying.set_floor_aside()


def _use(name: str) -> None:
    """Speak with this database from here on; a copy is made of one with which nobody speaks."""
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
