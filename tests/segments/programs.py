"""Programs of their own that work on the test's database and lake, and may be killed there.

They are forked from a process that loaded the console once: loading it anew for each takes
longer than most of them work.
"""

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any
from unittest import mock

from django.conf import settings
from django.db import connection

from tests import databases

_programs = multiprocessing.get_context("forkserver")
_programs.set_forkserver_preload(["console.wsgi", "deltalake", "duckdb"])


def run(source: str) -> int:
    """Run a Python program to its end and give its exit code: -9 when it was killed.

    The test must have committed what it wants it to see.
    """
    home, url = settings.HOME_DIR, databases.url()
    folders = str(settings.LAKE_PATH), str(settings.UPLOADS_PATH)
    with tempfile.NamedTemporaryFile("w+") as said:
        program = _programs.Process(target=_work, args=(dedent(source), *folders, said.name))
        with mock.patch.dict(os.environ, {"DATABASE_URL": url, "CONSOLE_HOME": str(home)}):
            program.start()  # the first time also what they are forked from
        program.join(timeout=120)
        assert program.exitcode in {0, -signal.SIGKILL}, said.read()
    _wait_for_its_locks()
    return program.exitcode


def _work(source: str, lake: str, uploads: str, said: str) -> None:
    """What the program does; its words and its traceback go into a file."""
    sys.stdout = sys.stderr = Path(said).open("w", buffering=1)  # noqa: SIM115
    settings.LAKE_PATH, settings.UPLOADS_PATH = Path(lake), Path(uploads)
    exec(source, {"die": _die, "then_die": _then_die})


def _die(*_args: Any, **_kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _then_die(function: Callable[..., Any]) -> Callable[..., None]:
    def both(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)
        _die()

    return both


def _wait_for_its_locks() -> None:
    """PostgreSQL lets go of what a killed program held when it notices, which takes a moment."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with connection.cursor() as cursor:
            cursor.execute(_HELD_BY_OTHERS)
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("a lock of the killed program is still held")


_HELD_BY_OTHERS = """
    SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
    WHERE locktype = 'advisory' AND d.datname = current_database() AND pid <> pg_backend_pid()
"""
