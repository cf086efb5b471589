"""Workbooks of customers, and what is kept of a file when it is done."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from segments.customer_imports import checking, keeping, mapping
from segments.models import (
    Customer,
    CustomerImport,
)
from tests.factories import StaffFactory
from tests.segments.lists import Status, apply, checked, sent

pytestmark = pytest.mark.django_db

# --- workbooks --------------------------------------------------------------


def workbook(rows: Iterable[Iterable[Any]]) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(target)
    return target.getvalue()


def test_a_workbook_is_read_like_a_list() -> None:
    content = workbook(
        [
            ["id", "name", "age", "phone"],
            [1001, "王芳", 31, "'+4930123456"],
            [1002.0, None, 2.5, 7654321],
        ]
    )
    found = sent(
        content,
        "list.xlsx",
        header=["id", "name", "phone"],
        attributes=("age",),
    )
    checking.check(found)
    apply(found)
    first, second = (Customer.objects.get(identifiers__value=key) for key in ("1001", "1002"))
    assert (first.name, first.attributes, first.phone) == ("王芳", {"age": 31}, "+4930123456")
    assert (second.name, second.attributes, second.phone) == ("", {"age": 2.5}, "7654321")


def bomb() -> bytes:
    """A small workbook whose sheet unpacks to more than a workbook may."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(11):
                sheet.write(bytes(1 << 20))
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"PK\x03\x04 nothing", id="broken"),
        pytest.param(bomb, id="bomb"),
        pytest.param(b"\xd0\xcf\x11\xe0 old Excel", id="old"),
    ],
)
def test_a_workbook_that_is_none_is_refused(content: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segments.reading.workbook.LARGEST", 10 << 20)
    raw = content() if callable(content) else content
    found = sent(raw, "list.xlsx", header=["id"])
    with pytest.raises(checking.NotChecked):
        checking.check(found)
    assert found.status == Status.FAILED


# --- keeping ----------------------------------------------------------------


def test_what_is_left_out_can_be_fetched_with_the_reasons() -> None:
    found = checked("id,name,email\nanna,=1+1,oops\nben,Ben,\n")
    lines = list(csv.reader(io.StringIO("".join(keeping.left_out(found)).lstrip("\ufeff"))))
    assert lines[0][:2] == ["id", "name"]
    assert lines[1][:3] == ["anna", "'=1+1", "oops"]
    assert "not an e-mail" in lines[1][-1]
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("file", "words"),
    [(SimpleUploadedFile("a.csv", b""), "empty")],
)
def test_what_is_no_file_is_refused(file: SimpleUploadedFile, words: str) -> None:
    with pytest.raises(keeping.Refused, match=words):
        keeping.keep(file, by=StaffFactory(role="operator"))
    assert not CustomerImport.objects.exists()


def test_old_files_and_their_rows_go() -> None:
    found = checked("id,name\nanna,Anna\n")
    keeping.tidy(at=found.created_at + dt.timedelta(days=6))
    assert keeping.is_here(found)
    keeping.tidy(at=found.created_at + dt.timedelta(days=8))
    assert not keeping.is_here(found)
    assert not found.rows.exists()


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["User ID", "E-mail", "Mobile"], ["key", "email", "phone"]),
        (["会员号", "姓名", "手机号", "城市"], ["key", "name", "phone", "attribute"]),
        (["id", "customer_id"], ["attribute", "key"]),
    ],
)
def test_columns_are_guessed(columns: list[str], expected: list[str]) -> None:
    assert list(mapping.guess(columns).values()) == expected
