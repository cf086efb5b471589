"""Which process runs a test and when: what shares stays together, what waits begins early.

The groups are named here and not by marks: xdist 3.8 hands marks on in a test's id, from where
pytest 9.2 no longer reads them.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

# Tests that share something dear run in one process, the largest group first.
TOGETHER = (
    "tests/browser/",  # a console on the demo business
    "tests/flows/killed/",  # a console without it
    "tests/segments/test_parity.py",  # half a gigabyte of ClickHouse
    "tests/test_translations.py",  # every string of the code
    "tests/test_layout.py",  # every module of it, read as Python
)


class InTurn(LoadScopeScheduling):
    """Hands out tests one by one, but those that belong together as one."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for group in TOGETHER if nodeid.startswith(group)), nodeid)


def turn(item: pytest.Item) -> int:
    """Before or after the others, as its mark says."""
    return bool(item.get_closest_marker("last")) - bool(item.get_closest_marker("first"))
