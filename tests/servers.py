"""A pytest plugin: PostgreSQL and Valkey of the tests' own, in a folder that goes with them.

It is loaded with `-p tests.servers`, before Django reads its settings. Addresses that the caller
has set are put aside, so that no test can ever touch the data of a real console.
"""

import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from console.embedded import places, postgres, supervisor, valkey
from console.embedded.supervisor import Supervisor

PREFIX = "console-tests-"
_started: list[Supervisor] = []


def point_environment(home: Path, *, redis_database: int = 0) -> None:
    """Let settings find the servers of this home, whatever the caller or a .env file says."""
    os.environ |= {
        "CONSOLE_HOME": str(home),
        "DATABASE_URL": places.database_url(home),
        "REDIS_URL": places.redis_url(home, database=redis_database),
        "EMAIL_URL": "",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "BIND": "127.0.0.1",
        "PORT": "8000",
        "MAILBOX_PORT": "8001",
        "PHONE_PORT": "8002",
        "SECRET_KEY": "only for tests",
        "DEBUG": "0",
    }


def new_home() -> Path:
    """A folder that PostgreSQL's account can enter; those of dead runs are removed."""
    parent = Path(tempfile.gettempdir())
    for old in parent.glob(f"{PREFIX}*"):
        number = re.match(rf"{PREFIX}(\d+)-", old.name)
        if number and not Path(f"/proc/{number[1]}").exists():
            remove(old)
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
    home.chmod(0o711)
    return home


def remove(home: Path) -> None:
    """Remove a home, and what had to be elsewhere for it."""
    base = places.base(home)
    for folder in {places.run_folder(base), places.run_folder(home), base, home}:
        shutil.rmtree(folder, ignore_errors=True)


def start(home: Path, *, durable: bool = False) -> Supervisor:
    """Start both servers; what they write need not survive a power cut, unless it has to."""
    for name in ("logs", "static"):
        (home / name).mkdir(exist_ok=True)
    supervisor = Supervisor(home / "logs")
    supervisor.start(postgres.service(home, durable=durable), valkey.service(home))
    _allow_tests_more(home)
    return supervisor


def _allow_tests_more(home: Path) -> None:
    """What no console may: to delete past foreign keys and guards, and to copy all data."""
    with (home / "postgres/pg_hba.conf").open("a") as rules:
        rules.write("local replication postgres peer map=console\n")
    sockets = str(places.postgres_sockets(home))
    with psycopg.connect(
        host=sockets, port=places.POSTGRES_PORT, user="postgres", dbname="postgres"
    ) as connection:
        connection.execute("GRANT SET ON PARAMETER session_replication_role TO console")
        connection.execute("SELECT pg_reload_conf()")


def end_with_us(*, signal_number: int = signal.SIGTERM) -> Callable[[], None]:
    """For Popen's `preexec_fn`: whoever kills the tests kills what they started."""
    return supervisor._die_with(os.getpid(), signal_number)


@contextmanager
def running() -> Iterator[Path]:
    """Servers for a program that is not pytest, such as the benchmarks."""
    home = new_home()
    point_environment(home)
    supervisor = start(home)
    try:
        yield home
    finally:
        supervisor.stop()
        remove(home)


def pytest_configure(config: pytest.Config) -> None:
    if _is_worker or config.option.collectonly or config.option.help:
        return
    _started.append(start(_home))


def pytest_unconfigure() -> None:
    if not _is_worker:
        for supervisor in _started:
            supervisor.stop()
        remove(_home)


# The consoles and workers that tests start need not compile again what the tests have loaded.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Settings are read before any hook runs, so the environment is set on import. The processes that
# share the tests find the home of the first one, and take a Valkey database each.
_number = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", ""))
_is_worker = bool(_number)
if "PYTEST_VERSION" in os.environ:
    _home = Path(os.environ["CONSOLE_HOME"]) if _is_worker else new_home()
    point_environment(_home, redis_database=1 + int(_number) if _is_worker else 0)
