"""The lake as it has to be read today: a merged customer's events are those of who they are now."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings

from segments.models import Customer

if TYPE_CHECKING:
    from segments.lake.engine import Lake


@contextmanager
def opened() -> Iterator["Lake"]:
    """The lake for questions, for as long as the block."""
    from segments.lake import engine  # heavy: not in the web process

    with engine.connect(settings.LAKE_PATH, moved=moved()) as lake:
        yield lake


def moved() -> dict[int, int]:
    """Under whom to read the events that the lake keeps under a customer merged since."""
    unsettled = Customer.objects.filter(merged_by__status="done", merged_by__settled_at=None)
    found = unsettled.values_list("pk", "merged_into")
    return {absorbed: kept for absorbed, kept in found if kept is not None}
