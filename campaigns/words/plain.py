"""The plain text of a mail, made from its HTML: once for everybody where that gives the same."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from inscriptis import get_text
from inscriptis.model.config import ParserConfig
from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from campaigns.words import wording

MARKUP = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
STAND_IN = re.compile("\ue100(\\d+)\ue101")
ONLY_TAGS = re.compile(r"^[ \t]*((?:\{%[^\n]*?%\}[ \t]*)+)\n", re.MULTILINE)
# Filters that make HTML, which the text of a mail has no use for.
HTML_FILTERS = {"escape", "newline_to_br", "strip_html"}


def from_html(body: str) -> str:
    """The text of a finished body, with its links after their words."""
    return tidy(get_text(body, _config()))


def outline(body: str) -> BoundTemplate | None:
    """The text as Liquid, which takes a tenth of `from_html`'s time for each customer.

    None where HTML and Liquid are so entangled that the two would not say the same.
    """
    marks: list[str] = []

    def hide(found: re.Match[str]) -> str:
        marks.append(found[0])
        return f"\ue100{len(marks) - 1}\ue101"

    text = get_text(MARKUP.sub(hide, body), _config())
    order = [int(number) for number in STAND_IN.findall(text)]
    tags = [number for number in order if marks[number].startswith("{%")]
    if sorted(order) != list(range(len(marks))) or tags != sorted(tags):
        return None
    if any("<" in mark for mark in marks if mark.startswith("{{")):
        return None
    source = STAND_IN.sub(lambda found: marks[int(found[1])], text)
    return _if_same(body, ONLY_TAGS.sub(r"\1", source))


def render(template: BoundTemplate, facts: Mapping[str, Any]) -> str:
    """Raises CannotRender."""
    return tidy(wording.render(template, facts))


def _if_same(body: str, source: str) -> BoundTemplate | None:
    """The outline, if for an example it comes to the same as the long way."""
    try:
        template = wording.parse(source, html=False)
        if HTML_FILTERS & set(template.filter_names()):
            return None
        facts = wording.EXAMPLE
        long_way = from_html(wording.render(wording.parse(body, html=True), facts))
        same = render(template, facts).split() == long_way.split()
    except (LiquidError, wording.CannotRender):
        return None
    return template if same else None


def tidy(text: str) -> str:
    """Without spaces at the ends of lines and without more than one empty line in a row."""
    for often, once in ((" \n", "\n"), ("\n\n\n", "\n\n")):
        while often in text:  # three times as quick as a regular expression
            text = text.replace(often, once)
    return text.strip("\n ")


@lru_cache(maxsize=1)
def _config() -> ParserConfig:
    return ParserConfig(display_links=True)
