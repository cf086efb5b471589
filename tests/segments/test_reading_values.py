"""Values in files: what they mean, and a first look at them."""

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segments.reading import files, looking, moments, values
from segments.reading.guessing import guess
from segments.reading.mapping import Mapping
from segments.reading.problems import BadValue
from tests.segments.read import GOOD, HEADER, SHANGHAI, UTC, refusal, write

# --- values -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2022-04-24T12:25:49.975Z", "2022-04-24T12:25:49.975+00:00"),
        ("2022-04-24T12:25:49.123456789Z", "2022-04-24T12:25:49.123456+00:00"),
        ("2022-04-24 20:25:49+08:00", "2022-04-24T12:25:49+00:00"),
        ("2022-04-24 20:25", "2022-04-24T12:25:00+00:00"),
        ("2022-04-24", "2022-04-23T16:00:00+00:00"),
        ("20220424", "2022-04-23T16:00:00+00:00"),
        ("2022/4/5 8:30", "2022-04-05T00:30:00+00:00"),
        ("2022/4/5", "2022-04-04T16:00:00+00:00"),
        ("1650803149", "2022-04-24T12:25:49+00:00"),
        ("1650803149.975", "2022-04-24T12:25:49.975+00:00"),
        ("1650803149975", "2022-04-24T12:25:49.975+00:00"),
        ("1650803149975123", "2022-04-24T12:25:49.975123+00:00"),
        ("1650803149975123456", "2022-04-24T12:25:49.975123+00:00"),
        (1650803149, "2022-04-24T12:25:49+00:00"),
        (1650803149.975, "2022-04-24T12:25:49.975+00:00"),
        (dt.date(2022, 4, 24), "2022-04-23T16:00:00+00:00"),
        (dt.datetime(2022, 4, 24, 20), "2022-04-24T12:00:00+00:00"),
        (dt.datetime(2022, 4, 24, 20, tzinfo=dt.UTC), "2022-04-24T20:00:00+00:00"),
    ],
)
def test_moments_are_read_as_people_and_programs_write_them(written: Any, expected: str) -> None:
    assert moments.moment(written, SHANGHAI) == dt.datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "written",
    [
        "tomorrow",
        "2022-13-01",
        "2022-02-30",
        "04/24/2022",
        "12:30",
        "5",
        5,
        True,
        float("inf"),
        "-1650803149",
        "1e9",
        "2022-04-24T25:00",
    ],
)
def test_what_is_no_moment_is_refused(written: Any) -> None:
    with pytest.raises(BadValue):
        moments.moment(written, UTC)


@pytest.mark.parametrize(
    ("written", "decimals", "expected"),
    [
        ("1234.50", 2, 123450),
        ("-3", 2, -300),
        ("+.5", 2, 50),
        ("5.", 2, 500),
        (" 7 ", 2, 700),
        ("1234", 0, 1234),
        ("1.234", 3, 1234),
        ("19.990000000000002", 2, 1999),
        (19.990000000000002, 2, 1999),
        (4.35, 2, 435),  # a float whose hundredfold is 434.99999999999994
        (5, 2, 500),
        ("10000000000000.00", 2, 10**15),
        ("", 2, None),
        (None, 2, None),
        (float("nan"), 2, None),
    ],
)
def test_amounts_become_minor_units_exactly(
    written: Any, decimals: int, expected: int | None
) -> None:
    assert values.amount(written, decimals) == expected


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("1,234.50", "“1,234.50” is not an amount; write 1234.50, without commas"),
        ("abc", "is not an amount"),
        ("$5", "is not an amount"),
        ("1e5", "is not an amount"),
        ("１２", "is not an amount"),
        ("NaN", "is not an amount"),
        (float("inf"), "is not an amount"),
        ("12.345", "has more than the 2 decimals of the currency"),
        (12.345, "has more than the 2 decimals of the currency"),
        ("10000000000000.01", "is too large"),
        ("9" * 400, "is too large"),
    ],
)
def test_what_is_no_amount_is_refused_in_words(written: Any, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        values.amount(written, 2)


def test_the_first_bad_value_is_named_even_among_repeated_ones() -> None:
    column = pa.array(["1", "1", "x", "1", "y", "x"])
    with pytest.raises(BadValue, match="“x”") as caught:
        values.each(column, lambda value: values.amount(value, 2))
    assert caught.value.index == 2


@pytest.mark.parametrize(
    "written",
    [
        ["2022-04-24T12:25:49.975Z", "2022-04-24 12:25:49+08:00", "2022-04-24T12:25-0330"],
        ["2022-04-24", "2022-04-24 20:25", "2022-04-24T20:25:49.123456"],
        ["2022-03-27 02:30", "2022-03-27 03:30"],  # an hour that Berlin leaves out in spring
        ["2022-10-30 02:30", "2022-10-30 01:30"],  # and one that it has twice in autumn
        ["2022-04-24T12:25:49Z", "2022-04-24 20:25"],  # of both kinds
        ["20220424", "1650803149", "2022/4/5"],
        ["1650803149", "0350803149"],
        ["1650803149975", "1650803149976"],
        ["1650803149975123"],
        ["2022-04-24 01", "2022-04-24 02"],  # as long as milliseconds
    ],
)
def test_times_read_all_at_once_are_those_read_one_by_one(written: list[str]) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    together = moments.moments(pa.array(written), berlin)
    found = together if isinstance(together, list) else together.to_pylist()
    assert found == [moments.moment(value, berlin) for value in written]


@pytest.mark.parametrize(
    ("written", "index"),
    [
        (["2022-04-24T12:25:49Z", "yesterday"], 1),
        (["2022-04-24", "2022-04-25", "1955-11-05"], 2),
        (["2022-04-24", None], 1),
    ],
)
def test_times_read_all_at_once_name_the_same_bad_one(
    written: list[str | None], index: int
) -> None:
    with pytest.raises(BadValue) as caught:
        moments.moments(pa.array(written), UTC)
    assert caught.value.index == index


def test_texts_that_no_database_can_hold_are_refused(tmp_path: Path) -> None:
    zero = pa.table({"who": ["anna", "b\0b"], "at": ["2017-03-01"] * 2})
    pq.write_table(zero, tmp_path / "zero.parquet")
    mapping = Mapping(customer="who", time="at", event="x")
    assert refusal(tmp_path / "zero.parquet", mapping) == (
        "Row 2, column who: “b\0b” has a zero byte in it."
    )
    torn = pa.array([b"anna", b"\xff\xfe"]).view(pa.string())
    pq.write_table(pa.table({"who": torn, "at": ["2017-03-01"] * 2}), tmp_path / "torn.parquet")
    assert "damaged" in refusal(tmp_path / "torn.parquet", mapping)


# --- a first look -----------------------------------------------------------


def test_a_look_shows_the_first_rows_without_reading_the_rest(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + GOOD * 3 + "ragged\n")
    seen = looking.at(files.opened(path), rows=2)
    assert (seen.kind, seen.columns) == ("CSV", ["who", "at", "what", "price"])
    assert seen.rows == [["anna", "2017-03-01T10:00:00Z", "paid", "5"]] * 2
    assert looking.at(files.opened(write(tmp_path, HEADER)), rows=2).rows == []


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            ["user_id", "event_timestamp", "event_name", "item_id", "price"],
            {
                "customer": "user_id",
                "time": "event_timestamp",
                "name": "event_name",
                "amount": "price",
            },
        ),
        (
            ["InvoiceDate", "CustomerID", "Country"],
            {"customer": "CustomerID", "time": "InvoiceDate"},
        ),
        (
            ["用户ID", "时间", "事件", "金额"],
            {"customer": "用户ID", "time": "时间", "name": "事件", "amount": "金额"},
        ),
        (["a", "b"], {}),
    ],
)
def test_columns_are_guessed_by_their_names(columns: list[str], expected: dict[str, str]) -> None:
    assert guess(columns) == expected
