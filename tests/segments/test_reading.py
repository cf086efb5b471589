"""Files as others write them: what is read of them, and in which words the rest is refused."""

import datetime as dt
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segments.reading import events, files
from segments.reading.mapping import Mapping
from segments.reading.problems import BadFile
from tests.segments.read import GOOD, HEADER, SHANGHAI, UTC, read, refusal, write

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


def test_what_is_in_another_currency_counts_and_brings_no_amount(tmp_path: Path) -> None:
    rows = "u1,2017-03-01,9.99,eur\nu2,2017-03-01,5,CNY\nu3,2017-03-01,0.125,KWD\n"
    path = write(tmp_path, "who,at,price,money\n" + rows)
    mapping = Mapping(customer="who", time="at", event="paid", amount="price", currency="money")
    (batch,) = events.Reader(path, mapping, UTC, decimals=2, currency="CNY").read()
    assert batch.events["amount"].to_pylist() == [None, 500, None]
    said = [json.loads(one) for one in batch.events["properties"].to_pylist()]
    assert [one.get("foreign_currency") for one in said] == ["EUR", None, "KWD"]
    assert [one["money"] for one in said] == ["eur", "CNY", "KWD"]


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
        (
            (HEADER + GOOD).replace("\n", "\r").encode(),
            "Line 1: a carriage return alone ends no line; save the file as CSV UTF-8 again.",
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
