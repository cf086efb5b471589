"""`python -m tests.bench.room MODULE WORD FILE`: one room's contests, and their rows in a file."""

import importlib
import sys
from pathlib import Path

from tests.bench import harness


def main(module: str, word: str, file: str) -> None:
    """Run what this module registers; others that it imports have their own turn."""
    importlib.import_module(module)
    place = Path(file)
    asked = (one for one in harness.ENTRIES if one.room == module and one.is_asked(word))
    harness.save(harness.run(asked, place.parent), place)


if __name__ == "__main__":
    main(*sys.argv[1:4])
