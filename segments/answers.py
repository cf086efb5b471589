"""How one condition of a rule is answered, and until when an answer holds."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from pyroaring import BitMap

from segments import masks
from segments.masks import Test


@dataclass(frozen=True)
class Answer:
    """Whoever asks calls `find`, with a set when only its customers matter.

    `version` is everything that the answer depends on besides the condition itself: as long as
    it is the same, an answer that was kept is right. None: nobody can tell.
    """

    find: Callable[[BitMap | None], BitMap]
    version: Hashable | None = None
    is_partial: bool = False  # asked about a set, it may be wrong about all others
    is_at_hand: bool = False  # is there already: it need not be kept once more
    test: Test | None = None  # the same as a test of columns


def of_test(test: Test, *version: Hashable) -> Answer:
    """A condition that columns of these versions answer."""
    return Answer(lambda _within: masks.all_of([test]), version, test=test)
