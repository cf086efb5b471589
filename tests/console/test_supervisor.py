"""The supervisor, with real processes that are really killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.embedded import supervisor
from console.embedded.places import ROOT, CannotStart
from console.embedded.supervisor import Service, Supervisor
from tests import patience

# A service that notes its beginning in a diary, and its number in a file of its name.
WAIT = """
import os, signal, sys, time
def note(words):
    with open(folder + "/diary", "a") as diary:
        diary.write(words + "\\n")
with open(folder + "/" + name, "w") as file:
    file.write(str(os.getpid()))
note(name + " began")
"""
# A program that supervises what is described in its middle, until it is told to stop.
KEEP = f"""
import sys
from pathlib import Path
from console.embedded.supervisor import Service, Supervisor, interrupted_by_signals
folder = Path(sys.argv[1])
def waiting(name, body="", **more):
    code = f"folder, name = {{str(folder)!r}}, {{name!r}}" + {WAIT!r} + body + "\\ntime.sleep(600)"
    argv = [sys.executable, "-c", code]
    return Service(name, argv, ready=(folder / name).exists, **more)
keeper = Supervisor(folder, say=lambda words: print(words, flush=True))
with interrupted_by_signals():
    try:
        keeper.start(%s)
        print("all ready", flush=True)
        keeper.watch()
    except KeyboardInterrupt:
        pass
    finally:
        keeper.stop()
"""
TELL = "signal.signal(signal.SIGTERM, lambda *_: (note('{} ended'), sys.exit(0)))"
Keep = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Keep]:
    """Start a supervisor of these services; none of its processes outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def start(services: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-c", KEEP % services, str(tmp_path)]
        process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        until(lambda: "all ready" in line_of(process))
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def until(true: Callable[[], bool], within: float = 60) -> None:
    deadline = time.monotonic() + patience.of(within)
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(number: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rsplit(") ", 1)[1][0]
    except FileNotFoundError:
        return False
    return state != "Z"


def children_of(number: int) -> list[int]:
    """The numbers of a process's children; none when it has just ended."""
    try:
        return [int(n) for n in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    except FileNotFoundError:
        return []


def command_of(number: int) -> str:
    try:
        return Path(f"/proc/{number}/cmdline").read_text().replace("\0", " ")
    except FileNotFoundError:
        return ""


def number_in(path: Path) -> int:
    until(lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())


def test_services_start_in_order_and_stop_in_reverse(keep: Keep, tmp_path: Path) -> None:
    first, second = TELL.format("first"), TELL.format("second")
    process = keep(f'waiting("first", "{first}")); keeper.start(waiting("second", "{second}")')
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    diary = (tmp_path / "diary").read_text().split("\n")[:4]
    assert diary == ["first began", "second began", "second ended", "first ended"]


def test_a_service_that_is_killed_comes_back(keep: Keep, tmp_path: Path) -> None:
    process = keep('waiting("one")')
    before = number_in(tmp_path / "one")
    (tmp_path / "one").unlink()
    os.kill(before, signal.SIGKILL)
    assert number_in(tmp_path / "one") != before
    assert "one ended (signal SIGKILL)" in line_of(process)


def test_restarts_wait_longer_each_time_and_never_end(keep: Keep, tmp_path: Path) -> None:
    process = keep('waiting("weak", "time.sleep(0.05); raise SystemExit(3)")')
    told: list[str] = []
    while len(told) < 4:
        told += [line] if "ended" in (line := line_of(process)) else []
    assert [words.split()[-2] for words in told] == ["0.2", "0.4", "0.8", "1.6"]
    assert "exit code 3" in told[0]


def test_the_keyboard_interrupts_the_supervisor_alone(keep: Keep, tmp_path: Path) -> None:
    process = keep('waiting("one")')
    one = number_in(tmp_path / "one")
    assert os.getsid(one) == one != os.getsid(process.pid)


def test_what_ignores_the_polite_signal_is_killed_with_its_children(
    keep: Keep, tmp_path: Path
) -> None:
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN); child = os.fork()\\n"
    body += f"open('{tmp_path}/child', 'w').write(str(os.getpid())) if child == 0 else None"
    process = keep(f'waiting("stubborn", "{body}", stop_within=0.3)')
    main, child = number_in(tmp_path / "stubborn"), number_in(tmp_path / "child")
    process.send_signal(signal.SIGINT)
    assert "did not stop in time" in line_of(process)
    assert process.wait(60) == 0
    until(lambda: not alive(main) and not alive(child))


def test_a_second_interrupt_hurries_the_stop(keep: Keep, tmp_path: Path) -> None:
    stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    process = keep(f'waiting("stubborn", "{stubborn}", stop_within=60)')
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


def test_nothing_outlives_a_supervisor_that_is_killed(keep: Keep, tmp_path: Path) -> None:
    process = keep('waiting("one"), waiting("two", death_signal=9)')
    numbers = [number_in(tmp_path / "one"), number_in(tmp_path / "two")]
    assert all(alive(number) for number in numbers)
    process.kill()
    until(lambda: not any(alive(number) for number in numbers), within=3)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend an account")
def test_a_lent_account_keeps_the_bond_with_the_supervisor(keep: Keep) -> None:
    process = keep('Service("lent", ["/bin/sleep", "600"], uid_gid=(65534, 65534))')
    (lent,) = children_of(process.pid)
    assert Path(f"/proc/{lent}").stat().st_uid == 65534
    process.kill()
    until(lambda: not alive(lent), within=3)


def test_a_service_that_dies_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    keeper = Supervisor(tmp_path)
    dying = [sys.executable, "-c", "print('no such flour'); raise SystemExit(1)"]
    with pytest.raises(CannotStart, match=r"baker ended at once:\n *no such flour"):
        keeper.start(Service("baker", dying, ready=lambda: False))
    keeper.stop()


def test_a_step_is_waited_for_and_its_failure_told(tmp_path: Path) -> None:
    keeper = Supervisor(tmp_path)
    keeper.run("bake", ["/bin/sh", "-c", "sleep 0.1; touch bread"], cwd=tmp_path)
    assert (tmp_path / "bread").exists()
    with pytest.raises(CannotStart, match=r"“bake” failed \(exit code 3\):\n *no flour"):
        keeper.run("bake", ["/bin/sh", "-c", "echo no flour >&2; exit 3"], cwd=tmp_path)


def test_a_program_that_is_missing_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"ghost cannot be started: .*No such file"):
        Supervisor(tmp_path).start(Service("ghost", ["/nowhere/ghost"]))


def test_a_large_log_is_put_aside_and_its_writer_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LOG_LIMIT", 10)
    log = tmp_path / "web.log"
    with log.open("a") as writer:
        for word in ("first text", "second text", "third text", "fourth text", "fifth"):
            writer.write(word)
            writer.flush()
            supervisor.rotate_all(tmp_path)
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {
        "web.log": "fifth",
        "web.log.1": "fourth text",
        "web.log.2": "third text",
        "web.log.3": "second text",
    }
