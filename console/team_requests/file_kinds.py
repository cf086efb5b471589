"""What a file really is, by its content: the kinds that a request may carry, and no others."""

import io
import re
import zipfile
from dataclasses import dataclass

MOST_ENTRIES = 5000
MOST_UNPACKED = 200 << 20  # bytes
MOST_TIMES = 100  # unpacked it is at most so many times as large
CONTENT_TYPES = "[Content_Types].xml"
MACROS = "vbaproject.bin"
ENCRYPTED = 1
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
MARKUP = re.compile(r"\s*<\s*[a-z!?/]", re.I)  # what a browser would take for a page or a picture


@dataclass(frozen=True)
class Kind:
    """A kind of file: how it is served, and how its name may end."""

    media_type: str
    endings: tuple[str, ...]


PNG = Kind("image/png", (".png",))
JPEG = Kind("image/jpeg", (".jpg", ".jpeg"))
GIF = Kind("image/gif", (".gif",))
WEBP = Kind("image/webp", (".webp",))
PDF = Kind("application/pdf", (".pdf",))
_OFFICE = "application/vnd.openxmlformats-officedocument."
WORD = Kind(_OFFICE + "wordprocessingml.document", (".docx",))
SHEET = Kind(_OFFICE + "spreadsheetml.sheet", (".xlsx",))
SLIDES = Kind(_OFFICE + "presentationml.presentation", (".pptx",))
TEXT = Kind("text/plain", (".txt", ".md", ".csv", ".tsv", ".json", ".log", ".sql"))
KINDS = (PNG, JPEG, GIF, WEBP, PDF, WORD, SHEET, SLIDES, TEXT)
ENDINGS = tuple(ending for kind in KINDS for ending in kind.endings)
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
)
_MAIN_PARTS = (
    ("word/document.xml", WORD),
    ("xl/workbook.xml", SHEET),
    ("ppt/presentation.xml", SLIDES),
)


def of(name: str, content: bytes) -> Kind | None:
    """The kind that both the content and the name's ending say; None when they say no such."""
    kind = _by_content(content)
    return kind if kind and name.lower().endswith(kind.endings) else None


def _by_content(content: bytes) -> Kind | None:
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content.startswith(b"PK\x03\x04"):
        return _packed(content)
    return TEXT if _is_text(content) else None


def _packed(content: bytes) -> Kind | None:
    """A document of an office program; nothing is unpacked, so a bomb cannot go off here."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        return None
    if not _is_harmless(entries, len(content)):
        return None
    names = {entry.filename for entry in entries}
    if CONTENT_TYPES not in names:
        return None
    return next((kind for part, kind in _MAIN_PARTS if part in names), None)


def _is_harmless(entries: list[zipfile.ZipInfo], size: int) -> bool:
    unpacked = sum(entry.file_size for entry in entries)
    return (
        len(entries) <= MOST_ENTRIES
        and unpacked <= min(MOST_UNPACKED, MOST_TIMES * size)
        and not any(entry.flag_bits & ENCRYPTED for entry in entries)
        and not any(entry.filename.lower().endswith(MACROS) for entry in entries)
    )


def _is_text(content: bytes) -> bool:
    """Readable words that no browser would take for a page."""
    for coding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(coding)
        except UnicodeDecodeError:
            continue
        return not CONTROL.search(text) and not MARKUP.match(text)
    return False
