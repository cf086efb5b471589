"""A sender in a process of its own that says how much memory it had at most: as `worker`."""

import sys
from pathlib import Path

from tests.campaigns import worker


def main(*given: str) -> None:
    worker.main(*given)
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(one.split()[1]) // 1024 for one in lines if one.startswith("VmHWM"))
    sys.stdout.write(f"{peak}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
