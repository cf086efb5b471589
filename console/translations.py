"""The catalogues of words: collected from the code, compiled without gettext installed."""

import os
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import django
import unfold
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
UNFOLD = Path(unfold.__file__).parent
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}

# Most files of Unfold ask for nothing.
ASKING = re.compile(r"gettext|\b_\s*\(|\b(block)?trans")


def compile_catalogs(locale: Path = ROOT / "locale") -> int:
    """Write `django.mo` beside every `django.po` that is newer; return how many."""
    written = 0
    for po in sorted(locale.glob("*/LC_MESSAGES/django.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        # Renamed into place: a process that starts now never reads half a file.
        half = mo.with_suffix(f".{os.getpid()}.new")
        with half.open("wb") as target:
            write_mo(target, read(po))
        half.replace(mo)
        written += 1
    return written


def read(po: Path) -> Catalog:
    """The catalogue in one `.po` file."""
    with po.open("rb") as source:
        return read_po(source, locale=po.parent.parent.name)


def collect() -> Catalog:
    """Every string that the code and the templates ask to be translated.

    Unfold has no translations of its own, so its strings are collected as well, except
    those that Django's catalogues translate already.
    """
    found = Catalog(project="Lifecycle operations console", charset="utf-8")
    for path in sorted(_our_sources()):
        for message, comments, context in _strings(path):
            where = [(path.relative_to(ROOT).as_posix(), None)]
            found.add(message, locations=where, auto_comments=comments, context=context)
    translated = _strings_that_django_translates()
    for path in sorted(UNFOLD.glob("templates/**/*.html")) + sorted(UNFOLD.glob("**/*.py")):
        for message, _comments, context in _strings(path):
            if message not in translated:
                found.add(message, locations=[("unfold", None)], context=context)
    return found


def update(po: Path) -> tuple[int, int]:
    """Bring a catalogue up to date with the code; return how many strings, how many wait."""
    catalog = read(po)
    catalog.update(collect(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    with po.open("wb") as target:
        write_po(target, catalog, width=100, sort_output=True, include_lineno=False)
    return len(catalog), len(waiting(catalog))


def waiting(catalog: Catalog) -> list[str]:
    """The strings that have no translation yet."""
    return [
        str(message.id) for message in catalog if message.id and not all(_forms(message.string))
    ]


def _forms(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (string or "",) if isinstance(string, str | None) else tuple(string)


def _our_sources() -> Iterator[Path]:
    for top in ("console", "segments", "campaigns", "metrics"):
        yield from (p for p in (ROOT / top).rglob("*.py") if "migrations" not in p.parts)
    yield from (ROOT / "templates").rglob("*.html")


def _strings(path: Path) -> Iterator[tuple[str | tuple[str, ...], list[str], str | None]]:
    source = path.read_text("utf-8")
    if not ASKING.search(source):
        return
    if path.suffix == ".html":
        # Django's own trick: a template, rewritten so that a Python reader finds the strings.
        # Indentation is the template's and means nothing in Python.
        flat = "\n".join(line.strip() for line in templatize(source).splitlines())
        source = re.sub(r"gettext\(u(['\"])", r"gettext(\1", flat)
    for _line, message, comments, context in extract(
        "python", BytesIO(source.encode()), KEYWORDS, ["Translators:"]
    ):
        yield message, comments, context


def _strings_that_django_translates() -> set[str | tuple[str, ...]]:
    found: set[str | tuple[str, ...]] = set()
    for mo in Path(django.__file__).parent.glob("**/locale/zh_Hans/LC_MESSAGES/django.mo"):
        with mo.open("rb") as compiled:
            ids = [message.id for message in read_mo(compiled)]
            found |= {one if isinstance(one, str) else tuple(one) for one in ids}
    return found
