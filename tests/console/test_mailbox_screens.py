"""Mails of the local mailbox are read in a frame that runs nothing."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.words import rendering
from console import mail
from console.embedded import phone
from console.embedded.providers import Got
from console.models import MailboxMessage


def a_mail(html: str = "<p>Hi</p>") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Hello"
    message["To"] = "anna@customers.example"
    message.set_content("Hi in plain text")
    message.add_alternative(html, subtype="html")
    return message


def kept(message: EmailMessage) -> MailboxMessage:
    raw = bytes(message)
    return MailboxMessage.objects.create(
        sender="console@localhost",
        recipient="anna@customers.example",
        subject="Hello",
        raw=raw,
        size=len(raw),
    )


def test_a_mail_comes_apart_into_html_text_and_links() -> None:
    found = mail.read(
        bytes(
            a_mail('<a href="https://a.example/?x=1&amp;y=2"><b>Go</b></a><a href="mailto:x">m</a>')
        )
    )
    assert found.links == [("https://a.example/?x=1&y=2", "Go")]
    assert found.text.strip() == "Hi in plain text"
    assert ("Subject", "Hello") in found.headers


def test_the_link_that_catches_machines_is_not_offered_to_people() -> None:
    trap = rendering.TRAP.format("https://c.example/t/n/x/")
    found = mail.read(bytes(a_mail(f'<a href="https://c.example/t/c/y/">Go</a>{trap}')))
    assert found.links == [("https://c.example/t/c/y/", "Go")]


@pytest.mark.parametrize(
    ("raw", "html", "text"),
    [
        (b"", "", ""),
        (b"\xff\xfe\x00", "", "\ufffd\ufffd\x00"),
        (b"Content-Type: text/html; charset=klingon\n\nhi", "hi", ""),
    ],
    ids=["nothing", "no text", "an unknown alphabet"],
)
def test_what_is_hardly_a_mail_is_shown_all_the_same(raw: bytes, html: str, text: str) -> None:
    found = mail.read(raw)
    assert (found.html, found.text, found.links) == (html, text, [])


@pytest.mark.django_db
def test_the_frame_is_closed_to_scripts(signed_in: Callable[..., Client]) -> None:
    message = kept(a_mail("<script>alert(1)</script>"))
    client = signed_in("operator")
    page = client.get(reverse("admin:console_mailboxmessage_change", args=[message.pk]))
    assert 'sandbox="allow-popups' in page.content.decode()
    assert "<script>alert(1)</script>" not in page.content.decode()
    frame = client.get(reverse("admin:console_mailboxmessage_html", args=[message.pk]))
    assert "default-src 'none'" in frame["Content-Security-Policy"]
    assert "sandbox" in frame["Content-Security-Policy"]


@pytest.mark.django_db
def test_roles_without_the_mailbox_read_no_mail(signed_in: Callable[..., Client]) -> None:
    message = kept(a_mail())
    client = signed_in("analyst")
    for name in ("change", "html"):
        address = reverse(f"admin:console_mailboxmessage_{name}", args=[message.pk])
        assert client.get(address).status_code == 403


@pytest.mark.django_db
def test_a_short_message_is_shown_as_a_phone_shows_it(signed_in: Callable[..., Client]) -> None:
    phone.store(Got("sms", "+8613800138000", "", "<b>您好</b>\x00", {"to": "+8613800138000"}))
    kept_one = MailboxMessage.objects.get()
    address = reverse("admin:console_mailboxmessage_change", args=[kept_one.pk])
    page = signed_in("operator").get(address).content.decode()
    assert "&lt;b&gt;您好&lt;/b&gt;" in page
    assert "+8613800138000" in page
    hidden = signed_in("manager").get(address).content.decode()
    assert "您好" not in hidden
    assert "13800138000" not in hidden
