"""A file is what its content says, and its name has to say the same."""

import io
import zipfile

import pytest

from console.team_requests import file_kinds
from console.team_requests.file_kinds import GIF, JPEG, PDF, PNG, SHEET, TEXT, WEBP, WORD, Kind

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)


def packed(*names: str, content: bytes = b"<x/>") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


OFFICE = "[Content_Types].xml"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", PICTURE, PNG),
        ("A.PNG", PICTURE, PNG),
        ("a.jpeg", b"\xff\xd8\xff\xe0" + bytes(9), JPEG),
        ("a.gif", b"GIF89a" + bytes(9), GIF),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", WEBP),
        ("a.pdf", b"%PDF-1.7\n", PDF),
        ("a.docx", packed(OFFICE, "word/document.xml"), WORD),
        ("a.xlsx", packed(OFFICE, "xl/workbook.xml"), SHEET),
        ("a.csv", "姓名,数\r\n王,1\r\n".encode("gb18030"), TEXT),
        ("a.md", b"# Why\n\nBecause 1 < 2\n", TEXT),
    ],
)
def test_what_is_of_an_allowed_kind_is_taken(name: str, content: bytes, kind: Kind) -> None:
    assert file_kinds.of(name, content) == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<!doctype html><script>alert(1)</script>"),
        ("page.txt", b"  <html><script>alert(1)</script>"),
        ("page.txt", b"\xef\xbb\xbf<svg onload=alert(1)>"),
        ("drawing.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("picture.exe", PICTURE),
        ("tool.txt", b"MZ\x90\x00\x03\x00\x00\x00"),
        ("tool.exe", b"words alone"),
        ("bag.zip", packed("a.txt")),
        ("bag.docx", packed("a.txt")),
        ("macros.docx", packed(OFFICE, "word/document.xml", "word/vbaProject.bin")),
        ("broken.docx", b"PK\x03\x04" + bytes(100)),
        ("noname", PICTURE),
    ],
)
def test_what_is_not_is_refused(name: str, content: bytes) -> None:
    assert file_kinds.of(name, content) is None


def test_a_small_file_that_unpacks_to_a_large_one_is_refused() -> None:
    bomb = packed(OFFICE, "word/document.xml", content=bytes(8 << 20))
    assert len(bomb) < 40_000
    assert file_kinds.of("bomb.docx", bomb) is None
    many = packed(OFFICE, "xl/workbook.xml", *(f"{n}" for n in range(file_kinds.MOST_ENTRIES)))
    assert file_kinds.of("many.xlsx", many) is None
