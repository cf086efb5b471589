"""`python -m tests.bench [WORD]`: run the contests (with this word in their name)."""

import importlib
import pkgutil
import sys

import tests.bench
from console.embedded import places
from tests.bench import harness


def main(word: str = "") -> None:
    for module in pkgutil.iter_modules(tests.bench.__path__):
        if not module.name.startswith(("__", "test_")):
            importlib.import_module(f"tests.bench.{module.name}")
    asked = (one for one in harness.ENTRIES if word in one.name and one.only_by in word)
    rows = harness.run(asked)
    print("", harness.table(rows), sep="\n")
    print(*(f"\n{row.name} ({row.peer}): {row.note}" for row in rows if row.note), sep="")
    if not word:  # a part is not a whole run
        harness.save(rows, places.home() / "bench.json")


if __name__ == "__main__":
    main(*sys.argv[1:2])
