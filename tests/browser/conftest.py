"""A whole console on the demo business, started as a person would, and a real Chromium."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from console.embedded.places import ROOT
from tests import patience, servers
from tests.browser.pages import Console

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Chromium without a window says so, and is then taken for a machine that looks into mails.
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
SECONDS_TO_START = 600
SECONDS = 60  # for anything on a page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say of each that needs a browser; where none is, that it was not run."""
    for item in items:
        if "tests/browser/" in item.nodeid and "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed."))


def free_ports() -> int:
    """The first of three neighbouring ports that nobody uses: web, mailbox, phone."""
    for port in range(20_000 + os.getpid() % 10_000, 60_000, 3):
        with socket.socket() as one, socket.socket() as two, socket.socket() as three:
            try:
                for number, trial in enumerate((one, two, three)):
                    trial.bind(("127.0.0.1", port + number))
            except OSError:
                continue
            return port
    raise RuntimeError("no free ports")


@dataclass
class Running:
    """`manage.py up`, and what it said so far."""

    up: "subprocess.Popen[bytes]"
    output: IO[str]

    def said(self) -> str:
        return os.pread(self.output.fileno(), 1 << 20, 0).decode()

    def wait_until_ready(self) -> None:
        give_up = time.monotonic() + patience.of(SECONDS_TO_START)
        while time.monotonic() < give_up:
            if "Ready after" in self.said():
                return
            assert self.up.poll() is None, self.said()
            time.sleep(0.2)
        pytest.fail(f"the console did not start:\n{self.said()}")

    def stop(self) -> int:
        """As Ctrl+C does; the exit code."""
        self.up.send_signal(signal.SIGINT)
        return self.up.wait(patience.of(60))


@pytest.fixture(scope="package")
def home() -> Iterator[Path]:
    home = servers.new_home()
    yield home
    servers.remove(home)


@pytest.fixture(scope="package")
def port() -> int:
    return free_ports()


@pytest.fixture(scope="package")
def running(home: Path, port: int) -> Iterator[Running]:
    """A console in a home of its own, with the demo business in it."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PUBLIC_URL", "SECRET_KEY"}
    } | {"CONSOLE_HOME": str(home), "PORT": str(port), "MAILBOX_PORT": str(port + 1)}
    environment["PHONE_PORT"] = str(port + 2)
    environment["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile("w+") as said:
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=environment,
            stdout=said,
            stderr=said,
            preexec_fn=servers.end_with_us(),
        )
        running = Running(up, said)
        try:
            running.wait_until_ready()
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="package")
def console(running: Running, home: Path, port: int) -> Console:
    """What the tests speak with."""
    return Console(f"http://127.0.0.1:{port}", home)


@pytest.fixture(scope="package")  # as long as it runs, Django believes to be in a coroutine
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def sessions() -> dict[str, StorageState]:
    """The cookies of everybody who signed in already, which are good for further windows."""
    return {}


@pytest.fixture
def open_as(
    console: Console, chromium: Browser, sessions: dict[str, StorageState]
) -> Iterator[Callable[..., Page]]:
    """A window of one's own in which somebody is signed in: `open_as("manager")`.

    What the page's scripts complain about, and requests that fail, fail the test.
    """
    contexts, complaints = [], list[str]()

    def sign_in(
        name: str, *, language: str = "en", dark: bool = False, width: int = 1280, height: int = 900
    ) -> Page:
        context = chromium.new_context(
            locale=language,
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": height},
            base_url=console.url,
            storage_state=sessions.get(name),
            user_agent=AGENT,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(patience.of(SECONDS) * 1000)
        expect.set_options(timeout=patience.of(SECONDS) * 1000)
        page.on("dialog", lambda question: question.accept())
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type == "error" else None,
        )
        if name not in sessions:
            console.sign_in(page, name)
            sessions[name] = context.storage_state()
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="package")
def pictures() -> Path | None:
    """The folder of PICTURES=…, where screenshots of a run are kept to be looked at."""
    if not os.environ.get("PICTURES"):
        return None
    folder = Path(os.environ["PICTURES"]) / "console-pictures"
    folder.mkdir(exist_ok=True)
    return folder
