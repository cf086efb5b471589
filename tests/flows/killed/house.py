"""A whole console in processes of its own, for tests that kill it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

from tests import databases, patience, servers

ROOT = Path(__file__).resolve().parents[3]
SECONDS_TO_START = 300


class House:
    """`manage.py up` in a home of its own, whose tables are there, and programs beside it."""

    def __init__(self, **settings: str) -> None:
        self.home = servers.new_home()
        databases.plant_seed(self.home)
        with socket.socket() as one, socket.socket() as two, socket.socket() as three:
            for each in (one, two, three):
                each.bind(("127.0.0.1", 0))
            self.port, mailbox, phone = (each.getsockname()[1] for each in (one, two, three))
        self.url = f"http://127.0.0.1:{self.port}"
        unwanted = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "BIND"}
        self.environment = {k: v for k, v in os.environ.items() if k not in unwanted} | {
            "CONSOLE_HOME": str(self.home),
            "PORT": str(self.port),
            "MAILBOX_PORT": str(mailbox),
            "PHONE_PORT": str(phone),
            "PUBLIC_URL": self.url,
            "WORKERS": "1",
            "DJANGO_SETTINGS_MODULE": "console.settings",
            **settings,
        }
        self.said = tempfile.TemporaryFile("w+")  # noqa: SIM115  (lives as long as the house)
        argv = [sys.executable, "manage.py", "up", "--no-demo"]
        self.up = subprocess.Popen(
            argv,
            cwd=ROOT,
            env=self.environment,
            stdout=self.said,
            stderr=self.said,
            preexec_fn=servers.end_with_us(),
        )
        self.programs: list[subprocess.Popen[str]] = []

    def wait(self) -> None:
        """Until it has started, or is well again."""
        give_up = time.monotonic() + patience.of(SECONDS_TO_START)
        while not self.is_ready():
            words = os.pread(self.said.fileno(), 1 << 20, 0).decode()
            assert self.up.poll() is None, words
            assert time.monotonic() < give_up, words
            time.sleep(0.1)

    def is_ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/readyz", timeout=patience.of(5)) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def program(self, source: str, *arguments: str) -> "subprocess.Popen[str]":
        return self._python("-c", source, *arguments)

    def manage(self, *arguments: str) -> "subprocess.Popen[str]":
        return self._python("manage.py", *arguments)

    def _python(self, *arguments: str) -> "subprocess.Popen[str]":
        program = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=servers.end_with_us(signal_number=signal.SIGKILL),
        )
        self.programs.append(program)
        return program

    def end_programs(self) -> None:
        """Those that a test, perhaps because it failed, has left."""
        while self.programs:
            program = self.programs.pop()
            if program.poll() is None:
                program.kill()
                program.communicate()

    def run(self, source: str) -> str:
        program = self.program(source)
        said, _ = program.communicate(timeout=patience.of(60))
        assert program.returncode == 0
        return said.strip()

    def processes(self, words: str) -> list[int]:
        """The supervised processes with these words in their command, parents first."""
        return [number for number in _below(self.up.pid) if words in _command(number)]

    def stop(self) -> None:
        self.end_programs()
        self.up.send_signal(signal.SIGINT)
        try:
            self.up.wait(patience.of(60))
        finally:
            self.up.kill()
            self.said.close()
            servers.remove(self.home)


def _below(number: int) -> Iterator[int]:
    with suppress(FileNotFoundError):
        text = Path(f"/proc/{number}/task/{number}/children").read_text()
        for child in map(int, text.split()):
            yield child
            yield from _below(child)


def _command(number: int) -> str:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{number}/cmdline").read_text().replace("\0", " ")
    return ""


def kill(number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)
