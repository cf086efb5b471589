"""Writes a small table as an Excel workbook, without the libraries that large ones need."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

Cell = str | int | float | None
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_OF = "http://schemas.openxmlformats.org"
_FILES = {
    "[Content_Types].xml": f'<Types xmlns="{_OF}/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_OF}/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{_OF}/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_OF}/spreadsheetml/2006/main" '
    f'xmlns:r="{_OF}/officeDocument/2006/relationships">'
    '<sheets><sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_OF}/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{_OF}/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


def write(rows: Iterable[Sequence[Cell]]) -> bytes:
    """The workbook of one sheet; texts are texts there, so that none is a formula."""
    lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    sheet = f'<worksheet xmlns="{_OF}/spreadsheetml/2006/main"><sheetData>{lines}</sheetData>'
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _FILES.items():
            archive.writestr(name, _HEAD + content)
        archive.writestr("xl/worksheets/sheet1.xml", f"{_HEAD}{sheet}</worksheet>")
    return target.getvalue()


_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def _cell(value: Cell) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        plain = "".join(letter for letter in value if letter.isprintable() or letter == "\n")
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(plain)}</t></is></c>'
    return f"<c><v>{value}</v></c>"
