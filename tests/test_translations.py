"""Every word on the screens has its Chinese."""

import functools
import re
from pathlib import Path

from babel.messages.catalog import Catalog

from console import translations

CATALOG = Path(__file__).resolve().parent.parent / "locale/zh_Hans/LC_MESSAGES/django.po"


@functools.cache
def collected() -> Catalog:
    return translations.collect()


@functools.cache
def kept() -> Catalog:
    return translations.read(CATALOG)


def test_every_string_of_the_code_is_translated() -> None:
    known = kept()
    missing = [
        message.id
        for message in collected()
        if message.id and not (known.get(message.id, message.context) or _nothing).string
    ]
    assert missing == [], "run `manage.py messages`, then translate"


def test_words_are_marked_under_names_that_the_collector_knows() -> None:
    other_name = re.compile(r"gettext(_lazy|_noop)? as (?!_$)", re.MULTILINE)
    sources = [path for path in translations._our_sources() if path.suffix == ".py"]
    assert [str(path) for path in sources if other_name.search(path.read_text("utf-8"))] == []


def test_translations_keep_the_placeholders() -> None:
    wrong = []
    for message in kept():
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[-1]
        for form in translations._forms(message.string):
            if _placeholders(source) != _placeholders(form):
                wrong.append((source, form))
    assert wrong == []


def test_the_catalogue_has_nothing_that_the_code_no_longer_says() -> None:
    said = {m.id if isinstance(m.id, str) else m.id[0] for m in collected()}
    translated = {m.id if isinstance(m.id, str) else m.id[0] for m in kept()}
    assert sorted(str(m) for m in translated - said) == []


class _nothing:  # noqa: N801
    string = ""


def _placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[sd]|%%|\{\w*\}", text))
