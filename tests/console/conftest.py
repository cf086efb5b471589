"""What tests of servers need."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers


@pytest.fixture
def home() -> Iterator[Path]:
    """A home for servers, with everything that belongs to it removed afterwards."""
    home = servers.new_home()
    yield home
    servers.remove(home)
