"""What a comparison says in the end, in one word."""

from enum import StrEnum

from metrics.stats.differences import Interval

# Fewer who did it in both groups together say nothing yet, whatever the arithmetic says.
LEAST_EVENTS = 20


class Verdict(StrEnum):
    WON = "won"
    LOST = "lost"
    NO_DIFFERENCE = "no_difference"
    TOO_EARLY = "too_early"
    BROKEN = "broken"  # the sizes of the groups
    HIGHER = "higher"  # groups that chance did not make differ, which is no effect
    LOWER = "lower"


def verdict(
    *,
    fixed: Interval | None,
    sequential: Interval | None,
    is_over: bool,
    is_random: bool,
    is_broken: bool,
    events: int,
) -> Verdict:
    """While it runs, only the interval that holds on all days may end the waiting; when the
    agreed end is reached, the one that was planned for it decides."""
    if is_broken and is_random:
        return Verdict.BROKEN
    decisive = fixed if is_over else sequential
    if decisive is None or events < LEAST_EVENTS:
        return Verdict.TOO_EARLY
    if 0 in decisive:
        return Verdict.NO_DIFFERENCE if is_over else Verdict.TOO_EARLY
    if decisive.low > 0:
        return Verdict.WON if is_random else Verdict.HIGHER
    return Verdict.LOST if is_random else Verdict.LOWER
