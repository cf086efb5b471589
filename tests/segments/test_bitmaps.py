"""Sets in their stored form: whether somebody is in one is told without reading it whole."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from segments import bitmaps
from segments.models import Segment
from tests.segments.factories import SegmentFactory


def contains(stored: bytes, member: int) -> bool:
    """As the database would serve it: the head, then the bytes of one place."""
    place = bitmaps.locate(stored, member)
    if isinstance(place, bool):
        return place
    return bitmaps.has(place, stored[place.offset : place.offset + place.length])


# Sets that have each kind of container: sparse ids are arrays, dense ones bitmaps, spans runs.
arrays = st.sets(st.integers(0, 2**31 - 1), max_size=60).map(BitMap)
runs = st.lists(st.tuples(st.integers(0, 2**20), st.integers(1, 70_000)), max_size=4).map(
    lambda spans: BitMap.union(BitMap(), *(BitMap(range(a, a + n)) for a, n in spans))
)
bitmap = st.tuples(st.integers(0, 2**18), st.integers(2, 5)).map(
    lambda one: BitMap(range(one[0], one[0] + 90_000, one[1]))
)


@given(st.tuples(arrays, runs, bitmap), st.booleans(), st.data())
def test_a_part_of_the_bytes_says_what_the_whole_set_says(
    parts: tuple[BitMap, BitMap, BitMap], with_runs: bool, data: st.DataObject
) -> None:
    members = BitMap.union(*parts)
    stored = bitmaps.dump(members) if with_runs else members.serialize()
    near = st.sampled_from(sorted(members)) if members else st.integers(0, 99)
    for _ in range(20):
        asked = max(0, data.draw(near) + data.draw(st.integers(-2, 2)))
        assert contains(stored, asked) is (asked in members)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param(BitMap(), id="empty"),
        pytest.param(BitMap([7]), id="one"),
        pytest.param(BitMap(range(100, 70_000)), id="run"),
        pytest.param(BitMap(range(0, 65_536, 2)), id="bitmap"),
        pytest.param(BitMap([5, 2**31 - 1]), id="array"),
        pytest.param(BitMap(range(50, 400_000)) | BitMap([2**30]), id="many runs"),
        pytest.param(BitMap(range(0, 400_000, 3)) | BitMap(range(9, 99)), id="mixed"),
        pytest.param(BitMap(range(4097)) | BitMap(range(70_000, 74_096)), id="at the limit"),
    ],
)
@pytest.mark.django_db
def test_the_database_serves_the_head_and_the_place(
    members: BitMap,
) -> None:
    segment = SegmentFactory(members=members)
    head = f"SELECT {bitmaps.head_sql('members')} FROM segments_segment WHERE id = %s"
    with connection.cursor() as cursor:
        for asked in {0, 7, 100, 4096, 65_535, 65_536, 74_095, 74_096, 399_999, 2**30, 2**31 - 1}:
            cursor.execute(head, [segment.pk])
            place = bitmaps.locate(cursor.fetchone()[0], asked)
            if not isinstance(place, bool):
                cursor.execute(
                    "SELECT substr(members, %s, %s) FROM segments_segment WHERE id = %s",
                    [place.offset + 1, place.length, segment.pk],
                )
                place = bitmaps.has(place, cursor.fetchone()[0])
            assert place is (asked in members), asked


@pytest.mark.django_db
def test_sets_are_kept_uncompressed_so_that_a_part_can_be_read() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attstorage FROM pg_attribute WHERE attrelid = %s::regclass "
            "AND attname = 'members'",
            [Segment._meta.db_table],
        )
        assert cursor.fetchone()[0] == "e"


@pytest.mark.parametrize("stored", [b"not a roaring set", bytes(8)])
def test_something_else_is_not_taken_for_a_set(stored: bytes) -> None:
    with pytest.raises(ValueError):
        bitmaps.locate(stored, 1)
