"""`python -m tests.bench [WORD]`: run the contests (with this word in their name).

Each room of contests has a process of its own: peers bring settings and engines that stay.
"""

import importlib
import json
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tests.bench
from console.embedded import memory, places
from tests.bench import harness
from tests.bench.harness import Row


def main(word: str = "") -> int:
    """Run them all, tell the table, and give 1 when a room broke."""
    for module in pkgutil.iter_modules(tests.bench.__path__):
        if not module.name.startswith(("__", "test_", "room")):
            importlib.import_module(f"tests.bench.{module.name}")
    rooms = dict.fromkeys(one.room for one in harness.ENTRIES if one.is_asked(word))
    if not rooms:
        sys.exit(f"No contest has “{word}” in its name.")
    memory.keep_at_hand()  # as `up` does
    with tempfile.TemporaryDirectory(prefix="console-bench-") as folder:
        found = {room: _rows(room, word, Path(folder)) for room in rooms}
    rows = [row for of_room in found.values() for row in of_room or []]
    print("", harness.table(rows), sep="\n")
    print(*(f"\n{row.name} ({row.peer}): {row.note}" for row in rows if row.note), sep="")
    if broken := [room for room, of_room in found.items() if of_room is None]:
        print("\nThese did not come to an end:", ", ".join(broken))
    if not word:  # a part is not a whole run
        harness.save(rows, places.home() / "bench.json")
    return 1 if broken else 0


def _rows(room: str, word: str, folder: Path) -> list[Row] | None:
    """What one room's process found; None when it broke, which it told itself."""
    file = folder / f"{room}.json"
    done = subprocess.run([sys.executable, "-m", "tests.bench.room", room, word, str(file)])
    if done.returncode:
        return None
    return [Row(**one) for one in json.loads(file.read_text("utf-8"))]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
