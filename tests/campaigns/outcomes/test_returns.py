"""What comes back as mail is told to the message it is about, and to no other."""

import datetime as dt
import html
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import caches

from campaigns.channels import returned
from campaigns.contact import suppression
from campaigns.models import Message
from campaigns.outcomes import returns
from campaigns.words import links
from console.models import Staff, WorkItem
from segments.models import InboxEvent
from tests.campaigns.factories import CampaignFactory, people, segment_of

AT = dt.datetime(2018, 3, 1, tzinfo=dt.UTC)


def report(
    *,
    to: str = "bounces@shop.example",
    status: str = "5.1.1",
    action: str = "failed",
    whom: str = "c0@customers.example",
    original: str = "",
) -> bytes:
    """A report of delivery, as Postfix writes it."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {whom}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user here

--b1
Content-Type: text/rfc822-headers

Subject: Hello
{original}

--b1--
""".replace("\n", "\r\n").encode()


def complaint(original: str, kind: str = "abuse") -> bytes:
    """A report of abuse (ARF), as mail services send it; they hide the recipient."""
    return f"""\
From: feedback@isp.example
To: abuse@shop.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b1"

--b1
Content-Type: text/plain

This is an email abuse report.

--b1
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1

--b1
Content-Type: message/rfc822

From: news@shop.example
Subject: Hello
{original}

<p>Hello</p>
--b1--
""".replace("\n", "\r\n").encode()


# --- reading ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "for_good"),
    [("5.1.1", True), ("5.1.10", True), ("5.2.1", True), ("5.2.2", False), ("5.7.1", False)],
)
def test_only_an_address_that_does_not_exist_is_one_for_good(status: str, for_good: bool) -> None:
    (one,) = returned.read(report(status=status))
    assert (one.what, one.recipient, one.for_good) == (
        returned.BOUNCED,
        "c0@customers.example",
        for_good,
    )
    assert "no such user" in one.reason


def test_a_delay_a_holiday_and_a_person_are_no_failures() -> None:
    assert returned.read(report(action="delayed")) == []
    holiday = b"From: Ann <a@x.example>\r\nAuto-Submitted: auto-replied\r\n\r\nI am away."
    assert returned.read(holiday) == []
    assert returned.read(b"From: Ann <a@x.example>\r\n\r\n550 5.1.1 is a nice number") == []
    assert returned.read(complaint("", kind="not-spam")) == []


@pytest.mark.parametrize("raw", [b"", b"\0\xff", b"Content-Type: multipart/report\r\n\r\n--",
    b"Content-Type: message/delivery-status\r\n\r\nAction: failed",
    b"Content-Type: message/feedback-report\r\n\r\n",
    b"Content-Type: \xff\xfe; boundary=\r\n\r\n"])  # fmt: skip
def test_nonsense_breaks_nothing(raw: bytes) -> None:
    assert isinstance(returned.read(raw), list)


# --- whose --------------------------------------------------------------------


@pytest.fixture
def message(settings: Any, db: None) -> Message:
    settings.BOUNCE_ADDRESS = "bounces+{}@shop.example"
    (customer,) = people(1)
    return Message.objects.create(
        campaign=CampaignFactory.create(segment=segment_of([customer])),
        customer=customer,
        address=customer.email,
        status=Message.Status.SENT,
    )


def told() -> list[str]:
    return list(InboxEvent.objects.values_list("name", flat=True))


def test_the_mark_in_the_address_says_whose_report_it_is(message: Message) -> None:
    came = report(to=returns.address(message.pk).upper(), whom="someone@else.example")
    assert returns.take(came, at=AT) == 1
    assert returns.take(came, at=AT) == 1, "again changes nothing"
    message.refresh_from_db()
    assert message.bounced_at == AT
    assert suppression.is_listed(message.address)
    assert told() == ["message_bounced"]


@pytest.mark.parametrize("said", ["5.1.1 \0gone", "5.1.1 \udcff\udcfe gone", "5.1.1 {{ x }}<b>"])
def test_a_report_with_what_no_column_holds_is_told_all_the_same(
    message: Message, said: str
) -> None:
    """Else the mailbox would stop at it for ever."""
    to = returns.address(message.pk)
    came = report(to=to).replace(
        b"Status: 5.1.1", b"Status: " + said.encode(errors="surrogateescape")
    )
    assert returns.take(came, at=AT) == 1
    message.refresh_from_db()
    assert message.bounced_at == AT
    assert "\0" not in message.reason


def test_an_answer_that_names_what_no_column_holds_stops_nothing(message: Message) -> None:
    raw = b"From: Ann <a@x.example>\r\nIn-Reply-To: <a\0b\xff@x>\r\n\r\nYes\0 please"
    assert returns.take(raw, at=AT) == 0


def test_a_complaint_is_known_by_the_link_that_only_its_mail_had(message: Message) -> None:
    headers = f"List-Unsubscribe: <{links.unsubscribe_url(message.pk)}>"
    assert returns.take(complaint(headers), at=AT) == 1
    message.refresh_from_db()
    assert message.complained_at == AT
    assert told() == ["message_complained"]


def test_without_a_mark_our_number_counts_only_with_the_recipient(message: Message) -> None:
    headers = f"Message-ID: <{message.pk}.{message.campaign_id}@shop.example>"
    assert returns.take(report(original=headers, whom="x@customers.example"), at=AT) == 0
    assert returns.take(complaint(headers), at=AT) == 0
    assert returns.take(report(original=headers, whom=message.address.upper()), at=AT) == 1


def test_a_mark_that_somebody_made_up_is_none(message: Message) -> None:
    to = f"bounces+{message.pk}-0123456789ab@shop.example"
    assert returns.take(report(to=to, whom="x@customers.example"), at=AT) == 0
    assert told() == []


# --- what customers answer ------------------------------------------------------


def answer(about: str, *, text: str = "Is it still there?", **headers: str) -> bytes:
    """What a customer writes back, as a mail program sends it."""
    said = {
        "From": "Ann <C0@customers.example>",
        "To": "news@shop.example",
        "Subject": "Re: Hello",
        "In-Reply-To": f"<{about}>",
        "Content-Type": "text/plain; charset=gb18030",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    before = "\r\n\r\n在 2018年3月1日，News <news@shop.example> 写道：\r\n> Hello"
    return (head + "\r\n" + text + before).encode("gb18030")


def test_what_a_customer_answers_counts_once_without_what_it_answers(message: Message) -> None:
    ours = f"{message.pk}.{message.campaign_id}@shop.example"
    assert returns.take(answer(ours, text="还有货吗？"), at=AT) == 1
    assert returns.take(answer(ours, text="?"), at=AT) == 1
    (event,) = InboxEvent.objects.all()
    assert (event.name, event.properties["text"]) == ("message_replied", "还有货吗？")
    message.refresh_from_db()
    assert (message.replied_at, message.unsubscribed_at) == (AT, None)


def test_an_answer_that_refuses_unsubscribes(message: Message) -> None:
    assert returns.take(answer("?", text="退订。", To=returns.address(message.pk)), at=AT) == 1
    assert told() == ["message_unsubscribed", "message_replied"]
    assert suppression.is_listed(message.address)


def test_a_no_to_what_a_mail_asked_is_no_unsubscription(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(provider_id="<20180301.1@mg.example>")
    assert returns.take(answer("20180301.1@mg.example", text="No."), at=AT) == 1
    assert told() == ["message_replied"]


@pytest.mark.parametrize(
    "odd",
    [
        {"From": "somebody@else.example"},
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"Subject": "=?utf-8?b?6Ieq5Yqo5Zue5aSN?=: Hello"},
        {"From": ""},
        {"In_Reply_To": "<1.2@elsewhere.example>"},
    ],
    ids=["another", "away", "bulk", "titled away", "nobody", "another mail"],
)
def test_who_is_not_its_customer_answers_nothing(message: Message, odd: dict[str, str]) -> None:
    ours = f"{message.pk}.{message.campaign_id}@shop.example"
    assert returns.take(answer(ours, **odd), at=AT) == 0
    assert told() == []


# --- the mailbox --------------------------------------------------------------


class Box(socketserver.ThreadingTCPServer):
    """A POP3 server with one mailbox; what is deleted is gone when it is left properly."""

    daemon_threads = True

    def __init__(self, mails: list[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Line)
        self.mails = mails


class Line(socketserver.StreamRequestHandler):
    server: Box

    def handle(self) -> None:
        self.say("+OK ready")
        gone: set[int] = set()
        for said in self.rfile:
            verb, _space, number = said.decode().strip().partition(" ")
            match verb:
                case "PASS":
                    self.say("+OK" if number == "se cret" else "-ERR no")
                case "LIST":
                    sizes = [f"{n} {len(one)}" for n, one in enumerate(self.server.mails, 1)]
                    self.say("\r\n".join(["+OK", *sizes, "."]))
                case "RETR":
                    mail = self.server.mails[int(number) - 1]
                    self.wfile.write(b"+OK\r\n" + mail.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
                case "DELE":
                    gone.add(int(number) - 1)
                    self.say("+OK")
                case "QUIT":
                    kept = [m for n, m in enumerate(self.server.mails) if n not in gone]
                    self.server.mails = kept
                    self.say("+OK")
                    return
                case _:
                    self.say("+OK")

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def box(*mails: bytes) -> Iterator[Box]:
    server = Box(list(mails))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def test_the_mailbox_is_read_and_emptied(message: Message, settings: Any) -> None:
    with box(report(to=returns.address(message.pk)), b"Subject: hi\r\n\r\n.dot") as server:
        port = server.server_address[1]
        settings.BOUNCES_URL = f"pop3://bounces%40shop.example:se%20cret@127.0.0.1:{port}"
        assert returns.fetch(at=AT) == 1
        assert server.mails == []
        assert returns.fetch(at=AT) == 0
    assert told() == ["message_bounced"]


@pytest.mark.django_db
def test_a_mailbox_that_cannot_be_read_is_seen_and_becomes_work(
    settings: Any, signed_in: Any, monkeypatch: Any
) -> None:
    settings.BOUNCES_URL = "pop3://bounces:secret@127.0.0.1:1"  # nobody is there
    caches["shared"].delete(returns.TROUBLE)
    returns.look(at=AT)
    found = returns.trouble()
    assert found
    assert "secret" not in found.words
    assert not WorkItem.objects.exists()
    client = signed_in("admin")
    for page in ("/admin/campaigns/channelaccount/", "/admin/"):
        assert found.words in html.unescape(client.get(page).content.decode()), page
    monkeypatch.setattr(returns, "PATIENCE", dt.timedelta(0))
    for _ in range(2):
        returns.look(at=AT)
    (item,) = WorkItem.objects.all()
    assert item.owner == Staff.objects.get(role="admin")
    monkeypatch.setattr(returns, "fetch", lambda at: 0)
    returns.look(at=AT)
    assert returns.trouble() is None
