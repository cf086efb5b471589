"""Day sets from the lake's files: equal to counting with Ibis, whatever the rows and files are."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from segments.lake import counting, day_sets, engine, questions, schema, store
from tests.segments import factories

FIRST = dt.date(2024, 1, 1)
KINDS = ["order_paid", "页面", "x"]

happened = st.lists(
    st.tuples(
        st.integers(0, 2),  # the day
        st.sampled_from(KINDS),
        st.one_of(st.integers(0, 9), st.sampled_from([65_535, 65_536, 131_071, 300_000])),
        st.integers(1, 3),  # the file
    ),
    max_size=60,
)
merged = st.dictionaries(st.sampled_from([0, 3, 65_536, 500_000]), st.sampled_from([7, 8, 400_000]))


def written(path: Path, rows: list[tuple[int, str, int, int]]) -> None:
    for version in (1, 2, 3):
        some = [
            factories.row(customer, FIRST + dt.timedelta(days=day), event=event)
            for day, event, customer, file in rows
            if file == version
        ]
        if some:
            store.append(path, schema.table(some), app_id="test", version=version)


def by_counting(path: Path, days: list[dt.date], moved: dict[int, int]) -> set[tuple[object, ...]]:
    with engine.connect(path, moved=moved) as lake:
        counts = questions.daily_counts(lake, since=min(days), until=max(days)).to_pylist()
    found: dict[tuple[str, dt.date, int], BitMap] = {}
    for row in counts:
        for level in range(1, min(row["times"], counting.LEVELS) + 1):
            found.setdefault((row["event"], row["day"], level), BitMap()).add(row["customer"])
    return {(*key, bytes(members.serialize())) for key, members in found.items() if key[1] in days}


def by_reading(path: Path, days: list[dt.date], moved: dict[int, int]) -> set[tuple[object, ...]]:
    found = set[tuple[object, ...]]()
    for one in day_sets.build(path, days, moved=moved):
        members = BitMap.deserialize(one.members)
        assert one.size == len(members)
        found.add((one.event, one.day, one.level, bytes(members.serialize())))
    return found


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=happened, moved=merged, budget=st.sampled_from([1, 1 << 15, 1 << 25]))
def test_sets_are_those_that_counting_finds(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, str, int, int]],
    moved: dict[int, int],
    budget: int,
) -> None:
    """A budget of one byte makes the kinds of events take turns."""
    path = tmp_path_factory.mktemp("lake")
    written(path, rows)
    days = [FIRST, FIRST + dt.timedelta(days=2)]  # and not the one between
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(day_sets, "BUDGET", budget)
        assert by_reading(path, days, moved) == by_counting(path, days, moved)


def test_a_compacted_day_counts_the_same(tmp_path: Path) -> None:
    rows = [(0, KINDS[n % 3], n % 50, 1 + n % 3) for n in range(400)]
    written(tmp_path, rows)
    before = by_reading(tmp_path, [FIRST], {})
    assert store.compact(tmp_path) == 1
    assert by_reading(tmp_path, [FIRST], {}) == before


def test_a_thousand_times_in_a_day_is_three_times(tmp_path: Path) -> None:
    written(tmp_path, [(0, "x", 5, 1)] * 1000)
    found = list(day_sets.build(tmp_path, [FIRST]))
    assert [(one.level, one.size) for one in found] == [(1, 1), (2, 1), (3, 1)]


def counted(times: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> counting.Array:
    """Counters that stand at so many times for each customer."""
    counts = np.zeros(len(times) // counting.IN_A_BYTE, np.uint8)
    customers = np.repeat(np.arange(len(times), dtype=np.uint32), times)
    codes, nobody = np.zeros(len(customers), np.uint32), np.zeros(0, np.uint32)
    counting.count(customers, codes, np.zeros(1, np.uint64), nobody, counts)
    return counts


@pytest.mark.parametrize("share", [0.0, 0.001, 0.0624, 0.0625, 0.5, 1.0])
def test_the_stored_format_is_what_the_set_library_reads(share: float) -> None:
    """Containers on both sides of the 4,096 where they change their kind."""
    chance = np.random.default_rng(7)
    times = (chance.random(3 * counting.CONTAINER) < share).astype(np.uint8)
    times[: counting.CONTAINER] *= chance.integers(1, 6, counting.CONTAINER, dtype=np.uint8)
    expecting = [np.flatnonzero(times >= level) for level in (1, 2, 3)]
    counts = counted(times)
    found = counting.levels(counts)
    for expected, (size, members) in zip(expecting, found, strict=True):
        assert size == len(expected)
        assert BitMap.deserialize(members) == BitMap(expected.tolist())
    assert not counts.any()  # ready to be used again


@pytest.mark.parametrize("size", [4_095, 4_096, 4_097])
def test_a_container_is_an_array_up_to_4096(size: int) -> None:
    times = np.zeros(counting.CONTAINER, np.uint8)
    times[: 2 * size : 2] = 1  # every other, so that there are no runs
    (_, members), *_ = counting.levels(counted(times))
    assert members == BitMap(list(range(0, 2 * size, 2))).serialize()


def test_a_lake_without_these_days_has_no_sets(tmp_path: Path) -> None:
    assert list(day_sets.build(tmp_path, [])) == []
    assert list(day_sets.build(tmp_path, [FIRST])) == []
