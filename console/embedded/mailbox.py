"""The local mailbox: a small SMTP server on loopback whose mails are read in the console.

It is our own because it has to keep up with the senders: it answers a whole pipeline of commands
in one write and stores what has come over all connections in one INSERT.
"""

import asyncio
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.errors import MessageError
from email.parser import BytesHeaderParser
from email.policy import default as modern

import structlog
from django.db import DatabaseError, close_old_connections, connection

from console.embedded.places import CannotStart
from console.models import MailboxMessage

HOST = "127.0.0.1"  # never another: this server asks nobody for a password
SIZE_LIMIT = 25 << 20  # bytes of one mail
LINE_LIMIT = 4096  # bytes of one command
BATCH = 500  # mails in one transaction
STORED = b"250 2.0.0 stored"
AWAY = b"451 4.3.0 the mailbox's database does not answer; try again later"
TOO_LARGE = b"552 5.3.4 too large"
GREETING = b"220 localhost mailbox of the console"
EXTENSIONS = b"250-localhost\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE %d"
PATH = re.compile(rb"(?:FROM|TO):\s*<(?:@[^:>]*:)?((?:\"(?:[^\"\\]|\\.)*\"|[^>\"])*)>(.*)", re.I)
SIZE = re.compile(rb"\bSIZE=(\d+)", re.I)
log = structlog.get_logger(__name__)
_headers = BytesHeaderParser(policy=modern)


@dataclass
class Mail:
    """One transaction of SMTP: who sends what to whom."""

    sender: str
    recipients: list[str] = field(default_factory=list)
    raw: bytes = b""


def serve(port: int) -> None:
    """Receive mail until SIGTERM or Ctrl+C."""
    asyncio.run(_serve(port))


async def _serve(port: int) -> None:
    loop, keeper, ended = asyncio.get_running_loop(), Keeper(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    try:
        server = await loop.create_server(lambda: Conversation(keeper), HOST, port, backlog=512)
    except OSError as error:
        raise CannotStart(f"The mailbox cannot listen on {HOST}:{port}: {error}") from error
    log.info("mailbox is open", host=HOST, port=port)
    await ended.wait()
    server.close()
    await keeper.close()


# --- what is said -----------------------------------------------------------


class Conversation(asyncio.Protocol):
    """One connection. Answers come in the order of the commands, as pipelining wants it."""

    def __init__(self, keeper: "Keeper") -> None:
        self._keeper = keeper
        self._heard = bytearray()
        self._looked = 0  # how far `_heard` is known to hold no end
        self._mail: Mail | None = None
        self._in_mail = self._storing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._say([GREETING])

    def data_received(self, data: bytes) -> None:
        self._heard += data
        self._go_on()

    def _go_on(self) -> None:
        """Answer all that has come; while a mail is being stored, the rest waits."""
        answers = []
        while not self._storing and (part := self._next_part()) is not None:
            answer = self._take(part) if self._in_mail else self._answer(part)
            answers += [answer] if answer else []
        self._say(answers)
        if len(self._heard) > (SIZE_LIMIT if self._in_mail or self._storing else LINE_LIMIT):
            self._say([TOO_LARGE])
            self._transport.close()

    def _next_part(self) -> bytes | None:
        """The next command, or the next mail, when it is complete."""
        end = b"\r\n.\r\n" if self._in_mail else b"\r\n"
        at = self._heard.find(end, self._looked)
        if at < 0:
            self._looked = max(0, len(self._heard) - len(end))
            return None
        part = bytes(self._heard[:at])
        del self._heard[: at + len(end)]
        self._looked = 0
        return part

    def _say(self, answers: list[bytes]) -> None:
        if answers and not self._transport.is_closing():
            self._transport.write(b"\r\n".join(answers) + b"\r\n")

    def _answer(self, line: bytes) -> bytes:
        verb, _, rest = line.strip().partition(b" ")
        match verb.upper():
            case b"MAIL" | b"RCPT" | b"DATA" as step:
                return self._step(step, rest)
            case b"EHLO":
                self._mail = None
                return EXTENSIONS % SIZE_LIMIT
            case b"HELO" | b"RSET" | b"NOOP" as polite:
                self._mail = self._mail if polite == b"NOOP" else None
                return b"250 localhost"
            case b"QUIT":
                self._say([b"221 2.0.0 bye"])
                self._transport.close()
                return b""
            case _:
                return b"502 5.5.1 this command is not known here"

    def _step(self, step: bytes, rest: bytes) -> bytes:
        """The three steps of a mail, each of which needs the one before."""
        path = PATH.match(rest)
        if step == b"DATA" and self._mail and self._mail.recipients:
            self._in_mail = True
            self._heard[:0] = b"\r\n"  # so that an empty mail ends like every other
            return b"354 end with a line that has only a dot"
        if step == b"MAIL" and path and not self._mail:
            if (size := SIZE.search(path[2])) and int(size[1]) > SIZE_LIMIT:
                return TOO_LARGE
            self._mail = Mail(path[1].decode(errors="replace"))
            return b"250 2.1.0 sender noted"
        if step == b"RCPT" and path and self._mail:
            self._mail.recipients.append(path[1].decode(errors="replace"))
            return b"250 2.1.5 recipient noted"
        return b"501 5.5.4 no address" if rest and not path else b"503 5.5.1 not in this order"

    def _take(self, part: bytes) -> bytes:
        """Hand over a whole mail; its answer comes when it is stored."""
        assert self._mail
        self._mail.raw = part.replace(b"\r\n..", b"\r\n.")[2:]
        self._in_mail, self._storing = False, True
        self._keeper.keep(self._mail).add_done_callback(self._kept)
        self._mail = None
        return b""

    def _kept(self, answer: asyncio.Future[bytes]) -> None:
        self._storing = False
        self._say([answer.result()])
        self._go_on()


# --- what is kept -----------------------------------------------------------


class Keeper:
    """Stores the mails of all connections, as many at once as have come meanwhile.

    The answer 250 waits for the commit, so a mail that was accepted is kept.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Mail, asyncio.Future[bytes]]] = []
        self._thread = ThreadPoolExecutor(max_workers=1)  # Django's connections are by thread
        self._writing: asyncio.Task[None] | None = None

    def keep(self, mail: Mail) -> asyncio.Future[bytes]:
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append((mail, answer))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return answer

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while batch := self._waiting[:BATCH]:
            del self._waiting[:BATCH]
            words = await loop.run_in_executor(self._thread, store, [mail for mail, _ in batch])
            for _, answer in batch:
                answer.set_result(words)
        self._writing = None

    async def close(self) -> None:
        """Store what was taken, and let go of the database."""
        if self._writing:
            await self._writing
        await asyncio.get_running_loop().run_in_executor(self._thread, lambda: connection.close())


def store(mails: list[Mail]) -> bytes:
    """Store mails, and say in SMTP's words how it went."""
    messages = [message for mail in mails for message in messages_of(mail)]
    try:
        close_old_connections()
        MailboxMessage.objects.bulk_create(messages, batch_size=BATCH)
    except DatabaseError as error:
        log.warning("mails were not stored", mails=len(mails), reason=str(error).strip())
        return AWAY
    return STORED


def messages_of(mail: Mail) -> list[MailboxMessage]:
    """One row for each recipient."""
    subject = _clean(_subject(mail.raw), 500)
    return [
        MailboxMessage(
            sender=_clean(mail.sender, 320),
            recipient=_clean(recipient, 320),
            subject=subject,
            raw=mail.raw,
            size=len(mail.raw),
        )
        for recipient in mail.recipients
    ]


def _subject(raw: bytes) -> str:
    try:
        return str(_headers.parsebytes(raw.partition(b"\r\n\r\n")[0]).get("Subject", ""))
    except (MessageError, ValueError, LookupError):  # anybody may send anything
        return ""


def _clean(text: str, room: int) -> str:
    """Text that PostgreSQL can keep: no NUL, no half characters, not too long."""
    return text.replace("\0", "").encode(errors="replace").decode()[:room]
