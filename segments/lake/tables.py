"""The lake's table: opened anew by who changes it, kept open and up to date for who reads."""

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segments.lake import places, schema
from segments.lake.places import Where

if TYPE_CHECKING:
    from pathlib import Path

    from deltalake import DeltaTable

EVENTS = "events"  # the table's folder inside the lake
# Opening reads every commit since the last checkpoint, at a third of a millisecond each.
PROPERTIES = {"delta.checkpointInterval": "20"}


def address(where: Where) -> str:
    """The path or URL of the table."""
    return places.of(where).inside(EVENTS)


def opened(where: Where) -> "DeltaTable | None":
    """The table as it is now; None when there is none yet."""
    from deltalake import DeltaTable  # heavy: not in the web process

    table, options = address(where), dict(places.of(where).options) or None
    if not DeltaTable.is_deltatable(table, storage_options=options):
        return None
    return DeltaTable(table, storage_options=options)


def opened_or_made(where: Where) -> "DeltaTable":
    """The table as it is now, for the first time perhaps."""
    from deltalake import DeltaTable  # heavy: not in the web process

    return opened(where) or DeltaTable.create(
        address(where),
        schema.columns(),
        mode="ignore",
        partition_by=[schema.PARTITION],
        configuration=dict(PROPERTIES),
        storage_options=dict(places.of(where).options) or None,
    )


def settle(table: "DeltaTable") -> None:
    """Give a table that was made by an earlier release the properties of a new one."""
    if not table.metadata().configuration.items() >= PROPERTIES.items():
        table.alter.set_table_properties(PROPERTIES)


# --- for reading ------------------------------------------------------------

# Of a commit's file: nobody can put another in its place and leave all of these.
Mark = tuple[int, int, int]


@dataclass(frozen=True)
class _Kept:
    """The table that this process read last, and the commit up to which it knows it."""

    address: str
    table: "DeltaTable"
    mark: Mark


_turn = threading.Lock()
_kept: _Kept | None = None


def latest(where: Where) -> "DeltaTable | None":
    """The table as it is now, only for reading; another thread may bring it up to date.

    Of a lake on this machine only what was committed since the last time is read. A log that
    was shortened beyond that, or begun anew, no longer has the commit that we know.
    """
    global _kept
    folder = places.of(where).folder
    if folder is None:
        return opened(where)
    with _turn:
        table = _kept.table if _kept and _still_there(_kept, folder) else None
        if table is not None:
            table.update_incremental()
        elif (table := opened(where)) is None:
            return None
        mark = _mark(table, folder)
        _kept = _Kept(address(where), table, mark) if mark else None
        return table


def _still_there(kept: _Kept, folder: "Path") -> bool:
    return kept.address == address(folder) and kept.mark == _mark(kept.table, folder)


def _mark(table: "DeltaTable", folder: "Path") -> Mark | None:
    """What tells the newest commit that the table knows from another of the same number."""
    try:
        found = os.stat(folder / EVENTS / "_delta_log" / f"{table.version():020}.json")
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
