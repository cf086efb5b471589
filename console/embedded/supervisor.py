"""Keeps a few processes running: ordered start and stop, restarts, and no child left behind."""

import ctypes
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from console.embedded.places import CannotStart

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 10 << 20  # bytes; then the file becomes .1, and .1 becomes .2
LOG_PIECES = 3
FIRST_DELAY, LONGEST_DELAY = 0.2, 30.0  # seconds before a restart, doubled each time
LIVED_WELL = 60.0  # seconds after which earlier deaths are forgotten
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Service:
    """One process to keep running."""

    name: str
    argv: Sequence[str]
    ready: Callable[[], bool] = lambda: True  # asked again and again until it says yes
    ready_within: float = 60.0  # seconds
    stop_signal: int = signal.SIGTERM
    stop_within: float = 15.0  # seconds, then SIGKILL for all of its group
    death_signal: int | None = None  # what it gets when we are killed; stop_signal if not given
    uid_gid: tuple[int, int] | None = None  # to run as, when we are root
    env: Mapping[str, str] | None = None  # ours when not given
    cwd: Path = Path("/")


@dataclass
class _Running:
    service: Service
    process: subprocess.Popen[bytes]
    since: float
    deaths: int = 0
    due: float | None = None  # when to start it again

    def plan_restart(self, now: float) -> float:
        """Wait longer after every death; returns the seconds."""
        delay = min(FIRST_DELAY * 2.0**self.deaths, LONGEST_DELAY)
        self.deaths, self.due = self.deaths + 1, now + delay
        return delay


@dataclass
class Supervisor:
    """Starts services in order, watches them, and stops them in reverse order."""

    logs: Path
    say: Callable[[str], None] = print
    _batches: list[list[_Running]] = field(default_factory=list)

    def start(self, *services: Service, wait: bool = True) -> None:
        """Start these at once, then wait until each of them is ready; they will stop at once."""
        batch: list[_Running] = []
        self._batches.append(batch)
        for service in services:
            batch.append(self._begin(service))
        for running in batch if wait else []:
            self._await(running)

    def watch(self) -> None:
        """Look after the services until a signal raises KeyboardInterrupt."""
        next_look_at_logs = 0.0
        while True:
            now = time.monotonic()
            for running in itertools.chain(*self._batches):
                self._look_after(running, now)
            if now >= next_look_at_logs:
                rotate_all(self.logs)
                next_look_at_logs = now + 60
            time.sleep(0.1)

    def run(self, name: str, argv: Sequence[str], *, cwd: Path) -> None:
        """Run one step to its end: its output on the terminal, its log with the others."""
        rotate(log := self.logs / f"{name}.log")
        with log.open("ab") as errors:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stderr=errors,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
            )
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            _end(process, within=10)
            raise
        if code != 0:
            raise CannotStart(f"The step “{name}” failed ({_why(code)}):\n{self._last_words(name)}")

    def stop(self) -> None:
        """Stop everything, last started first; asked again meanwhile, kill what is left."""
        with hurried_by_signals() as hurry:
            while self._batches:
                batch = self._batches.pop()
                for running in batch:
                    if running.process.poll() is None:
                        running.process.send_signal(running.service.stop_signal)
                for running in batch:
                    if not _end(running.process, running.service.stop_within, hurry):
                        self.say(f"{running.service.name} did not stop in time and was killed")

    def _begin(self, service: Service) -> _Running:
        try:
            process = self._spawn(service)
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotStart(f"{service.name} cannot be started: {error}") from error
        return _Running(service, process, since=time.monotonic())

    def _spawn(self, service: Service) -> subprocess.Popen[bytes]:
        """A session of its own keeps the terminal's Ctrl+C for us alone."""
        rotate(log := self.logs / f"{service.name}.log")
        uid, gid = service.uid_gid or (None, None)
        with log.open("ab") as output:
            return subprocess.Popen(
                service.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=service.env,
                cwd=service.cwd,
                user=uid,
                group=gid,
                extra_groups=None if gid is None else [],
                start_new_session=True,
                preexec_fn=_die_with(os.getpid(), service.death_signal or service.stop_signal),
            )

    def _await(self, running: _Running) -> None:
        service = running.service
        deadline = running.since + service.ready_within
        while not service.ready():
            if running.process.poll() is not None:
                raise CannotStart(
                    f"{service.name} ended at once:\n{self._last_words(service.name)}"
                )
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"{service.name} was not ready within {service.ready_within:.0f} s:\n"
                    + self._last_words(service.name)
                )
            time.sleep(0.03)

    def _look_after(self, running: _Running, now: float) -> None:
        service = running.service
        if running.due is not None and now >= running.due:
            self._start_again(running, now)
        elif running.due is None and (code := running.process.poll()) is not None:
            _kill_group(running.process.pid)  # whatever it left: a port held, a job half done
            running.deaths = 0 if now - running.since > LIVED_WELL else running.deaths
            delay = running.plan_restart(now)
            self.say(f"{service.name} ended ({_why(code)}); starting it again in {delay:.1f} s")
            self.say(self._last_words(service.name))

    def _start_again(self, running: _Running, now: float) -> None:
        try:
            running.process, running.since, running.due = self._spawn(running.service), now, None
            self.say(f"{running.service.name} started again")
        except OSError as error:  # no memory, no file handles: may heal, so never give up
            delay = running.plan_restart(now)
            self.say(f"{running.service.name} cannot start ({error}); again in {delay:.1f} s")

    def _last_words(self, name: str, lines: int = 5) -> str:
        path = self.logs / f"{name}.log"
        return "\n".join(f"    {line}" for line in tail(path, lines)) + f"\n    ({path})"


# --- processes --------------------------------------------------------------


def _die_with(parent: int, last_signal: int = signal.SIGTERM) -> Callable[[], None]:
    """In the child, after the change of account (which forgets it): be told when the parent dies.

    Without it a kill -9 of the supervisor would leave everything running.
    """

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, last_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return prepare


def _end(process: subprocess.Popen[bytes], within: float, hurry: Sequence[int] = ()) -> bool:
    """Give a process that was asked to stop its time, then kill its group; whether it went."""
    deadline = time.monotonic() + within
    while process.poll() is None and time.monotonic() < deadline:
        deadline = min(deadline, time.monotonic() + 1) if hurry else deadline
        time.sleep(0.02)
    went = process.poll() is not None
    _kill_group(process.pid)
    process.wait()
    return went


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # nobody of the group is left
        os.killpg(leader, signal.SIGKILL)


def _why(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Make every polite request to end look like Ctrl+C."""
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.default_int_handler) for number in asked}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def hurried_by_signals() -> Iterator[list[int]]:
    """Collect further requests to end instead of being interrupted while stopping."""
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    came: list[int] = []
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in asked}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# --- logs -------------------------------------------------------------------


def rotate_all(folder: Path) -> None:
    """Rotate every log that has grown too large."""
    for path in folder.glob("*.log"):
        with suppress(OSError):  # a full disk must not end the console
            rotate(path)


def rotate(path: Path) -> None:
    """Copy a large log aside and empty it; writers append, so they go on at its new end."""
    if not path.exists() or path.stat().st_size < LOG_LIMIT:
        return
    for number in range(LOG_PIECES - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    piece = path.with_name(f"{path.name}.1")
    piece.write_bytes(path.read_bytes())
    os.truncate(path, 0)


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a log, without reading all of it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8192))
        return file.read().decode(errors="replace").splitlines()[-lines:]


# --- is it there? -----------------------------------------------------------


def answers(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
