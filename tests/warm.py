"""What a fresh clone lacks, made once: else each process that needs it would make it for itself.

That are numba's compiled loops and Hypothesis' tables of characters, both kept on disk.
"""

import datetime as dt
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

DAY = dt.date(2024, 1, 1)


def beside(config: pytest.Config) -> None:
    """Make them in a process of its own, while the others collect the tests."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, "-m", "tests.warm"], stdout=quiet, stderr=quiet)

    def end() -> None:
        process.wait()

    config.add_cleanup(end)


def main() -> None:
    """Count a day of one customer, and ask which characters can be written."""
    from hypothesis.internal import charmap

    from segments.lake import day_sets, schema, store

    moment = dt.datetime.combine(DAY, dt.time(12), dt.UTC)
    row = {"day": DAY, "time": moment, "customer": 1, "event": "x", "key": "x", "properties": "{}"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lake"
        store.append(path, schema.table([row]), app_id="warm", version=1)
        list(day_sets.build(path, [DAY]))
    charmap.intervals_from_codec("utf-8")


if __name__ == "__main__":
    main()
