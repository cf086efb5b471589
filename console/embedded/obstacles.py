"""What could stand in the way of a start, each told in one sentence."""

import errno
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import redis
from django.conf import settings
from django.db import NotSupportedError, OperationalError, connection

from console.embedded import places
from console.embedded.places import CannotStart

OLDEST_REDIS = (6, 2)
FREE_ENOUGH = 512 << 20  # bytes


@contextmanager
def one_at_a_time(home: Path) -> Iterator[None]:
    """Hold the home's lock; a second console on it is told about the first."""
    try:
        places.make_home(home)
        (home / "logs").mkdir(exist_ok=True)
        lock = (home / "up.lock").open("a+")
    except OSError as error:
        raise places.cannot_write(home, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"The console is already running{_where(lock)}.") from None
        lock.truncate(0)
        lock.write(f"{settings.PUBLIC_URL}\t{os.getpid()}\n")
        lock.flush()
        yield


def _where(lock: IO[str]) -> str:
    lock.seek(0)
    url, _, number = lock.read().strip().partition("\t")
    return f" at {url} (process {number})" if number else ""


def check_room(home: Path) -> None:
    """A full disk would stop PostgreSQL in the middle of something."""
    free = shutil.disk_usage(home).free
    if free < FREE_ENOUGH:
        raise CannotStart(
            f"The disk of {home} is nearly full: {free >> 20} MB are free, "
            f"and the console wants {FREE_ENOUGH >> 20} MB."
        )


def check_ports() -> None:
    """The ports that the web, the mailbox and the phone will listen on."""
    check_port(settings.BIND, settings.PORT, "PORT")
    if settings.EMBEDDED_MAILBOX:
        check_port("127.0.0.1", settings.MAILBOX_PORT, "MAILBOX_PORT")
        check_port("127.0.0.1", settings.PHONE_PORT, "PHONE_PORT")


def check_port(host: str, port: int, variable: str, *, patience: float = 3.0) -> None:
    """Refuse a taken port; a console that was killed may need a moment to let go of its own."""
    deadline = time.monotonic() + patience
    while (reason := _refusal(host, port)) is not None:
        if reason.errno != errno.EADDRINUSE:
            raise CannotStart(f"The console cannot listen on {host}:{port}: {reason}.")
        if time.monotonic() > deadline:
            raise CannotStart(
                f"Port {port} on {host} is taken by another program: "
                f"end that one, or choose another port with {variable}=…"
            )
        time.sleep(0.2)


def _refusal(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
    except OverflowError:  # not a port at all
        return OSError(errno.EINVAL, "a port is a number up to 65535")
    except OSError as error:
        return error
    return None


def check_database() -> None:
    """Reach the database; Django knows itself which versions are too old for it."""
    try:
        connection.ensure_connection()
    except NotSupportedError as error:
        raise CannotStart(f"The server of DATABASE_URL is too old: {error}") from error
    except OperationalError as error:
        raise CannotStart(no_database(error)) from error


def no_database(error: Exception) -> str:
    """A sentence for a database that does not answer."""
    if settings.EMBEDDED_POSTGRES:
        return (
            "The embedded PostgreSQL is not running: "
            "start the console with `make run` in another terminal."
        )
    reason = str(error).strip().splitlines()[0]
    return f"The database of DATABASE_URL does not answer: {reason}"


def check_broker() -> None:
    """Reach the broker, and see that it knows the commands that Celery sends."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5) as client:
            version = str(client.info("server")["redis_version"])
    except (redis.RedisError, ValueError, OSError) as error:
        raise CannotStart(f"The server of REDIS_URL does not answer: {error}") from error
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        wanted = ".".join(map(str, OLDEST_REDIS))
        raise CannotStart(
            f"The server of REDIS_URL is too old: it is {version}, the console needs {wanted}."
        )


def refused(error: OSError, home: Path) -> CannotStart:
    """What the operating system refused, in words."""
    if error.errno == errno.ENOSPC:
        return CannotStart(f"The disk of {error.filename or home} is full.")
    return places.cannot_write(home, error)
