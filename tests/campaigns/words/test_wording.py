"""Templates: mistakes told in words, and hostile ones that come to nothing."""

import time

import pytest

from campaigns.words import wording

pytestmark = pytest.mark.django_db  # which traits there are is asked of it


def told(subject: str = "Hello", body: str = "<p>Hello</p>") -> list[str]:
    return [f"{one.field}: {one.words}" for one in wording.mistakes(subject, body)]


@pytest.fixture(autouse=True)
def english() -> None:
    from django.utils import translation

    translation.activate("en")


def made(source: str, **customer: object) -> str:
    facts = wording.EXAMPLE | {"customer": wording.EXAMPLE["customer"] | customer}
    return wording.render(wording.parse(source, html=True), facts)


def test_good_words_have_no_mistakes() -> None:
    assert (
        told(
            "Hi {{ customer.name | default: 'you' }}",
            "{% if traits.orders > 3 %}{{ customer.attributes.income }}{% endif %}"
            "{% assign n = traits.orders %}{% for i in (1..3) %}{{ i }}{{ forloop.index }}"
            "{% endfor %}{{ n }}{{ traits.monetary_minor | money }}{{ unsubscribe_url }}",
        )
        == []
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>\n{{ customer.nam }}", "Line 2: There is no variable “customer.nam”. Did you mean "),
        ("{{ traits.recency }}", "“traits.recency_days”"),
        ("{{ nothing }}", "Line 1: There is no variable “nothing”."),
        ("{{ customer.name | upcas }}", "no filter “upcas”. Did you mean “upcase”?"),
        ("{{ customer.name | safe }}", "no filter “safe”"),
        ("a\nb\n{% foo %}", "Line 3: "),
        ("{% if x", "Line 1: "),
        ("{% if customer.name %}", "At the end: "),
        ("{% include 'other' %}", "include"),
        ("{% render 'other' %}", "render"),
        ("<SCRIPT src='x'>", "Take out <script>"),
        ("<p><iframe>", "Take out <iframe>"),
        ("x" * 50_001, "too long"),
        ("{% if customer.name %}" * 50 + "{% endif %}" * 50, "nesting"),
    ],
)
def test_a_mistake_is_told_with_its_line(body: str, words: str) -> None:
    assert any(words in one for one in told(body=body)), told(body=body)


@pytest.mark.parametrize(
    "hostile",
    [
        "{% for i in (1..99999999999) %}x{% endfor %}",
        "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
        "{% for i in (1..900) %}x{% endfor %}{% for i in (1..900) %}x{% endfor %}",
        "{% assign a = 'x' %}{% for i in (1..900) %}{% assign a = a | append: a %}{% endfor %}",
        "{% capture a %}x{% endcapture %}{% for i in (1..900) %}{% capture a %}{{ a }}{{ a }}"
        "{% endcapture %}{% endfor %}",
        "{% assign a = 'xxxxxxxxxx' %}{{ a"
        + " | replace: 'x', 'xxxxxxxxxxxxxxx'" * 9
        + " | size }}",
        "{% assign n = 9999999999 %}{% for i in (1..900) %}{% assign n = n | times: n %}"
        "{% endfor %}{{ n }}",
        "{% assign a = 'xxxxxxxxxx' | split: '' %}{% for i in (1..900) %}"
        "{% assign a = a | join: 'xxxxxxxxxxxxxxxxxxxxxxxxxx' | split: '' %}{% endfor %}",
        "{{ 1 | divided_by: 0 }}",
    ],
)
def test_a_hostile_template_ends_soon_in_a_refusal(hostile: str) -> None:
    began = time.process_time()
    with pytest.raises(wording.CannotRender):
        made(hostile)
    assert time.process_time() - began < 1


def test_what_customers_are_called_is_escaped() -> None:
    assert made("{{ customer.name }}", name="<b>&</b>") == "&lt;b&gt;&amp;&lt;/b&gt;"


def test_facts_are_plain_values_without_ways_into_the_program() -> None:
    for path in ("customer.name.__class__", "customer.__init__", "traits.orders.real"):
        assert told(body="{{ " + path + " }}")
        with pytest.raises(wording.CannotRender):
            made("{{ " + path + " }}")


def test_an_amount_reads_as_people_write_it() -> None:
    assert made("{{ 123456 | money }}") == "CN¥1,234.56"
    assert made("{{ nil | money }}") == ""


def test_a_word_that_is_missing_is_no_empty_space() -> None:
    with pytest.raises(wording.CannotRender, match="city"):
        made("{{ customer.attributes.city }}")
    assert made("{{ customer.attributes.city | default: 'here' }}") == "here"
