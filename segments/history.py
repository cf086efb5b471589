"""The lake as it has to be read today: a merged customer's events are those of who they are now."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from segments import columns
from segments.lake import places
from segments.lake.places import Place

if TYPE_CHECKING:
    from segments.lake.engine import Lake


def place() -> Place:
    """Where the lake of this console lies."""
    if settings.LAKE_ELSEWHERE is not None:
        return settings.LAKE_ELSEWHERE
    return places.of(Path(settings.LAKE_PATH))


@contextmanager
def opened() -> Iterator["Lake"]:
    """The lake for questions, for as long as the block."""
    from segments.lake import engine  # heavy: not in the web process

    # Who was merged is asked before which files there are: what settles in between is in the
    # files as well, and to say it twice does no harm.
    with engine.connect(place(), moved=moved(), engine=settings.ENGINE) as lake:
        yield lake


@contextmanager
def as_written() -> Iterator["Lake"]:
    """The lake with each event under the number that it came in with."""
    from segments.lake import engine  # heavy: not in the web process

    with engine.connect(place(), engine=settings.ENGINE) as lake:
        yield lake


def moved() -> dict[int, int]:
    """Under whom to read the events that the lake keeps under a customer merged since.

    Whole columns at once: there may be a million who signed in within the last month.
    """
    found = columns.read(_MOVED, absorbed="i4", kept="i4")
    return dict(zip(found["absorbed"].tolist(), found["kept"].tolist(), strict=True))


_MOVED = """
    SELECT c.id, c.merged_into_id FROM segments_merge m JOIN segments_customer c
    ON c.id = m.absorbed_id
    WHERE m.status = 'done' AND m.settled_at IS NULL AND c.merged_into_id IS NOT NULL
"""
