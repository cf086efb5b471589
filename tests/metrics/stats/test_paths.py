"""Paths beside sessions that are cut one by one."""

from collections import Counter
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.stats import paths
from tests.metrics.stats.trails import DAY, EVENTS, Event, days_of

PAUSE = 3


def sessions(events: list[Event], customer: int, leaving_out: str) -> list[list[str]]:
    """What a customer did, cut where nothing happened for long."""
    rows = [row for day in days_of(events) for row in _rows(day, customer)]
    found: list[list[str]] = []
    last = None
    for moment, name in rows:
        if name in leaving_out:
            continue
        if last is None or moment - last > PAUSE:
            found.append([])
        found[-1].append(name)
        last = moment
    return found


def _rows(day: object, customer: int) -> list[tuple[int, str]]:
    rows = zip(day.customers, day.moments, day.codes, strict=True)  # type: ignore[attr-defined]
    return [
        (day.origin + int(moment), day.names[code])  # type: ignore[attr-defined]
        for who, moment, code in rows
        if who == customer
    ]


def once(names: list[str]) -> list[str]:
    return [name for name, _same in groupby(names)]


def naive(
    events: list[Event], depth: int, after: bool, leaving_out: str
) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for customer in {one[0] for one in events}:
        for names in sessions(events, customer, leaving_out):
            if "A" in names:
                at = names.index("A")
                walk = once(names[at:])[1 : depth + 1] if after else once(names[:at])[-depth:]
                found[tuple(walk)] += 1
    return found


@settings(deadline=None)
@given(EVENTS, st.integers(1, 5), st.booleans(), st.sampled_from(["", "C"]))
def test_it_finds_what_sessions_say(
    events: list[Event], depth: int, after: bool, leaving_out: str
) -> None:
    found = paths.count(
        days_of(events),
        "A",
        depth=depth,
        pause=PAUSE,
        after=after,
        leaving_out=frozenset(leaving_out),
    )
    assert found == naive(events, depth, after, leaving_out)


def test_a_session_goes_on_over_midnight() -> None:
    events = [(1, DAY - 1, "A"), (1, DAY + 1, "B")]
    assert paths.count(days_of(events), "A", depth=2, pause=PAUSE) == {("B",): 1}


def test_streams_say_where_all_went() -> None:
    gone = {("B", "C"): 5, ("B",): 3, ("D",): 1, (): 2}
    found = paths.streams(gone, "A", depth=2, top=1)
    assert found.total == 11
    assert found.nodes[(0, "A")] == 11
    assert found.links[((0, "A"), (1, "B"))] == 8
    assert found.links[((0, "A"), (1, paths.OTHER))] == 1
    assert found.links[((0, "A"), (1, ""))] == 2
    assert found.links[((1, "B"), (2, "C"))] == 5
    assert found.links[((1, "B"), (2, ""))] == 3
    assert found.links[((1, paths.OTHER), (2, ""))] == 1


def test_streams_before_run_with_time() -> None:
    found = paths.streams({("C", "B"): 4}, "A", depth=2, top=3, after=False)
    assert found.links == {((1, "B"), (0, "A")): 4, ((2, "C"), (1, "B")): 4}


def test_a_path_is_not_too_long() -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        paths.count([], "A", depth=6, pause=PAUSE)
