"""The quick way says what Liquid's own way says, whatever the facts are."""

import datetime as dt
import itertools
from typing import Any

import pytest
from liquid.exceptions import LiquidError

from campaigns.words import language

VALUES: list[Any] = [
    None, True, False, 0, 1, 14, 2.5, "", "a", "a<b & c", [], ["a"], {}, {"k": 1},
    dt.date(2024, 6, 1),
]  # fmt: skip
WORDS = [
    '{{ t.a }}|{{ t.a | default: "there" }}|{{ t.a | upcase }}',
    "{{ t.a.k }}{{ t.a.missing }}{{ t.a[0] }}",
    "{% if t.a %}yes{% else %}no{% endif %}",
    "{% if t.a == t.b %}same{% elsif t.a != nil %}some{% endif %}",
    "{% if t.a < t.b or t.a >= t.b %}{{ t.a }}{% endif %}",
    "{% if t.a > 1 and t.b <= 14 %}both{% else %}not both{% endif %}",
    "{% if t.a and t.b == 1 %}x{% endif %}{% if t.a == true or t.b == false %}z{% endif %}",
    '{% if t.a contains "a" or t.b == empty or t.b == blank %}y{% endif %}',
    "{% if t.a %}{% assign x = t.b %}{% endif %}[{{ x }}]",
    "{% for one in t.a %}{% if one == t.b %}{{ one }}{% endif %}{% else %}none{% endfor %}",
    "{% if t.unknown %}a{% endif %}{% if unknown == t.a %}b{% endif %}{{ unknown }}",
    "{% unless t.a %}{{ t.b }}{% endunless %}{% case t.a %}{% when 1 %}one{% endcase %}",
    "{% if t.a %} {% endif %}{% capture c %}{{ t.b }}{% endcapture %}{{ c }}",
]


def quick(template: Any, facts: dict[str, Any]) -> str:
    try:
        return language.render(template, facts)
    except language.CannotRender:
        return "refused"


def slow(template: Any, facts: dict[str, Any]) -> str:
    try:
        return str(template.render(**facts))
    except (LiquidError, TypeError, ValueError):
        return "refused"


@pytest.mark.parametrize("html", [True, False], ids=["html", "text"])
@pytest.mark.parametrize("words", WORDS)
def test_both_ways_say_the_same(words: str, html: bool) -> None:
    template = language.parse(words, html=html)
    for a, b in itertools.product(VALUES, VALUES):
        facts = {"t": {"a": a, "b": b}}
        assert quick(template, facts) == slow(template, facts), facts


def test_a_personal_link_is_led_and_escaped_as_a_fixed_one() -> None:
    shell = language.parse_shell(
        '<a href="{% link %}https://x.example/?a=1&amp;n={{ t.a }}{% endlink %}">'
        '<a href="{% link %}https://x.example/{% endlink %}"><b>{{ t.a }}</b>'
    )
    facts = {"t": {"a": "1&2"}, language.LINK: lambda target: f"https://c.example/?{target}&x"}
    assert language.render(shell, facts) == (
        '<a href="https://c.example/?https://x.example/?a=1&amp;n=1&amp;2&amp;x">'
        '<a href="https://c.example/?https://x.example/&amp;x"><b>1&amp;2</b>'
    )


def test_what_many_facts_make_too_long_is_refused() -> None:
    template = language.parse("{{ t.a }}" * 30, html=False)
    with pytest.raises(language.CannotRender):
        language.render(template, {"t": {"a": "x" * 10_000}})
