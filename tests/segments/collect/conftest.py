"""A real web server with the real door, on a loopback port and the test's own database."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.db import connection

from console.embedded import places
from console.models import Staff
from segments import write_keys
from segments.models import EventSource, WriteKey
from tests.factories import StaffFactory


@dataclass
class Web:
    """The console's web, as `manage.py up` starts it."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def workers(self) -> list[int]:
        """The processes that answer."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path) as children:
            return [int(number) for number in children.read().split()]


@pytest.fixture(scope="session")
def web_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def web(web_port: int, django_db_setup: None) -> Iterator[Web]:
    """One server for all tests that want it; they commit, and empty the tables between them."""
    home = settings.HOME_DIR
    name = connection.settings_dict["NAME"]
    url = places.database_url(home).replace("/console?", f"/{name}?")
    assert name in url
    argv = [sys.executable, "-m", "gunicorn", "-c", "python:console.gunicorn"]
    process = subprocess.Popen(
        [*argv, "console.wsgi:application"],
        env={**os.environ, "DATABASE_URL": url, "PORT": str(web_port), "CONSOLE_HOME": str(home)},
        stderr=subprocess.DEVNULL,
    )
    running = Web(web_port, process)
    try:
        _wait_until_it_answers(running)
        yield running
    finally:
        process.send_signal(signal.SIGINT)  # at once: idle connections are not waited for
        process.wait(timeout=60)


def _wait_until_it_answers(web: Web) -> None:
    for _ in range(1200):
        assert web.process.poll() is None, "the web ended"
        line = http.client.HTTPConnection("127.0.0.1", web.port, timeout=2)
        try:
            line.request("GET", "/healthz")
            if line.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            line.close()
    raise AssertionError("the web did not answer")


@pytest.fixture(autouse=True)
def fresh_keys() -> Iterator[None]:
    """Keys that the process remembers are of another test's database."""
    write_keys.forget()
    yield
    write_keys.forget()


@pytest.fixture
def source(project_row: None) -> EventSource:
    return EventSource.objects.create(name="Shop")


@pytest.fixture
def admin(project_row: None) -> Staff:
    return StaffFactory.create_with_role(Staff.Role.ADMIN)


@pytest.fixture
def key(source: EventSource, admin: Staff) -> str:
    """A key that may send everything."""
    return write_keys.make(source, by=admin, scopes=WriteKey.Scope.values)[1]
