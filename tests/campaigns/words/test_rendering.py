"""Mails as customers get them: frame, plain text, links, languages."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.utils import timezone

from campaigns.channels import mime
from campaigns.channels.base import Mail
from campaigns.models import TemplateRevision
from campaigns.words import links, plain, rendering, wording
from console.models import Project
from segments.models import Customer

BODY = (
    "<h1>Hi {{ customer.name }}</h1><ul>{% for i in (1..2) %}<li>No {{ i }}</li>{% endfor %}</ul>"
    '<p><a href="https://shop.example/?a=1&amp;b=2">See</a> <a href="mailto:a@b.cn">Ask</a></p>'
)
KNOWN = {"orders": 3}
PROJECT = Project(name="Acme & Co", currency="USD")


def customer(**values: object) -> Customer:
    return Customer(**{"id": 7, "name": "Ann", "email": "ann@x.example", "language": "en"} | values)


def revision(body: str = BODY, subject: str = "Hi", **others: Any) -> TemplateRevision:
    words = {"en": {"subject": subject, "body": body}} | others.pop("words", {})
    return TemplateRevision(**{"channel": "email", "language": "en", "words": words} | others)


def letter(body: str = BODY, subject: str = "Hi {{ customer.name }}") -> rendering.Letter:
    return rendering.prepare(revision(body, subject), campaign_name="C", project=PROJECT)


def rendered(who: Customer | None = None, **values: str) -> rendering.Rendered:
    return rendering.render(
        letter(**values), who or customer(), KNOWN, unsubscribe_url="https://c.example/t/u/x"
    )


def test_every_mail_has_frame_footer_and_unsubscribe_link() -> None:
    html = rendered(body="<p>Hi</p>").html
    assert html.startswith("<!DOCTYPE html>")
    assert "Acme &amp; Co" in html
    assert 'href="https://c.example/t/u/x"' in html
    assert 'style="' in html.split("<p")[1]


@pytest.mark.parametrize(("is_marketing", "why"), [(True, "agreed"), (False, "order")])
def test_the_foot_says_why_one_gets_it_and_where_to_choose(is_marketing: bool, why: str) -> None:
    made = rendering.prepare(
        revision("<p>Hi</p>", "Hi"), campaign_name="C", project=PROJECT, is_marketing=is_marketing
    )
    mail = rendering.render(
        made, customer(language="en"), KNOWN, unsubscribe_url="u:1", preferences_url="p:1"
    )
    assert why in mail.html
    assert '<a href="p:1"' in mail.html
    assert "Choose what you hear: p:1" in mail.text


def test_the_footer_speaks_the_customers_language() -> None:
    assert "Unsubscribe" in rendered(customer(language="en")).html
    assert "退订" in rendered(customer(language="zh")).text
    assert "退订" in rendered(customer(language="")).html


def test_a_name_cannot_break_out_of_the_mail() -> None:
    evil = customer(name="</div><script>alert(1)</script>\r\nBcc: all@x.example")
    made = rendered(evil)
    assert "<script" not in made.html
    assert "\n" not in made.subject
    assert "\r" not in made.subject


@pytest.mark.parametrize(
    "typed", ["javascript:alert(1)", " Java\tScript:alert(1)", "data:text/html,<b>", "VBScript:x"]
)
def test_a_fact_is_no_address_that_runs_what_it_says(typed: str) -> None:
    """A mail program might not, an app that shows a page from it could."""
    who = customer(attributes={"page": typed})
    address = "{{ customer.attributes.page }}"
    made = rendered(who, body=f'<p><a href="{address}">See</a></p>')
    assert 'href=""' in made.html
    assert "alert(1)" not in made.html
    said = {"en": {"subject": "Hi", "body": "Hi", "url": address}}
    note = rendering.prepare(
        revision(channel="push", words=said), campaign_name="C", project=PROJECT
    )
    assert rendering.render(note, who, {}).url == ""
    app = customer(attributes={"page": "shop://coupons"})
    assert rendering.render(note, app, {}).url == "shop://coupons"


def test_the_plain_text_says_the_same() -> None:
    text = rendered().text
    assert "Hi Ann" in text
    assert "  * No 1\n  * No 2" in text
    assert "[See](https://shop.example/?a=1&b=2)" in text
    assert text.rstrip().endswith("https://c.example/t/u/x")


@pytest.mark.parametrize(
    ("body", "is_quick"),
    [
        (BODY, True),
        ("<p>{% if traits.orders > 2 %}many{% else %}few{% endif %}</p>", True),
        ('<p><a href="https://x.example/{{ customer.number }}">{{ customer.name }}</a></p>', True),
        ("<p {% if traits.orders %}class=x{% endif %}>x</p>", False),
        ("<p>{{ customer.name | newline_to_br }}</p>", False),
        ("<table>{% for i in (1..2) %}<tr><td>{{ i }}</td></tr>{% endfor %}</table>", False),
    ],
)
def test_the_quick_way_to_plain_text_equals_the_long_way(body: str, is_quick: bool) -> None:
    outline = plain.outline(body)
    assert (outline is not None) == is_quick
    facts = wording.EXAMPLE | {"customer": {"number": 7, "name": "A & <B>"}}
    long_way = plain.from_html(wording.render(wording.parse(body, html=True), facts))
    if outline:
        assert plain.render(outline, facts).split() == long_way.split()
    assert long_way


def test_links_to_the_web_are_tracked_and_others_are_not() -> None:
    made = rendering.render(
        letter(),
        customer(),
        KNOWN,
        unsubscribe_url="https://c.example/t/u/x",
        link=lambda target: links.click_url(5, target),
        pixel_url=links.open_url(5),
    )
    assert "shop.example" not in made.html
    assert 'href="mailto:a@b.cn"' in made.html
    assert 'href="https://c.example/t/u/x"' in made.html
    assert f'src="{links.open_url(5)}"' in made.html
    token = made.html.split("/t/c/")[1].split('"')[0]
    assert links.read_click(token) == (5, "https://shop.example/?a=1&b=2")


def test_a_token_serves_one_purpose_and_cannot_be_changed() -> None:
    token = links.open_url(5).rsplit("/", 1)[1].removesuffix(".gif")
    assert links.read_open(token) == 5
    for read in (links.read_unsubscribe, links.read_click):
        with pytest.raises(links.BadLink):
            read(token)
    for broken in (token[:-1], "x" + token, "", "a:b", "☃"):
        with pytest.raises(links.BadLink):
            links.read_open(broken)


@pytest.mark.parametrize("target", ["javascript:alert(1)", "//evil.example", "ftp://x", "/admin/"])
def test_even_a_signed_link_leads_only_to_the_web(target: str) -> None:
    token = links.click_url(5, target).rsplit("/", 1)[1]
    with pytest.raises(links.BadLink):
        links.read_click(token)


def test_previews_count_nothing_and_can_hide_who_it_is() -> None:
    made = rendering.preview(letter(), customer(), hide_contact=True)
    assert "/t/" not in made.html
    assert "Ann" not in made.html + made.subject + made.text
    assert "ann@" not in made.html


def test_a_preview_can_be_forced_dark_or_light() -> None:
    html = rendering.preview(letter(), customer(), hide_contact=False).html
    assert "@media all" in rendering.in_theme(html, "dark")
    assert "@media not all" in rendering.in_theme(html, "light")
    assert rendering.in_theme(html, "") == html


def test_a_customer_gets_the_words_of_their_language() -> None:
    zh = {"zh-hans": {"subject": "您好 {{ customer.name }}", "body": "<p>欢迎</p>"}}
    made = rendering.prepare(revision(words=zh), campaign_name="C", project=PROJECT)

    def to(language: str) -> rendering.Rendered:
        who = customer(language=language)
        return rendering.render(made, who, KNOWN, unsubscribe_url="https://c.example/u")

    assert (to("zh-CN").subject, to("zh-CN").language) == ("您好 Ann", "zh-hans")
    assert "欢迎" in to("zh").text
    assert (to("en-GB").subject, to("en-GB").language) == ("Hi", "en")


def test_other_channels_hold_their_own_fields() -> None:
    said = {
        "subject": "Hi {{ customer.name }}",
        "body": "{{ coupon.code }}: {{ coupon.value | money }} https://a.example/x\x07",
        "url": "https://a.example/{{ event.order }}",
        "template": "SMS_1",
        "params": "name: {{ customer.name }}\ncode: {{ coupon.code }}",
        "data": "level: {{ traits.orders }}",
    }

    def made(channel: str) -> rendering.Rendered:
        prepared = rendering.prepare(
            revision(channel=channel, words={"en": said}), campaign_name="C", project=PROJECT
        )
        return rendering.render(
            prepared,
            customer(name="A\nb"),
            KNOWN,
            link=lambda target: f"https://t.example/{len(target)}",
            coupon={"code": "X1", "value": 2000},
            event={"order": 9},
        )

    sms, push = made("sms"), made("push")
    assert sms.text == "X1: $20.00 https://t.example/19"
    assert (sms.template, sms.params) == ("SMS_1", {"name": "A b", "code": "X1"})
    assert (push.subject, push.url) == ("Hi A b", "https://t.example/19")
    assert push.data == {"level": "3"}
    assert made("webhook").data == {"level": "3"}


def test_an_address_that_a_customer_is_called_by_becomes_no_link_of_ours() -> None:
    body = (
        "{{ customer.name | downcase }}! {{ event.said }} https://shop.test/{{ customer.number }}"
        " {{ event.basket }} {{ customer.attributes.invites }}"
    )
    prepared = rendering.prepare(
        revision(channel="sms", words={"en": {"body": body}}), campaign_name="C", project=PROJECT
    )
    made = rendering.render(
        prepared,
        customer(
            pk=7,
            name="Ann HTTPS://Evil.test/a",
            attributes={"invites": "https://shop.test/Ann", "note": ["x"]},
        ),
        KNOWN,
        link=lambda target: f"[{target}]",
        event={"said": "see http://evil.test/b", "basket": "https://shop.test/b?1", "n": 1},
    )
    assert made.text == (
        "ann https://evil.test/a! see http://evil.test/b [https://shop.test/7]"
        " [https://shop.test/b?1] [https://shop.test/Ann]"
    )


# --- on the wire ------------------------------------------------------------


def mail(**values: str) -> Mail:
    return Mail(
        number=1,
        **{
            "id": "1.2@c.example",
            "sender": "Acme <hello@c.example>",
            "recipient": "ann@x.example",
            "subject": "Hi",
            "html": "<p>你好</p>\n.\n" * 50,
            "text": "你好\n.\n" * 50,
            "unsubscribe_url": "https://c.example/t/u/x",
        }
        | values,
        at=timezone.now(),
    )


def read(one: Mail) -> EmailMessage:
    found = message_from_bytes(mime.compose(one), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_what_is_composed_is_read_back_the_same() -> None:
    sent = mail(subject="你好，Ann：为您保留了一份礼物，请在本周内查收，过期不候 — Acme")
    got = read(sent)
    assert not got.defects
    assert got["Subject"] == sent.subject
    assert got["To"] == "ann@x.example"
    assert got["From"] == "Acme <hello@c.example>"
    assert got["Message-ID"] == "<1.2@c.example>"
    assert got["List-Unsubscribe"] == "<https://c.example/t/u/x>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for kind, text in (("plain", sent.text), ("html", sent.html)):
        part = got.get_body((kind,))
        assert part is not None
        assert not part.defects
        assert part.get_content().strip() == text.strip()


def test_the_wire_is_ascii_in_short_lines() -> None:
    raw = mime.compose(mail(subject="礼物" * 60, html="<p>" + "长" * 5000 + "</p>"))
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "evil",
    [
        {"subject": "Hi\r\nBcc: all@x.example"},
        {"subject": "Hi\nBcc: all@x.example"},
        {"subject": "Hi\x00"},
        {"recipient": "a@x.example\r\nBcc: b@x.example"},
        {"recipient": "a@x.example, b@x.example"},
        {"recipient": "no address"},
        {"recipient": "用户@例子.example"},
        {"unsubscribe_url": "https://x\r\nBcc: b@x.example"},
        {"id": "x>\r\nBcc: <b@x.example"},
    ],
    ids=lambda evil: next(iter(evil)),
)
def test_a_header_cannot_be_smuggled_in(evil: dict[str, str]) -> None:
    with pytest.raises(mime.BadMail):
        mime.compose(mail(**evil))
