"""Programs of their own that work on the test's database and lake, and may be killed there."""

import os
import subprocess
import sys
import time
from textwrap import dedent

from django.conf import settings
from django.db import connection

from console.embedded import places

PRELUDE = """
import os, signal, sys
from pathlib import Path
import django
django.setup()
from django.conf import settings
settings.LAKE_PATH, settings.UPLOADS_PATH = Path({lake!r}), Path({uploads!r})

def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(function):
    def both(*args, **kwargs):
        function(*args, **kwargs)
        die()
    return both
"""


def start(source: str) -> "subprocess.Popen[str]":
    """Start a Python program; the test must have committed what it wants it to see."""
    prelude = PRELUDE.format(lake=str(settings.LAKE_PATH), uploads=str(settings.UPLOADS_PATH))
    home = settings.HOME_DIR
    url = places.database_url(home).replace("/console?", f"/{connection.settings_dict['NAME']}?")
    assert connection.settings_dict["NAME"] in url
    return subprocess.Popen(
        [sys.executable, "-c", prelude + dedent(source)],
        env={**os.environ, "DATABASE_URL": url, "CONSOLE_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(source: str) -> int:
    """Run one to its end and give its exit code: -9 when it was killed."""
    program = start(source)
    _output, errors = program.communicate(timeout=120)
    assert program.returncode in {0, -9}, errors
    _wait_for_its_locks()
    return program.returncode


def _wait_for_its_locks() -> None:
    """PostgreSQL lets go of what a killed program held when it notices, which takes a moment."""
    give_up = time.monotonic() + 20
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
