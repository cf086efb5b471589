"""The columns of what we know: written in blocks, mapped whole, read for a few, forgotten."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.db import transaction

from segments import arrays, sheet
from segments.models import Block, Column
from segments.sheet import Fresh

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 1, 1)
LONG = 3 * sheet.ROWS + 7


def numbers(length: int = LONG) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    return np.arange(length, dtype=np.int32)


def test_what_was_written_is_read_back() -> None:
    sheet.write({"orders": Fresh(numbers())}, day=DAY)
    found = sheet.read("orders", "never written")
    assert list(found) == ["orders"]
    assert (found["orders"].values == numbers()).all()
    assert found["orders"].data_as_of == DAY


def test_the_same_again_writes_nothing_but_is_as_of_the_new_day() -> None:
    sheet.write({"orders": Fresh(numbers())}, day=DAY)
    version = sheet.read("orders")["orders"].version
    assert sheet.write({"orders": Fresh(numbers())}, day=DAY + dt.timedelta(days=1)) == 0
    found = sheet.read("orders")["orders"]
    assert (found.version, found.data_as_of) == (version, DAY + dt.timedelta(days=1))


def test_only_the_block_that_changed_is_written_and_copied() -> None:
    sheet.write({"orders": Fresh(numbers())}, day=DAY)
    before = sheet.read("orders")["orders"]
    values = numbers()
    values[sheet.ROWS + 3] = -5
    assert sheet.write({"orders": Fresh(values)}, day=DAY) == 1
    # A copy that took more than the changed block would bring this one back.
    Block.objects.filter(number=0).update(values=bytes(4 * sheet.ROWS))
    after = sheet.read("orders")["orders"]
    assert (after.values == values).all()
    assert before.values[sheet.ROWS + 3] == sheet.ROWS + 3  # whoever had it mapped keeps theirs
    assert len(list(Path(settings.COPIES_PATH).glob(f"{Column.objects.get().uid}-*"))) == 1


@pytest.mark.parametrize("length", [0, 5, sheet.ROWS, LONG + sheet.ROWS])
def test_a_column_may_become_shorter_or_longer(length: int) -> None:
    sheet.write({"orders": Fresh(numbers())}, day=DAY)
    sheet.read("orders")
    sheet.write({"orders": Fresh(numbers(length))}, day=DAY)
    assert (sheet.read("orders")["orders"].values == numbers(length)).all()


def test_a_column_may_change_its_type() -> None:
    sheet.write({"orders": Fresh(numbers())}, day=DAY)
    sheet.read("orders")
    shares = numbers().astype(np.float64) / 2
    sheet.write({"orders": Fresh(shares)}, day=DAY)
    assert (sheet.read("orders")["orders"].values == shares).all()


def test_what_was_taken_back_is_never_read_again() -> None:
    sheet.write({"orders": Fresh(numbers())}, day=DAY)
    with transaction.atomic():
        sheet.write({"orders": Fresh(numbers() * 2)}, day=DAY)
        assert sheet.read("orders")["orders"].values[4] == 8
        transaction.set_rollback(True)
    sheet.write({"orders": Fresh(numbers() * 3)}, day=DAY)
    assert sheet.read("orders")["orders"].values[4] == 12


def test_a_few_customers_are_read_without_a_copy() -> None:
    some = arrays.spread(np.array([2, sheet.ROWS + 1]), np.array([7, 9], np.int32))
    choice = arrays.spread(np.array([2]), np.array([1], np.int16))
    fresh = {"orders": Fresh(some), "stage": Fresh(choice, ("new", "grown")), "x": Fresh(numbers())}
    sheet.write(fresh, day=DAY)
    assert sheet.of([2, 3, sheet.ROWS + 1, LONG * 2], ["orders", "stage"]) == {
        2: {"orders": 7, "stage": "grown"},
        3: {},
        sheet.ROWS + 1: {"orders": 9},
        LONG * 2: {},
    }
    assert not Path(settings.COPIES_PATH).exists()


def test_of_a_forgotten_customer_nothing_is_left_anywhere() -> None:
    sheet.write({"orders": Fresh(numbers()), "share": Fresh(numbers() / 2)}, day=DAY)
    sheet.read("orders")
    assert sheet.told([5, LONG - 1]) == 4
    sheet.forget([5, LONG - 1])
    assert sheet.told([5, LONG - 1]) == 0
    found = sheet.read("orders")["orders"].values
    assert not arrays.known(found)[[5, LONG - 1]].any()
    assert arrays.known(found).sum() == LONG - 2


def test_a_dropped_column_leaves_no_copy() -> None:
    sheet.write({"orders": Fresh(numbers())}, day=DAY)
    sheet.read("orders")
    sheet.drop(["orders"])
    assert sheet.read("orders") == {}
    assert not [file for file in Path(settings.COPIES_PATH).iterdir() if file.suffix != ".lock"]


@pytest.mark.parametrize(
    ("highest", "stored"), [(100, "|i1"), (200, "<i2"), (70_000, "<i4")], ids=["1", "2", "4"]
)
def test_whole_numbers_are_kept_as_narrow_as_they_fit_and_come_back_as_they_were(
    highest: int, stored: str
) -> None:
    values = np.array([-5, arrays.nothing(np.int64), highest, 0], np.int64)
    sheet.write({"orders": Fresh(values)}, day=DAY)
    found = sheet.read("orders")["orders"]
    assert found.stored.dtype.str == stored
    assert found.values.dtype == np.int64
    assert (found.values == values).all()
    assert sheet.of([0, 1, 2], ["orders"]) == {0: {"orders": -5}, 1: {}, 2: {"orders": highest}}


def test_a_column_that_was_wide_stays_so() -> None:
    for highest in (200, 100):
        sheet.write({"orders": Fresh(np.array([highest], np.int64))}, day=DAY)
        found = sheet.read("orders")["orders"]
        assert (found.stored.dtype.str, found.values.tolist()) == ("<i2", [highest])


def test_the_lowest_number_of_a_narrow_type_is_not_taken_for_nothing() -> None:
    values = np.array([-128, -127], np.int32)
    sheet.write({"orders": Fresh(values)}, day=DAY)
    assert sheet.of([0, 1], ["orders"]) == {0: {"orders": -128}, 1: {"orders": -127}}
