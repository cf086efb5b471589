"""Files written as others write them, and what is read of them."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from segments.reading import events
from segments.reading.mapping import Mapping
from segments.reading.problems import BadFile

UTC, SHANGHAI = ZoneInfo("UTC"), ZoneInfo("Asia/Shanghai")
BASIC = Mapping(customer="who", time="at", name="what")
HEADER = "who,at,what,price\n"
GOOD = "anna,2017-03-01T10:00:00Z,paid,5\n"


def read(path: Path, mapping: Mapping = BASIC, zone: ZoneInfo = UTC) -> list[dict[str, Any]]:
    batches = events.Reader(path, mapping, zone, decimals=2).read()
    return [row for batch in batches for row in batch.events.to_pylist()]


def write(folder: Path, content: str | bytes, name: str = "events.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path, mapping: Mapping = BASIC) -> str:
    with pytest.raises(BadFile) as caught:
        read(path, mapping)
    return str(caught.value)
