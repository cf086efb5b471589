"""The lake as it has to be read today: a merged customer's events are those of who they are now."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings

from segments import columns
from segments.lake import places
from segments.lake.moves import Moves
from segments.lake.places import Place

if TYPE_CHECKING:
    from segments.lake.engine import Lake


def place() -> Place:
    """Where the lake of this console lies."""
    if settings.LAKE_ELSEWHERE is not None:
        return settings.LAKE_ELSEWHERE
    return places.of(Path(settings.LAKE_PATH))


def first_day() -> dt.date | None:
    """The first day in the lake; None while it is empty."""
    from segments.lake import store  # heavy: not in the web process

    return min(store.days(place()), default=None)


@contextmanager
def opened(*, of: int | None = None) -> Iterator["Lake"]:
    """The lake for questions, for as long as the block; for questions of one customer, if named."""
    from segments.lake import engine  # heavy: not in the web process

    # Who was merged is asked before which files there are: what settles in between is in the
    # files as well, and to say it twice does no harm.
    with engine.connect(place(), moved=moved(of), engine=settings.ENGINE) as lake:
        yield lake


@contextmanager
def as_written() -> Iterator["Lake"]:
    """The lake with each event under the number that it came in with."""
    from segments.lake import engine  # heavy: not in the web process

    with engine.connect(place(), engine=settings.ENGINE) as lake:
        yield lake


def moved(of: int | None = None) -> Moves:
    """Under whom to read the events that the lake keeps under a customer merged since.

    Whole columns at once: there may be a million who signed in within the last month. Of one
    customer, only who was merged into them, and into whom they were.
    """
    query = _MOVED if of is None else f"{_MOVED} AND (c.merged_into_id = %s OR c.id = %s)"
    found = columns.read(query, [] if of is None else [of, of], was="i4", now="i4")
    return Moves(found["was"].astype(np.int32), found["now"].astype(np.int32))


_MOVED = """
    SELECT c.id, c.merged_into_id FROM segments_merge m JOIN segments_customer c
    ON c.id = m.absorbed_id
    WHERE m.status = 'done' AND m.settled_at IS NULL AND c.merged_into_id IS NOT NULL
"""
