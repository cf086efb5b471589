"""Funnels beside a naive search through everything that a customer did."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metrics.stats import funnels
from tests.metrics.stats.trails import DAY, EVENTS, Event, days_of, of_one

STEPS = st.lists(
    st.frozensets(st.sampled_from("ABCD"), min_size=1, max_size=2), min_size=1, max_size=4
)
WINDOWS = st.sampled_from([0, 3, DAY, 9 * DAY])


def naive(
    events: list[Event], customer: int, steps: list[frozenset[str]], window: int, until: int
) -> int:
    """From each start, the first event that is the next step, and so on."""

    def place(event: tuple[int, str]) -> tuple[int, int, int]:
        """Of one moment earlier steps first, then what is fewer steps."""
        own = [at for at, names in enumerate(steps) if event[1] in names]
        return event[0], min(own, default=9), sum(1 << at for at in own)

    rows, best = sorted(of_one(events, customer), key=place), 0
    for start, (began, name) in enumerate(rows):
        if name not in steps[0] or began // DAY > until:
            continue
        reached = 1
        for moment, after in rows[start + 1 :]:
            if reached < len(steps) and after in steps[reached] and moment - began <= window:
                reached += 1
        best = max(best, reached)
    return best


@settings(deadline=None, max_examples=150)
@given(EVENTS, STEPS, WINDOWS, st.integers(0, 4))
@example([(0, 5, "B"), (0, 5, "A")], [frozenset("A"), frozenset("B")], 0, 4)
@example([(0, 5, "A")], [frozenset("A"), frozenset("A")], DAY, 4)
@example([(0, 5, "A"), (0, 5, "A")], [frozenset("A"), frozenset("A")], DAY, 4)
def test_it_finds_what_a_search_finds(
    events: list[Event], steps: list[frozenset[str]], window: int, until: int
) -> None:
    found = funnels.levels(
        days_of(events),
        funnels.by_name(steps),
        len(steps),
        window=window,
        started_by=until * DAY,
    )
    for customer in {one[0] for one in events}:
        assert found[customer] == naive(events, customer, steps, window, until)


def test_it_says_who_stopped_where() -> None:
    events = [(1, 0, "A"), (1, 1, "B"), (2, 0, "A"), (3, 0, "B"), (4, 5, "A"), (4, 5, "B")]
    steps = funnels.by_name([frozenset("A"), frozenset("B")])
    found = funnels.levels(days_of(events), steps, 2, window=DAY)
    assert funnels.through(found, 2) == [3, 2]
    assert list(funnels.stopped(found, 1)) == [2]
    assert list(funnels.stopped(found, 2)) == [1, 4]


def test_nobody_comes_through_nothing() -> None:
    steps = funnels.by_name([frozenset("A")])
    found = funnels.levels(days_of([]), steps, 1, window=DAY)
    assert funnels.through(found, 1) == [0]
    assert list(funnels.stopped(found, 1)) == []
    with pytest.raises(ValueError, match="1 to 8"):
        funnels.levels([], steps, 9, window=DAY)


def naively_undone(
    events: list[Event], customer: int, window: int, over: int, first: str, then: str
) -> tuple[int, int]:
    rows, done, vain = of_one(events, customer), 0, 0
    for at, (moment, name) in enumerate(rows):
        if name != first or moment + window > over:
            continue
        followed = any(
            other == then
            and at != place
            and moment <= later <= moment + window
            and (later > moment or then != first)
            for place, (later, other) in enumerate(rows)
        )
        done, vain = done + followed, vain + (not followed)
    return done, vain


@settings(deadline=None)
@given(EVENTS, WINDOWS, st.integers(0, 5 * DAY), st.sampled_from([("A", "B"), ("A", "A")]))
def test_what_was_left_undone_is_what_a_search_finds(
    events: list[Event], window: int, over: int, kinds: tuple[str, str]
) -> None:
    first, then = kinds
    found = funnels.undone(
        days_of(events), frozenset(first), frozenset(then), window=window, over=over
    )
    each = {
        customer: naively_undone(events, customer, window, over, first, then)
        for customer in {one[0] for one in events}
    }
    assert found.done == sum(done for done, _vain in each.values())
    assert found.vain == sum(vain for _done, vain in each.values())
    assert set(found.customers) == {customer for customer, (_done, vain) in each.items() if vain}
