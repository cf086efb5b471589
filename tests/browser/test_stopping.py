"""The end of a console that did all this: Ctrl+C stops it, and nothing is left behind."""

import pytest

from tests.browser.conftest import Running
from tests.console.test_supervisor import alive, children_of, until


@pytest.mark.last
def test_ctrl_c_ends_everything_cleanly(running: Running) -> None:
    numbers = everybody(running.up.pid)
    assert len(numbers) > 10  # servers, sessions, workers and their pools
    assert running.stop() == 0
    said = running.said()
    assert said.strip().splitlines()[-1] == "Stopped."
    assert "Traceback" not in said
    assert "killed" not in said
    until(lambda: not any(alive(number) for number in numbers))


def everybody(number: int) -> list[int]:
    """The numbers of all processes below this one."""
    found = [number]
    for one in found:
        found += children_of(one)
    return found[1:]
