"""Workbooks and JSON lines, read like the files of other kinds."""

import datetime as dt
import gzip
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from segments.reading import files, workbook
from segments.reading.guessing import guess
from segments.reading.mapping import Mapping
from tests.segments.read import GOOD, HEADER, SHANGHAI, read, refusal, write

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
