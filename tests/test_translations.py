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


def test_every_string_of_the_code_is_translated() -> None:
    known = translations.read(CATALOG)
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
    for message in translations.read(CATALOG):
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[-1]
        for form in translations._forms(message.string):
            if _placeholders(source) != _placeholders(form):
                wrong.append((source, form))
    assert wrong == []


def test_the_catalogue_has_nothing_that_the_code_no_longer_says() -> None:
    said = {m.id if isinstance(m.id, str) else m.id[0] for m in collected()}
    kept = {m.id if isinstance(m.id, str) else m.id[0] for m in translations.read(CATALOG)}
    assert sorted(str(m) for m in kept - said) == []


class _nothing:  # noqa: N801
    string = ""


def _placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[sd]|%%|\{\w*\}", text))
