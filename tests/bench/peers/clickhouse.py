"""ClickHouse as it is embedded: one server a process, and a database for whoever asks."""

from pathlib import Path
from typing import Any


def connect(folder: Path, database: str) -> Any:
    """A connection of its own. A process has one server only, so all name the run's folder."""
    import chdb

    peer = chdb.connect(str(folder / "clickhouse"))  # type: ignore[no-untyped-call]
    for statement in (f"CREATE DATABASE IF NOT EXISTS {database}", f"USE {database}"):
        peer.query(statement)
    return peer
