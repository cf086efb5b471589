"""Mails made ready once: Liquid survives machines for HTML, and comes to the same."""

import pytest

from campaigns.models import TemplateRevision
from campaigns.words import language, rendering, shells, wording
from console.models import Project
from segments.models import Customer

MJML = """
<mjml><mj-body>
{% if traits.orders %}
<mj-section><mj-column>
<mj-text>Hi {{ customer.name | default: "there" }}, {{ traits.orders }} orders</mj-text>
<mj-button href="https://shop.example/{{ customer.number }}?a=1&amp;b=2">Go</mj-button>
<mj-table>{% for i in (1..2) %}<tr><td>No {{ i }}</td></tr>{% endfor %}</mj-table>
</mj-column></mj-section>
{% endif %}
</mj-body></mjml>
"""


def compiled(body: str, markup: str = "html") -> str:
    return shells.compile_mail(body, markup=markup, language_code="en")


def rendered(body: str, markup: str = "html", **customer: object) -> rendering.Rendered:
    words = {"en": {"subject": "Hi", "body": body}}
    revision = TemplateRevision(channel="email", markup=markup, language="en", words=words)
    letter = rendering.prepare(
        revision, campaign_name="C", project=Project(name="{{ Acme }}", currency="USD")
    )
    who = Customer(**{"id": 7, "name": "Ann", "language": "en"} | customer)
    return rendering.render(
        letter,
        who,
        {"orders": 3},
        unsubscribe_url="https://c.example/u",
        link=lambda target: f"https://c.example/?to={target}",
    )


def test_mjml_with_the_line_ends_of_a_browser_is_read() -> None:
    style = "<mj-head><mj-style>@media print {\n.a { color: red; }\n}</mj-style></mj-head>"
    body = MJML.replace("<mjml>", f"<mjml>{style}").replace("\n", "\r\n")
    assert not shells.mistakes(body, "mjml")
    assert "@media print" in compiled(body, "mjml")


@pytest.mark.parametrize(
    "body",
    [
        "<p>Hi {{ customer.name }}</p>",
        "<table>{% for i in (1..3) %}<tr><td>{{ i }}</td></tr>{% endfor %}</table>",
        '<p class="{% if traits.orders > 2 %}quiet{% endif %}">x</p>',
        "<p>{% if traits.orders > 2 %}<b>many</b>{% else %}few{% endif %}</p>",
        "<p>a &lt; b &amp; c</p>{% comment %}<p>no</p>{% endcomment %}",
        "<p title='{{ customer.name }}'>x</p><!-- {{ customer.name }} -->",
        "{% assign a = customer.name | upcase %}<h1>{{ a }}</h1>",
    ],
)
def test_liquid_comes_through_whole(body: str) -> None:
    made = compiled(body)
    for piece in shells.hide(body).marks:
        assert piece in made
    assert language.parse_shell(made)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p {% if traits.orders %}class=x{% endif %}>x</p>", "Line 1: put Liquid"),
        ("<p>\n<b {{ customer.name }}>x</b></p>", "Line 2: put Liquid"),
        ("<p>{% if traits.orders > 5 %}</p><h1>x</h1>{% endif %}y</p>", "Open and"),
        ("<p>&#123;&#123; customer.name }}</p>", "braces"),
        ("<p>zlq0qlz</p>", "zlq"),
    ],
)
def test_what_cannot_be_made_ready_is_told(body: str, words: str) -> None:
    assert [one for one in shells.mistakes(body, "html") if words in one]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>Hi</p>", "MJML begins with"),
        ("<mjml><mj-body><mj-include path='/etc/passwd' /></mj-body></mjml>", "<mj-include>"),
        ("<mjml><mj-body><mj-foo>x</mj-foo></mj-body></mjml>", "<mj-foo>"),
        ("<mjml><mj-body><mj-section></mj-body></mjml>", "This is no MJML"),
    ],
)
def test_mjml_is_checked_before_it_is_believed(body: str, words: str) -> None:
    assert [one for one in shells.mistakes(body, "mjml") if words in one]


@pytest.mark.parametrize(
    "body",
    [
        "{% for i in (1..99999999) %}x{% endfor %}",
        "{% assign x = 'a' %}{% for i in (1..60) %}{% assign x = x | append: x %}{% endfor %}",
        "{{ 1 | divided_by: 0 }}",
    ],
)
def test_what_costs_too_much_or_cannot_be_reckoned_is_told(body: str) -> None:
    (words,) = shells.mistakes(body, "html")
    assert words.startswith("Line 1: ")


def test_mjml_becomes_a_mail_for_every_customer() -> None:
    assert shells.mistakes(MJML, "mjml") == []
    made = rendered(MJML, "mjml", name="A<b>")
    assert "Hi A&lt;b&gt;, 3 orders" in made.html
    assert 'href="https://c.example/?to=https://shop.example/7?a=1&amp;b=2"' in made.html
    assert 'href="https://c.example/u"' in made.html
    assert "fonts.googleapis" not in made.html
    assert '<html lang="en"' in made.html
    assert "<mj-" not in made.html
    assert made.html.count("No 2") == 1
    for words in ("Hi A<b>, 3 orders", "[Go](https://shop.example/7?a=1&b=2)", "No 2"):
        assert words in made.text


def test_our_name_is_never_read_as_liquid() -> None:
    assert "agreed to hear from {{ Acme }}" in rendered("<p>Hi</p>").html


def test_an_address_that_liquid_makes_is_tracked_when_it_leads_to_the_web() -> None:
    body = '<a class="button" href="{{ customer.attributes.home }}">x</a>'
    web = rendered(body, attributes={"home": "https://a.example/?q=1&r=2"}).html
    assert 'href="https://c.example/?to=https://a.example/?q=1&amp;r=2"' in web
    evil = rendered(body, attributes={"home": '"><script>'}).html
    assert "<script" not in evil


def test_the_quick_way_equals_liquids_own() -> None:
    source = (
        "{{ customer.name }}|{{ customer.nick | default: 'x' }}|{{ customer.name | upcase }}|"
        "{{ traits.orders }}|{{ traits.nothing | default: 0 }}|{{ traits.no }}|{{ traits.yes }}"
    )
    facts = {
        "customer": {"name": "<&>", "nick": ""},
        "traits": {"orders": 0, "nothing": None, "no": False, "yes": True},
    }
    made = language.render(language.parse(source, html=True), facts)
    assert made == "&lt;&amp;&gt;|x|&lt;&amp;&gt;|0|0|false|true"


def test_a_fact_cannot_be_called_something_else() -> None:
    (mistake,) = wording.mistakes("Hi", "{% assign customer = 'x' %}<p>{{ customer }}</p>")
    assert "“customer” is taken" in mistake.words


def test_a_message_that_grows_without_end_is_refused() -> None:
    loop = "{% for i in (1..900) %}" + "x" * 500 + "{% endfor %}"
    with pytest.raises(language.CannotRender, match="too long"):
        language.render(language.parse(loop, html=False), {})
