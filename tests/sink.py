"""An SMTP server that takes as fast as it can and counts whom: PORT [MILLISECONDS A MAIL].

It runs in a thread of the tests, or in a process of its own beside a benchmark; then it says how
many mails it has, and of how many recipients, to whoever asks with XCOUNT.
"""

import asyncio
import re
import smtplib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

GREETING = b"220 sink\r\n"
EXTENSIONS = b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
END = b"\r\n.\r\n"
ADDRESS = re.compile(rb"<([^>]*)>")


@dataclass
class Sink:
    """What came, and how to behave."""

    delay: float = 0  # seconds that a mail takes before it is answered
    most: int = 10_000  # connections at a time; more are turned away
    # What to do with the n-th mail that comes in; None: answer that it is taken.
    fault: Callable[[int], str | None] = lambda _number: None
    on_mail: Callable[[int], None] | None = None
    taken: Counter[bytes] = field(default_factory=Counter)  # mails that were kept, by recipient
    came: int = 0
    open: int = 0
    most_open: int = 0


class Talk(asyncio.Protocol):
    """One connection; answers in the order of the commands."""

    def __init__(self, sink: Sink) -> None:
        self.sink, self.loop = sink, asyncio.get_running_loop()
        self.heard, self.recipient = b"", b""
        self.in_mail = self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.wire = transport
        self.sink.open += 1
        self.sink.most_open = max(self.sink.most_open, self.sink.open)
        if self.sink.open > self.sink.most:
            transport.write(b"421 too many connections\r\n")
            transport.close()
        else:
            transport.write(GREETING)

    def connection_lost(self, _problem: Exception | None) -> None:
        self.sink.open -= 1

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self.go_on()

    def go_on(self) -> None:
        answers = b""
        while not self.busy:
            end = END if self.in_mail else b"\r\n"
            part, found, rest = self.heard.partition(end)
            if not found:
                break
            self.heard = rest
            answers += self.mail() if self.in_mail else self.command(part)
        if answers:
            self.wire.write(answers)

    def command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self.recipient = (ADDRESS.search(line) or [b"", b""])[1]
            return b"250 ok\r\n"
        if verb == b"DATA":
            self.in_mail = True
            self.heard = b"\r\n" + self.heard  # so that an empty mail ends like every other
            return b"354 go on\r\n"
        if verb == b"EHLO":
            return EXTENSIONS
        if verb == b"XCOU":
            taken = self.sink.taken
            return b"250 %d %d\r\n" % (taken.total(), len(taken))
        return b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n"

    def mail(self) -> bytes:
        self.in_mail = False
        self.sink.came += 1
        fault = self.sink.fault(self.sink.came)
        if fault == "hang up":
            self.wire.abort()
            self.busy = True
        elif fault == "keep and hang up":
            self.sink.taken[self.recipient] += 1
            self.wire.close()
            self.busy = True
        elif fault == "hang":
            self.busy = True
        elif fault:
            return fault.encode() + b"\r\n"
        else:
            return self.take()
        return b""

    def take(self) -> bytes:
        self.sink.taken[self.recipient] += 1
        if self.sink.on_mail:
            self.sink.on_mail(self.sink.came)
        if not self.sink.delay:
            return b"250 taken\r\n"
        self.busy = True
        self.loop.call_later(self.sink.delay, self.answer)
        return b""

    def answer(self) -> None:
        self.busy = False
        self.wire.write(b"250 taken\r\n")
        self.go_on()


@contextmanager
def running(sink: Sink) -> Iterator[int]:
    """The sink in a thread; its port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: Talk(sink), "127.0.0.1", 0, backlog=512)
    )
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(asyncio.sleep(0))


# --- a process of its own ---------------------------------------------------


@contextmanager
def process(*, delay_ms: int = 0) -> Iterator[int]:
    """The sink in another process; its port."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.sink", str(delay_ms)], stdout=subprocess.PIPE
    )
    assert child.stdout
    try:
        yield int(child.stdout.readline())
    finally:
        child.kill()
        child.wait()


def count(port: int) -> tuple[int, int]:
    """How many mails it has, and of how many recipients."""
    with smtplib.SMTP("127.0.0.1", port) as asking:
        mails, recipients = asking.docmd("XCOUNT")[1].split()
        return int(mails), int(recipients)


def main(delay_ms: str = "0") -> None:
    with running(Sink(delay=int(delay_ms) / 1000)) as port:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
