"""The mailbox as a program of its own: what mail servers promise, it keeps."""

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from console.models import MailboxMessage
from tests import databases
from tests.console.test_embedded import command, free_port
from tests.console.test_supervisor import until


@contextmanager
def open_mailbox(home: Path, database: str) -> Iterator[int]:
    """Its port; what it leaves behind when it is asked to end is nothing."""
    port = free_port()
    ports = (f"--port={port}", f"--phone-port={free_port()}")
    process = command(home, "mailbox", *ports, DATABASE_URL=database)
    try:
        until(lambda: listens(port))
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=120)
    assert process.returncode == 0


def listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.django_db(transaction=True)
def test_mails_are_kept_as_they_were_sent_and_answered_in_their_order(home: Path) -> None:
    with open_mailbox(home, databases.url()) as port:
        every_recipient_finds_the_mail_as_it_was_sent(port)
        a_pipeline_of_mails_is_answered_in_its_order(port)


def every_recipient_finds_the_mail_as_it_was_sent(port: int) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "你好 · a very " + "long " * 20 + "subject", "shop@example.com"
    mail.set_content(".\n..two dots begin this line\nand the end\n")
    with smtplib.SMTP("127.0.0.1", port) as sender:
        sender.send_message(mail, to_addrs=["a@example.com", "b@example.com"])
        assert sender.noop()[0] == 250
    found = [
        (one.sender, one.recipient, one.subject, bytes(one.raw), one.size == len(one.raw))
        for one in MailboxMessage.objects.order_by("recipient")
    ]
    raw = mail.as_bytes(policy=SMTP).rstrip(b"\r\n")
    assert found == [
        ("shop@example.com", to, mail["Subject"], raw, True)
        for to in ("a@example.com", "b@example.com")
    ]


def a_pipeline_of_mails_is_answered_in_its_order(port: int) -> None:
    one = b"MAIL FROM:<%d@pipe.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n"
    said = b"EHLO me\r\nRCPT TO:<x@y.example>\r\nFLY\r\n"
    said += b"MAIL FROM:<big@pipe.example> SIZE=99999999999\r\n"
    said += b"".join(one % n + b"Subject: n\xff\0\r\n\r\nhello\r\n.\r\n" for n in range(3))
    said += one % 3 + b".\r\nQUIT\r\n"
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(said)
        answers = b"".join(iter(lambda: line.recv(4096), b"")).splitlines()
    codes = [answer[:3].decode() for answer in answers if answer[3:4] == b" "]
    assert codes == ["220", "250", "503", "502", "552", *["250", "250", "354", "250"] * 4, "221"]


def test_without_its_database_the_mailbox_asks_to_try_again_later(home: Path) -> None:
    with (
        open_mailbox(home, "postgres://a:b@127.0.0.1:1/c") as port,
        smtplib.SMTP("127.0.0.1", port) as sender,
    ):
        with pytest.raises(smtplib.SMTPDataError) as no:
            sender.sendmail("a@example.com", ["b@example.com"], "Subject: hello\r\n\r\nhello")
        assert no.value.smtp_code == 451
