"""Local copies: shared by processes, and tidied when the database no longer keeps them."""

import datetime as dt
import os
import time
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from pyroaring import BitMap

from segments import bits, local, sets, sheet, tidying
from segments.kept import Kept
from segments.models import Tag
from segments.sheet import Fresh

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 1, 1)
LARGE = BitMap(range(0, 60_000, 2))


def names() -> set[str]:
    return {path.name for path in Path(settings.COPIES_PATH).iterdir() if path.suffix != ".lock"}


def age(days: float = 1) -> None:
    """Let all copies be as old as that."""
    for path in Path(settings.COPIES_PATH).iterdir():
        os.utime(path, (time.time() - 86_400 * days,) * 2)


def read(tag: Tag) -> BitMap:
    sets.kept.clear()
    return sets.one(Tag, tag.pk)[0]


def test_a_set_is_read_from_the_copy_that_another_process_made() -> None:
    tag = Tag.objects.create(name="patient", members=LARGE)
    assert read(tag) == LARGE
    assert len(names()) == 1
    connection.queries_log.clear()
    connection.force_debug_cursor = True
    assert read(tag) == LARGE
    connection.force_debug_cursor = False
    assert [one["sql"] for one in connection.queries_log if "members" in one["sql"]] == []


def test_a_changed_set_is_never_an_old_copy() -> None:
    tag = Tag.objects.create(name="patient", members=LARGE)
    read(tag)
    bits.clear(Tag, "members", [4])
    assert read(tag) == LARGE - BitMap([4])


def test_tidying_leaves_what_the_database_keeps() -> None:
    tag = Tag.objects.create(name="patient", members=LARGE)
    sheet.write({"orders": Fresh(np.arange(9, dtype=np.int32))}, day=DAY)
    sheet.read("orders")
    read(tag)
    local.write(local.answer_to("a question"), b"x")
    age()
    kept = names()
    assert len(kept) == 3
    assert tidying.tidy() == 0
    bits.clear(Tag, "members", [4])
    sheet.forget([3])
    age(days=3)  # the answer as well
    assert tidying.tidy() == 3
    assert names() == set()


def test_what_was_just_written_stays_and_too_much_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    tag = Tag.objects.create(name="patient", members=LARGE)
    read(tag)
    monkeypatch.setattr(settings, "COPIES_BYTES", 10)
    assert tidying.tidy() == 0
    age()
    assert tidying.tidy() == 1
    assert read(tag) == LARGE


def test_a_process_keeps_no_more_than_it_may() -> None:
    kept = Kept(10_000)
    for number in range(50):
        kept.put(number, "x", 700)
    assert kept.bytes <= 10_000
    assert kept.get(49) == "x"
    assert kept.get(0) is None
    kept.put("too large", "x", 5_000)
    assert kept.get("too large") is None
