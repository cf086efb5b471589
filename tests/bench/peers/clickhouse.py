"""ClickHouse as it is embedded: one server a process, and a database for whoever asks."""

import os
from pathlib import Path
from typing import Any


def connect(folder: Path, database: str) -> Any:
    """A connection of its own to this process's server."""
    import chdb

    peer = chdb.connect(str(folder / f"clickhouse-{os.getpid()}"))  # type: ignore[no-untyped-call]
    for statement in (f"CREATE DATABASE IF NOT EXISTS {database}", f"USE {database}"):
        peer.query(statement)
    return peer
