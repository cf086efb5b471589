"""Files as others write them: what is read of them, and in which words the rest is refused."""

import datetime as dt
import gzip
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segments.reading import events, files, looking, moments, values, workbook
from segments.reading.guessing import guess
from segments.reading.mapping import Mapping
from segments.reading.problems import BadFile, BadValue

UTC, SHANGHAI = ZoneInfo("UTC"), ZoneInfo("Asia/Shanghai")
BASIC = Mapping(customer="who", time="at", name="what")
HEADER = "who,at,what,price\n"
GOOD = "anna,2017-03-01T10:00:00Z,paid,5\n"


def read(path: Path, mapping: Mapping = BASIC, zone: ZoneInfo = UTC) -> list[dict[str, Any]]:
    batches = events.Reader(path, mapping, zone, decimals=2).read()
    return [row for batch in batches for row in batch.events.to_pylist()]


def write(folder: Path, content: str | bytes, name: str = "events.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path, mapping: Mapping = BASIC) -> str:
    with pytest.raises(BadFile) as caught:
        read(path, mapping)
    return str(caught.value)


# --- good files -------------------------------------------------------------


def test_a_row_becomes_an_event(tmp_path: Path) -> None:
    mapping = Mapping(
        customer="who",
        time="at",
        name="what",
        amount="price",
        properties=("shop", "note"),
        key="id",
        distinct_by=("who", "at"),
    )
    path = write(
        tmp_path,
        "who,at,what,price,shop,note,id\n"
        ' anna ,2017-03-01T10:00:00+08:00, paid ,12.50,007,"a ""b"", 词\nsecond line",k1\n'
        "ben,2017-03-01 10:00,paid,,3.50,,k2\n",
    )
    first, second = read(path, mapping, SHANGHAI)
    assert first == {
        "row": 2,
        "kind": "user_id",
        "customer": "anna",
        "other": None,
        "time": dt.datetime(2017, 3, 1, 2, tzinfo=dt.UTC),
        "event": "paid",
        "key": "k1",
        "same": "anna\x1f2017-03-01T10:00:00+08:00",
        "amount": 1250,
        "properties": '{"shop":"007","note":"a \\"b\\", 词\\nsecond line"}',
    }
    assert second["time"] == first["time"]  # no zone of its own: the given one
    assert second["row"] == 4  # the first row took two lines
    assert (second["amount"], second["properties"]) == (None, '{"shop":3.50}')


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_in_the_header(tmp_path: Path, delimiter: str) -> None:
    content = (HEADER + GOOD).replace(",", delimiter)
    assert read(write(tmp_path, content))[0]["customer"] == "anna"


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress((HEADER + GOOD).encode(), mtime=0),
        b"\xef\xbb\xbf" + (HEADER + GOOD).encode(),  # as Excel begins a file
        (HEADER + GOOD).replace("\n", "\r\n").encode(),
        (HEADER + "\n" + GOOD + "\n\n").encode(),
        (HEADER + GOOD).rstrip("\n").encode(),
    ],
)
def test_the_same_file_in_other_clothes_reads_the_same(tmp_path: Path, content: bytes) -> None:
    (row,) = read(write(tmp_path, content))
    assert (row["customer"], row["event"]) == ("anna", "paid")


def test_chinese_in_another_encoding_is_read_when_it_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, (HEADER + GOOD.replace("anna", "王芳")).encode("gb18030"))
    mapping = Mapping(customer="who", time="at", name="what", encoding="gb18030")
    assert read(path, mapping)[0]["customer"] == "王芳"
    assert "UTF-8" in refusal(path)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "who": pa.array([17850.0, 7.0]),
            "at": pa.array([dt.datetime(2017, 3, 1, 10)] * 2, pa.timestamp("ns")),
            "price": pa.array([2.55, 0.1 + 0.2]),
            "what": pa.array(["paid", "paid"]).dictionary_encode(),
            "items": pa.array([[1, 2], None]),
            "day": pa.array([dt.date(2017, 3, 1)] * 2),
            "count": pa.array([3, None]),
        }
    )
    pq.write_table(table, tmp_path / "events.parquet")
    mapping = Mapping(
        customer="who", time="at", name="what", properties=("items", "day", "count"), amount="price"
    )
    first, second = read(tmp_path / "events.parquet", mapping, SHANGHAI)
    assert (first["customer"], second["customer"]) == ("17850", "7")
    assert first["time"] == dt.datetime(2017, 3, 1, 2, tzinfo=dt.UTC)
    assert (first["amount"], second["amount"]) == (255, 30)
    assert first["properties"] == '{"items":[1, 2],"day":"2017-03-01","count":3}'
    assert second["properties"] == '{"day":"2017-03-01"}'


def test_rows_without_a_customer_are_left_out_only_when_asked(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + GOOD + ",2017-03-01T10:00:00Z,paid,5\n" + GOOD)
    mapping = Mapping(customer="who", time="at", name="what", skip_without_customer=True)
    (batch,) = events.Reader(path, mapping, UTC, decimals=2).read()
    assert (batch.events.num_rows, batch.skipped) == (2, 1)
    assert batch.events["row"].to_pylist() == [2, 4]
    assert refusal(path) == "Line 3, column who: the customer is empty."


def test_a_long_file_comes_in_batches_whose_lines_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, HEADER + GOOD * 25)
    file = files.opened(path)
    batches = list(file.batches(["who"], size=10))
    assert [len(batch.numbers) for batch in batches] == [10, 10, 5]
    assert [number for batch in batches for number in batch.numbers] == list(range(2, 27))
    assert batches[-1].done == 1.0


# --- bad files --------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "Line 1: The file has no header that names its columns."),
        (HEADER, "The file has columns, but no rows."),
        ("who,at,who\na,b,c\n", "The file has two columns named “who”."),
        (
            HEADER + GOOD + "anna,2017-03-01T10:00:00Z,paid\n",
            "Line 3: 3 values where the header names 4 columns.",
        ),
        (
            HEADER + GOOD + GOOD.replace("5\n", "5,6\n"),
            "Line 3: 5 values where the header names 4 columns.",
        ),
        (
            HEADER + GOOD * 1202 + "anna,yesterday,paid,5\n",
            "Line 1,204, column at: “yesterday” is not a time; write 2017-05-31T18:00:00+08:00, "
            "2017-05-31 18:00:00, or seconds since 1970.",
        ),
        (HEADER + "anna,,paid,5\n", "Line 2, column at: the time is empty."),
        (
            HEADER + "anna,10000-01-01T00:00:00Z,paid,5\n",
            "Line 2, column at: “10000-01-01T00:00:00Z” is not a time; write "
            "2017-05-31T18:00:00+08:00, 2017-05-31 18:00:00, or seconds since 1970.",
        ),
        (
            HEADER + "anna,9999-12-31,paid,5\n",
            "Line 2, column at: “9999-12-31” is outside the years 1980 to 2099.",
        ),
        (
            HEADER + "anna,99999999999999,paid,5\n",
            "Line 2, column at: “99999999999999” is outside the years 1980 to 2099.",
        ),
        (
            HEADER + "anna,99999999999999999999999,paid,5\n",
            "Line 2, column at: “99999999999999999999999” is not a time; write "
            "2017-05-31T18:00:00+08:00, 2017-05-31 18:00:00, or seconds since 1970.",
        ),
        (HEADER + GOOD + "  ,2017-03-01,paid,5\n", "Line 3, column who: the customer is empty."),
        (
            HEADER + "x" * 201 + ",2017-03-01,paid,5\n",
            f"Line 2, column who: “{'x' * 40}…” has more than 200 characters.",
        ),
        (HEADER + "anna,2017-03-01,,5\n", "Line 2, column what: the event's name is empty."),
        (
            HEADER + f"anna,2017-03-01,{'e' * 81},5\n",
            f"Line 2, column what: “{'e' * 40}…” has more than 80 characters.",
        ),
        (
            HEADER + GOOD + "an\0na,2017-03-01,paid,5\n",
            "Line 3: there is a zero byte, so this is no text file.",
        ),
        (
            (HEADER + GOOD).encode() + b"\xff\xfe\xe9,2017-03-01,paid,5\n",
            "Line 3: the bytes ff fe e9 2c are not UTF-8 text; save as CSV UTF-8.",
        ),
        (b"\xff\xfew\x00h\x00", "This is UTF-16 text; save it as CSV UTF-8."),
        (
            b"PK\x03\x04....",
            "The Excel workbook is damaged; save it again, or as CSV.",
        ),
        (b"PAR1 and then nothing", "The Parquet file is damaged or not complete."),
    ],
)
def test_a_bad_file_is_refused_with_its_line_and_column(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    assert refusal(write(tmp_path, content)) == words


def test_an_open_quotation_mark_names_the_line_where_it_opens(tmp_path: Path) -> None:
    words = refusal(write(tmp_path, HEADER + GOOD + '"anna,2017-03-01,paid,5\n' + GOOD))
    assert words.startswith("Line 3: a quotation mark or a field does not end where it should")


@pytest.mark.parametrize("keep", [20, 200, -6])
def test_a_compressed_file_that_breaks_off_is_refused(tmp_path: Path, keep: int) -> None:
    rows = "".join(f"user {n},2017-03-01,paid,{n}\n" for n in range(3000))
    whole = gzip.compress((HEADER + rows).encode())
    words = refusal(write(tmp_path, whole[:keep]))
    assert "the compressed file is damaged or breaks off here" in words
    assert words.startswith("Line ")


def test_damage_in_the_middle_of_a_compressed_file_is_noticed(tmp_path: Path) -> None:
    rows = "".join(f"user {n},2017-03-01,paid,{n}\n" for n in range(3000))
    whole = bytearray(gzip.compress((HEADER + rows).encode()))
    whole[len(whole) // 2] ^= 0xFF
    assert refusal(write(tmp_path, bytes(whole)))


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    table = pa.table(
        {"who": ["a"] * 5000, "at": [f"2017-03-01T{n % 24:02}:00" for n in range(5000)]}
    )
    pq.write_table(table, tmp_path / "events.parquet", compression="zstd")
    content = bytearray((tmp_path / "events.parquet").read_bytes())
    content[30:60] = b"\0" * 30
    (tmp_path / "events.parquet").write_bytes(content)
    words = refusal(tmp_path / "events.parquet", Mapping(customer="who", time="at", event="x"))
    assert "damaged" in words


def test_a_bad_value_in_parquet_names_its_row(tmp_path: Path) -> None:
    table = pa.table({"who": [1, None], "at": [1488362400, 1488362400]})
    pq.write_table(table, tmp_path / "events.parquet")
    mapping = Mapping(customer="who", time="at", event="x")
    assert refusal(tmp_path / "events.parquet", mapping) == (
        "Row 2, column who: the customer is empty."
    )


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "nowhere.csv cannot be read: No such file" in refusal(tmp_path / "nowhere.csv")
    assert "cannot be read: Is a directory" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (
            Mapping(customer="user", time="at", name="what"),
            "There is no column “user”; there are: who, at, what, price.",
        ),
        (
            Mapping(customer="", time="at", name="what"),
            "Name the column that says which customer it was.",
        ),
        (
            Mapping(customer="who", time="", name="what"),
            "Name the column that says when it happened.",
        ),
        (
            Mapping(customer="who", time="at"),
            "Name either the column with the events' names, or the one name of all of them.",
        ),
        (
            Mapping(customer="who", time="at", name="what", event="paid"),
            "Name either the column with the events' names, or the one name of all of them.",
        ),
        (
            Mapping(customer="who", time="at", event="x" * 81),
            "An event's name has at most 80 characters.",
        ),
        (
            Mapping(customer="who", time="at", name="what", identifier_kind=""),
            "Name the kind of identifier in at most 40 characters.",
        ),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(
    tmp_path: Path, mapping: Mapping, words: str
) -> None:
    assert refusal(write(tmp_path, HEADER + GOOD), mapping) == words


def test_the_words_can_be_translated() -> None:
    bad = BadFile("the customer is empty.", line=3, column="who")
    table = {
        "Line %(number)s, column %(column)s: ": "第 %(number)s 行，%(column)s 列：",
        "the customer is empty.": "客户为空。",
    }
    assert bad.said(table.__getitem__) == "第 3 行，who 列：客户为空。"


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


# --- workbooks --------------------------------------------------------------


def a_workbook(folder: Path, *rows: Sequence[Any]) -> Path:
    book = openpyxl.Workbook()
    hidden, sheet = book.active, book.create_sheet("orders")
    assert hidden is not None
    hidden.sheet_state = "hidden"
    hidden.append(["not", "this"])
    for row in rows:
        sheet.append(row)
    path = folder / "events.xlsx"
    book.save(path)
    return path


def test_a_workbooks_first_visible_sheet_is_read_with_its_types(tmp_path: Path) -> None:
    path = a_workbook(
        tmp_path,
        [],
        ["who", "at", "what", "price", None],
        [17850, dt.datetime(2017, 3, 1, 10), "paid", 2.5],
        [],
        ["王芳", "2017-03-02 10:00", "paid", None, "a note"],
        ["007", 42796.5, "paid", 3],
    )
    file = files.opened(path)
    assert (file.kind, file.columns) == ("Excel", ["who", "at", "what", "price"])
    mapping = Mapping(customer="who", time="at", name="what", amount="price", properties=("who",))
    path = a_workbook(
        tmp_path,
        ("who", "at", "what", "price"),
        (17850, dt.datetime(2017, 3, 1, 10), "paid", 2.5),
        ("007", "2017-03-02 10:00", "paid", None),
    )
    first, second = read(path, mapping, SHANGHAI)
    assert (first["customer"], first["amount"]) == ("17850", 250)
    assert first["time"] == dt.datetime(2017, 3, 1, 2, tzinfo=dt.UTC)
    assert (second["customer"], second["amount"]) == ("007", None)
    assert (first["properties"], second["properties"]) == ('{"who":17850}', '{"who":"007"}')
    serial = Mapping(customer="who", time="at", event="x", time_form="excel")
    path = a_workbook(tmp_path, ["who", "at"], ["a", 42796.5], ["b", dt.datetime(2017, 3, 2, 12)])
    assert [row["time"].isoformat() for row in read(path, serial)] == [
        "2017-03-02T12:00:00+00:00"
    ] * 2


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("LARGEST", "too large when unpacked"),
        ("LARGEST_IN_MEMORY", "too large when unpacked"),
        ("MOST_PARTS", "too large when unpacked"),
        ("MOST_ROWS", "Row 2: the sheet has more rows than Excel allows."),
    ],
)
def test_a_workbook_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    path = a_workbook(tmp_path, ["who", "at"], ["a", 1488362400])
    monkeypatch.setattr(workbook, limit, 1)
    assert words in refusal(path, Mapping(customer="who", time="at", event="x"))


def test_a_damaged_workbook_and_another_archive_are_refused_in_words(tmp_path: Path) -> None:
    path = a_workbook(tmp_path, ["who", "at"], *(["a", 1488362400 + n] for n in range(2000)))
    whole = path.read_bytes()
    assert "damaged" in refusal(write(tmp_path, whole[: len(whole) // 2], "half.xlsx"))
    broken = bytearray(whole)
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("xl/worksheets/sheet2.xml").header_offset
    broken[start + 400 : start + 460] = bytes(60)
    assert "damaged" in refusal(
        write(tmp_path, bytes(broken), "broken.xlsx"), Mapping("who", "at", event="x")
    )
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("events.csv", HEADER + GOOD)
    assert "zip archive" in refusal(tmp_path / "other.zip")


# --- JSON lines -------------------------------------------------------------

MIXPANEL = """\
{"event":"Signed up","properties":{"time":1602611311,"distinct_id":"anna","$insert_id":"k1",\
"n":"007","a.b":1,"deep":{"x":[1,null]}}}

{"event":"Paid","properties":{"time":1602611312,"distinct_id":"ben","$insert_id":"k2","late":true}}
"""


@pytest.mark.parametrize("pack", [bytes, lambda content: gzip.compress(content, mtime=0)])
def test_json_lines_are_read_by_dotted_names(tmp_path: Path, pack: Any) -> None:
    path = write(tmp_path, pack(MIXPANEL.encode()))
    file = files.opened(path)
    assert file.kind == "JSON lines"
    assert file.types["properties"] == "object"
    assert {"properties.time", "properties.deep.x", "properties.late"} <= set(file.columns)
    mapping = Mapping(
        customer="properties.distinct_id",
        time="properties.time",
        name="event",
        key="properties.$insert_id",
        properties=("properties.a.b",),
        spread=("properties",),
        constants=(("source", "mixpanel"),),
    )
    first, second = read(path, mapping)
    assert (first["row"], second["row"]) == (1, 3)
    assert json.loads(first["properties"]) == {
        "properties.a.b": 1,
        "n": "007",
        "deep": {"x": [1, None]},
        "source": "mixpanel",
    }
    assert json.loads(second["properties"]) == {"late": True, "source": "mixpanel"}
    assert guess(file.columns) == {
        "customer": "properties.distinct_id",
        "time": "properties.time",
        "name": "event",
        "key": "properties.$insert_id",
    }


def test_what_bigquery_writes_of_an_events_parameters_becomes_properties(tmp_path: Path) -> None:
    row = {
        "who": "a",
        "at": "1612069510766593",
        "event_params": [
            {"key": "session", "value": {"string_value": None, "int_value": "661084800"}},
            {"key": "page", "value": {"string_value": "home"}},
            {"key": "rate", "value": {"double_value": 0.5}},
            {"key": "empty", "value": {}},
            "odd",
        ],
    }
    path = write(tmp_path, json.dumps(row) + "\n", "ga4.jsonl")
    mapping = Mapping("who", "at", event="x", spread=("event_params",), time_form="us")
    (found,) = read(path, mapping)
    assert json.loads(found["properties"]) == {"session": 661084800, "page": "home", "rate": 0.5}
    assert found["time"].isoformat() == "2021-01-31T05:05:10.766593+00:00"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"who":', "Line 2: this is no JSON: "),
        ('{"who":NaN}', "Line 2: this is no JSON: "),
        ("[1]", "Line 2: this is no JSON object."),
        ('{"at":1488362400}', "Line 2, column who: the customer is empty."),
        ('{"who":"a","at":[1]}', "Line 2, column at: “[1]” is not a time"),
        ('{"who":"a\\u0000b","at":1488362400}', "Line 2, column who: “a\0b” has a zero byte"),
        ("\xff", "Line 2: the bytes ff "),
    ],
)
def test_a_bad_line_of_json_is_named(tmp_path: Path, line: str, words: str) -> None:
    content = b'{"who":"a","at":1488362400}\n' + line.encode(
        "latin-1" if line == "\xff" else "utf-8"
    )
    path = write(tmp_path, content + b"\n", "events.jsonl")
    assert refusal(path, Mapping(customer="who", time="at", event="x")).startswith(words)


def test_a_list_in_json_is_told_from_lines(tmp_path: Path) -> None:
    assert "one object a line" in refusal(write(tmp_path, '[{"who":"a"}]', "events.json"))
