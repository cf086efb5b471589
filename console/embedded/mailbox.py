"""The local mailbox: an SMTP server on loopback that keeps every mail to be read in the console."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.errors import MessageError
from email.parser import BytesHeaderParser
from email.policy import default as modern

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import DatabaseError, close_old_connections, connection

from console.embedded.places import CannotStart
from console.models import MailboxMessage

HOST = "127.0.0.1"  # never another: this server asks nobody for a password
SIZE_LIMIT = 25 << 20  # bytes
BATCH = 500  # mails in one INSERT
AWAY = "451 4.3.0 The database of the mailbox does not answer; try again later"
log = structlog.get_logger(__name__)
_headers = BytesHeaderParser(policy=modern)


def serve(port: int) -> None:
    """Receive mail until SIGTERM or Ctrl+C."""
    asyncio.run(_serve(port))


async def _serve(port: int) -> None:
    loop, handler, ended = asyncio.get_running_loop(), Handler(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    try:
        server = await loop.create_server(lambda: _protocol(handler), HOST, port, backlog=512)
    except OSError as error:
        raise CannotStart(f"The mailbox cannot listen on {HOST}:{port}: {error}") from error
    writer = asyncio.create_task(handler.write())
    log.info("mailbox is open", host=HOST, port=port)
    await ended.wait()
    server.close()
    await handler.drain()
    writer.cancel()


def _protocol(handler: "Handler") -> SMTP:
    return SMTP(
        handler,
        data_size_limit=SIZE_LIMIT,
        enable_SMTPUTF8=True,
        hostname="localhost",  # else it asks the name server
        ident="mailbox of the console",
        loop=asyncio.get_running_loop(),
    )


@dataclass
class Handler:
    """Takes mails from all connections and stores what has come together in one INSERT.

    The answer 250 waits for the commit, so a mail that was accepted is kept.
    """

    _waiting: list[tuple[Envelope, asyncio.Future[str]]] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=1))

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append((envelope, answer))
        self._idle.clear()
        self._came.set()
        return await answer

    async def write(self) -> None:
        """Store batch after batch, for ever."""
        while True:
            if not self._waiting:
                self._idle.set()
            await self._came.wait()
            self._came.clear()
            while batch := self._waiting[:BATCH]:
                del self._waiting[:BATCH]
                await self._store([envelope for envelope, _ in batch], [a for _, a in batch])

    async def _store(self, envelopes: list[Envelope], answers: list[asyncio.Future[str]]) -> None:
        loop = asyncio.get_running_loop()
        words = await loop.run_in_executor(self._thread, store, envelopes)
        for answer in answers:
            if not answer.done():  # a connection may have gone meanwhile
                answer.set_result(words)

    async def drain(self) -> None:
        """Wait until what was taken is stored."""
        await self._idle.wait()
        self._thread.submit(connection.close).result()


def store(envelopes: list[Envelope]) -> str:
    """Store mails and say in SMTP's words how it went."""
    close_old_connections()
    messages = [message for envelope in envelopes for message in messages_of(envelope)]
    try:
        MailboxMessage.objects.bulk_create(messages, batch_size=BATCH)
    except DatabaseError as error:
        log.warning("mails were not stored", mails=len(messages), reason=str(error).strip())
        return AWAY
    return "250 OK: stored"


def messages_of(envelope: Envelope) -> list[MailboxMessage]:
    """One row for each recipient."""
    raw = envelope.content if isinstance(envelope.content, bytes) else b""
    subject = _subject(raw)
    return [
        MailboxMessage(
            sender=_clean(envelope.mail_from or "", 320),
            recipient=_clean(recipient, 320),
            subject=_clean(subject, 500),
            raw=raw,
            size=len(raw),
        )
        for recipient in envelope.rcpt_tos
    ]


def _subject(raw: bytes) -> str:
    try:
        return str(_headers.parsebytes(raw).get("Subject", ""))
    except (MessageError, ValueError, LookupError, IndexError):  # anybody may send anything
        return ""


def _clean(text: str, room: int) -> str:
    """Text that PostgreSQL can keep: no NUL, no half characters, not too long."""
    return text.replace("\0", "").encode(errors="replace").decode()[:room]
