"""The whole console, started once, hurt and stopped for real (what ends it is marked last)."""

import os
import signal
import smtplib
import socket
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest

from console.embedded import places
from console.management.commands import beat
from tests import databases, servers
from tests.console.test_embedded import ask, command, free_port
from tests.console.test_supervisor import alive, children_of, command_of, until


class Console:
    """A console of the tests' own, started when a test needs it and it is not there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port, self.mailbox_port, self.phone_port = free_port(), free_port(), free_port()
        self.process: subprocess.Popen[str] | None = None

    def up(self) -> subprocess.Popen[str]:
        return command(
            self.home,
            "up",
            "--no-demo",
            PORT=str(self.port),
            MAILBOX_PORT=str(self.mailbox_port),
            PHONE_PORT=str(self.phone_port),
            PUBLIC_URL=f"http://127.0.0.1:{self.port}",
            WORKERS="1",
        )

    def ensure(self) -> "Console":
        if self.process is None or self.process.poll() is not None:
            self.process = self.up()
            lines = []
            for line in self.process.stdout or []:
                lines.append(line)
                if "Ctrl+C stops" in line:
                    break
            else:
                raise AssertionError("".join(lines))
        return self

    def everybody(self) -> list[int]:
        """The numbers of all processes that it runs, children of children too."""
        assert self.process
        found = [self.process.pid]
        for number in found:
            found += children_of(number)
        return found[1:]

    def one(self, words: str) -> int:
        """The number of the process whose command has these words."""
        for number in self.everybody():
            if words in command_of(number):
                return number
        raise AssertionError(words)


@pytest.fixture(scope="module")
def one_console(django_db_setup: None) -> Iterator[Console]:
    home = servers.new_home()
    databases.plant_seed(home)
    console = Console(home)
    yield console
    if console.process:
        console.process.send_signal(signal.SIGINT)
        console.process.communicate(timeout=120)
    servers.remove(home)


@pytest.fixture
def console(one_console: Console) -> Console:
    return one_console.ensure()


def is_healthy(console: Console) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{console.port}/readyz") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_second_console_on_the_same_home_is_told_of_the_first(console: Console) -> None:
    second = console.up()
    output, _ = second.communicate(timeout=120)
    assert second.returncode == 1
    assert output.startswith(f"The console is already running at http://127.0.0.1:{console.port}")


def test_a_killed_database_comes_back_with_what_it_promised(console: Console) -> None:
    ask(console.home, "CREATE TABLE IF NOT EXISTS promised (n int)")
    ask(console.home, "INSERT INTO promised VALUES (7)")
    postmaster = console.one("/postgres -D")
    os.kill(postmaster, signal.SIGKILL)
    until(lambda: not alive(postmaster))
    until(lambda: is_healthy(console), within=60)
    assert ask(console.home, "SELECT n FROM promised LIMIT 1") == (7,)


@pytest.mark.last
def test_nothing_outlives_a_console_that_is_killed(console: Console) -> None:
    numbers = console.everybody()
    assert console.process
    assert len(numbers) > 10  # servers, sessions, workers and their pools
    console.process.kill()
    console.process.wait()
    until(lambda: not any(alive(number) for number in numbers), within=60)


@pytest.mark.last
def test_ctrl_c_ends_everything_cleanly(console: Console) -> None:
    numbers = console.everybody()
    assert console.process
    console.process.send_signal(signal.SIGINT)
    output, _ = console.process.communicate(timeout=120)
    assert console.process.returncode == 0
    assert output.strip().splitlines()[-1] == "Stopped."
    assert "Traceback" not in output
    assert "killed" not in output
    until(lambda: not any(alive(number) for number in numbers))


def test_a_second_beat_waits(console: Console) -> None:
    held = f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = {beat.LOCK}"
    until(lambda: ask(console.home, held) == (1,))
    second = command(console.home, "beat")
    assert second.stdout
    assert second.stdout.readline() == "Another beat is running; waiting until it ends.\n"
    assert second.poll() is None
    second.terminate()
    second.communicate(timeout=120)


# --- the mailbox ------------------------------------------------------------


def test_every_recipient_finds_the_mail_as_it_was_sent(console: Console) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "你好 · a very " + "long " * 20 + "subject", "shop@example.com"
    mail.set_content(".\n..two dots begin this line\nand the end\n")
    until(lambda: listens(console.mailbox_port))
    with smtplib.SMTP("127.0.0.1", console.mailbox_port) as sender:
        sender.send_message(mail, to_addrs=["a@example.com", "b@example.com"])
        assert sender.noop()[0] == 250
    with psycopg.connect(places.database_url(console.home)) as connection:
        found = connection.execute(
            "SELECT sender, recipient, subject, raw, size = length(raw) "
            "FROM console_mailboxmessage WHERE sender = 'shop@example.com' ORDER BY recipient"
        ).fetchall()
    raw = mail.as_bytes(policy=SMTP).rstrip(b"\r\n")
    assert found == [
        ("shop@example.com", to, mail["Subject"], raw, True)
        for to in ("a@example.com", "b@example.com")
    ]


def listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def test_a_pipeline_of_mails_is_answered_in_its_order(console: Console) -> None:
    until(lambda: listens(console.mailbox_port))
    one = b"MAIL FROM:<%d@pipe.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n"
    said = b"EHLO me\r\nRCPT TO:<x@y.example>\r\nFLY\r\n"
    said += b"MAIL FROM:<big@pipe.example> SIZE=99999999999\r\n"
    said += b"".join(one % n + b"Subject: n\xff\0\r\n\r\nhello\r\n.\r\n" for n in range(3))
    said += one % 3 + b".\r\nQUIT\r\n"
    with socket.create_connection(("127.0.0.1", console.mailbox_port)) as line:
        line.sendall(said)
        answers = b"".join(iter(lambda: line.recv(4096), b"")).splitlines()
    codes = [answer[:3].decode() for answer in answers if answer[3:4] == b" "]
    assert codes == ["220", "250", "503", "502", "552", *["250", "250", "354", "250"] * 4, "221"]


def test_without_its_database_the_mailbox_asks_to_try_again_later(home: Path) -> None:
    port = free_port()
    url = "postgres://a:b@127.0.0.1:1/c"
    ports = (f"--port={port}", f"--phone-port={free_port()}")
    process = command(home, "mailbox", *ports, DATABASE_URL=url)
    try:
        until(lambda: listens(port))
        with smtplib.SMTP("127.0.0.1", port) as sender, pytest.raises(smtplib.SMTPDataError) as no:
            sender.sendmail("a@example.com", ["b@example.com"], "Subject: hello\r\n\r\nhello")
        assert no.value.smtp_code == 451
    finally:
        process.terminate()
        process.communicate(timeout=120)
    assert process.returncode == 0
