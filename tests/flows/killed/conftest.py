"""One console for the tests that kill its parts, and the mail server that it speaks to."""

from collections.abc import Iterator

import pytest

from tests import sink
from tests.flows.killed.house import House
from tests.sink import Sink


@pytest.fixture(scope="package")
def one_sink() -> Iterator[tuple[Sink, int]]:
    behaviour = Sink()
    with sink.running(behaviour) as port:
        yield behaviour, port


@pytest.fixture(scope="package")
def one_house(one_sink: tuple[Sink, int], django_db_setup: None) -> Iterator[House]:
    house = House(EMAIL_URL=f"smtp://127.0.0.1:{one_sink[1]}", WORKERS="2")
    try:
        yield house
    finally:
        house.stop()


@pytest.fixture
def house(one_house: House) -> Iterator[House]:
    """The console, with all of its parts alive again, and nobody else's programs beside it."""
    one_house.wait()
    yield one_house
    one_house.end_programs()


@pytest.fixture
def behaviour(one_sink: tuple[Sink, int]) -> Iterator[Sink]:
    """The mail server, which has nothing of other tests; what a test changes is changed back."""
    found, usual = one_sink[0], Sink()
    found.taken.clear()
    found.came = 0
    yield found
    found.delay, found.most = usual.delay, usual.most
