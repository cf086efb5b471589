"""The whole console, hurt and at last killed for real; its polite end is the browser's."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console.embedded import memory, places
from console.management.commands import beat
from tests.console.test_embedded import ask
from tests.console.test_supervisor import alive, until
from tests.flows.killed.house import House


def test_a_second_console_on_the_same_home_is_told_of_the_first(house: House) -> None:
    argv = [sys.executable, "manage.py", "up", "--no-demo"]
    second = subprocess.run(
        argv, cwd=places.ROOT, env=house.environment, capture_output=True, text=True, timeout=120
    )
    assert second.returncode == 1
    assert f"The console is already running at {house.url}" in second.stdout + second.stderr


def test_its_workers_keep_the_pieces_of_sets_at_hand(house: House) -> None:
    numbers = house.processes("console.celery")
    assert numbers
    first, *_more = memory.TUNABLES.split(":")  # glibc reads it in place, and cuts it at each colon
    for number in numbers:
        said = Path(f"/proc/{number}/environ").read_text("utf-8").split("\0")
        assert any(one.startswith(f"{memory.VARIABLE}={first}") for one in said)


def test_a_killed_database_comes_back_with_what_it_promised(house: House) -> None:
    ask(house.home, "CREATE TABLE promised AS SELECT 7 AS n")
    [postmaster] = house.processes("/postgres -D")
    os.kill(postmaster, signal.SIGKILL)
    until(lambda: not alive(postmaster))
    until(house.is_ready, within=120)
    assert ask(house.home, "SELECT n FROM promised") == (7,)


def test_a_second_beat_waits(house: House) -> None:
    held = f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = {beat.LOCK}"
    until(lambda: ask(house.home, held) == (1,))
    second = house.manage("beat")
    assert second.stdout
    assert second.stdout.readline() == "Another beat is running; waiting until it ends.\n"
    assert second.poll() is None
    second.terminate()
    second.communicate(timeout=120)


@pytest.mark.last
def test_nothing_outlives_a_console_that_is_killed(house: House) -> None:
    numbers = house.processes("")
    assert len(numbers) > 10  # servers, sessions, workers and their pools
    house.up.kill()
    house.up.wait()
    until(lambda: not any(alive(number) for number in numbers), within=60)
