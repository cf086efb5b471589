"""One conversation in SMTP: how it is opened, and how one mail after another is given in it.

A mail takes one turn there and back: its text and the next one's envelope go out together
(RFC 2920). Who speaks is a generator that yields for each answer, so what is said can be read
from top to bottom, and an answer costs no task and no future.
"""

import asyncio
import base64
import re
import ssl
from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from campaigns.channels.base import LOST, Accepted, Failed, Outcome, Refused, Unsure, because

LONGEST_ANSWER = 1 << 16  # bytes without an end; then it is not SMTP
# No such mailbox, no address, moved, a domain that takes no mail (RFC 3463, 7505).
NOBODY = re.compile(r"5\.1\.(1|3|6|10)\b")


class Gone(Exception):
    """The conversation is over, or its other side has stopped answering."""

    def __init__(self, why: str, code: int = 0) -> None:
        super().__init__(why)
        self.code = code  # that the server ended it with


class Reply(NamedTuple):
    """What the server answered."""

    code: int
    words: str

    def __str__(self) -> str:
        return f"{self.code} {self.words}"[:200]


Talk = Generator[None, Reply, None]
Asking = Generator[None, Reply, Reply]


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is given, and as whom."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    timeout: float = 30  # seconds that an answer may take


@dataclass(slots=True)
class Parcel:
    """A mail as it goes over the wire."""

    number: int
    envelope: list[bytes]  # from whom, to whom, may I begin
    body: bytes
    tries: int = 0  # conversations that ended before it was given


class Source(Protocol):
    """Where the conversations of a channel take their mails, and what they tell of them."""

    def take(self) -> Parcel | None: ...

    def begin(self, parcel: Parcel) -> None: ...

    def end(self, parcel: Parcel, outcome: Outcome) -> None: ...

    def put_back(self, parcel: Parcel, why: str) -> None: ...


class Conversation(asyncio.Protocol):
    """One connection to a server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.is_over = False
        self.answer_by = float("inf")  # on the loop's clock
        self._loop = asyncio.get_running_loop()
        self._heard = b""
        self._lines: list[str] = []  # of an answer whose last line has not come
        self._talk: Talk | None = None
        self._ended: asyncio.Future[None] | None = None
        self._pipelines = False
        self._mechanisms: set[str] = set()
        self._asked: Parcel | None = None  # its envelope may be out
        self._begun: Parcel | None = None  # its text is out

    # --- the connection -----------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._heard = (self._heard + data).split(b"\n")
        if len(self._heard) > LONGEST_ANSWER:
            self.hang_up("the answer has no end")
        for line in lines:
            if (reply := self._reply(line)) is not None:
                self._go_on(reply)

    def connection_lost(self, problem: Exception | None) -> None:
        self.hang_up(str(problem or "the server closed it"))

    def hang_up(self, why: str) -> None:
        """End it at once, and let who speaks know."""
        self.is_over = True
        self._transport.abort()
        self._end(Gone(why))

    async def run(self, talk: Talk) -> None:
        """Speak until the talk is over. Raises Gone."""
        if self.is_over:
            raise Gone("the server closed it")
        self._talk, self._ended = talk, self._loop.create_future()
        self._go_on(None)
        await self._ended

    def _reply(self, line: bytes) -> Reply | None:
        """The whole answer that ends with this line; None if more lines follow."""
        text = line.decode("utf-8", "replace").strip()
        self._lines.append(text[4:])
        if text[3:4] == "-":
            return None
        words, self._lines = "\n".join(self._lines), []
        if not text[:3].isdecimal():
            self.hang_up("the answer is not SMTP")
            return None
        return Reply(int(text[:3]), words)

    def _go_on(self, reply: Reply | None) -> None:
        if self._talk is None:  # nobody asked: it is about to close an idle connection
            return
        try:
            next(self._talk) if reply is None else self._talk.send(reply)
            self.answer_by = self._loop.time() + self.server.timeout
        except StopIteration:
            self._end(None)
        except Exception as problem:  # whatever it is, whoever waits has to hear of it
            self.is_over = True
            self._transport.abort()
            self._end(problem)

    def _end(self, problem: Exception | None) -> None:
        self._talk, self.answer_by = None, float("inf")
        if self._ended is None or self._ended.done():
            return
        if problem:
            self._ended.set_exception(problem)
        else:
            self._ended.set_result(None)

    def _say(self, words: bytes) -> None:
        self._transport.write(words)

    def _ask(self, words: str) -> Asking:
        self._say(f"{words}\r\n".encode())
        return (yield)

    # --- its opening --------------------------------------------------------

    def greet(self) -> Talk:
        _require(220, (yield))
        yield from self.introduce()

    def introduce(self) -> Talk:
        """Say hello, and hear what the server can."""
        reply = yield from self._ask("EHLO console.localdomain")
        if reply.code != 250:
            _require(250, (yield from self._ask("HELO console.localdomain")))
            return
        for line in reply.words.upper().split("\n")[1:]:
            name, *values = line.replace("=", " ").split() or [""]
            self._pipelines |= name == "PIPELINING"
            if name == "AUTH":
                self._mechanisms.update(values)

    def start_tls(self) -> Talk:
        _require(220, (yield from self._ask("STARTTLS")))

    async def secure(self, context: ssl.SSLContext) -> None:
        """From here on nobody else can read it."""
        if self._heard:  # somebody in between put words in the server's mouth
            raise Gone("the server spoke before it was secure")
        secured = await self._loop.start_tls(
            self._transport, self, context, server_hostname=self.server.host
        )
        assert secured is not None
        self._transport = secured
        self._pipelines, self._mechanisms = False, set()

    def log_in(self) -> Talk:
        user, password = self.server.user, self.server.password
        if "PLAIN" in self._mechanisms or "LOGIN" not in self._mechanisms:
            secret = _encoded(f"\0{user}\0{password}")
            _require(235, (yield from self._ask(f"AUTH PLAIN {secret}")))
            return
        _require(334, (yield from self._ask("AUTH LOGIN")))
        _require(334, (yield from self._ask(_encoded(user))))
        _require(235, (yield from self._ask(_encoded(password))))

    # --- mails --------------------------------------------------------------

    async def give(self, parcel: Parcel, source: Source) -> None:
        """Give this mail and all that the source has. Raises Gone."""
        self._asked = parcel
        try:
            await self.run(self._giving(parcel, source))
        except Gone as end:
            if self._begun:
                source.end(self._begun, Unsure(because(LOST, end)))
            if self._asked:
                source.put_back(self._asked, str(end))
            raise
        finally:
            self._asked = self._begun = None

    def _giving(self, parcel: Parcel | None, source: Source) -> Talk:
        is_out = False  # the envelope
        while parcel:
            self._asked = parcel
            if self._pipelines and not is_out:
                self._say(b"".join(parcel.envelope))
            refusal = yield from self._may_begin(parcel)
            self._asked = following = source.take()
            then = following.envelope if following and self._pipelines else []
            if refusal is None:
                source.begin(parcel)
                self._begun = parcel
                self._say(b"".join((parcel.body, *then)))
                outcome = _meaning((yield))
                self._begun = None
            else:
                self._say(b"".join((b"RSET\r\n", *then)))
                outcome = refusal
                yield
            source.end(parcel, outcome)
            is_out = bool(then)
            parcel = following or source.take()

    def _may_begin(self, parcel: Parcel) -> Generator[None, Reply, Outcome | None]:
        """The answers to an envelope; None: the server waits for the text."""
        replies: list[Reply] = []
        for command in parcel.envelope:
            if not self._pipelines:
                if replies and replies[-1].code not in (250, 251):
                    break
                self._say(command)
            reply = yield
            if reply.code == 421:  # the server is about to hang up
                raise Gone(str(reply))
            replies.append(reply)
        sender, last = replies[0], replies[-1]
        wrong = [reply for reply in replies[:2] if reply.code not in (250, 251)]
        if last.code == 354:
            if not wrong:
                return None
            self._say(b".\r\n")  # it let us begin all the same: give nothing
            yield
        no = (wrong or [last])[0]
        # What is said about the sender is about us: the customer may get it later.
        for_good = no.code >= 500 and sender.code == 250
        return _refused(no) if for_good else Failed(str(no))


async def opened(server: Server) -> Conversation:
    """A conversation in which mails can be given. Raises Gone."""
    context = ssl.create_default_context() if server.tls or server.starttls else None
    talk: Conversation | None = None
    try:
        async with asyncio.timeout(server.timeout):
            _, talk = await asyncio.get_running_loop().create_connection(
                lambda: Conversation(server),
                server.host,
                server.port,
                ssl=context if server.tls else None,
            )
            await talk.run(talk.greet())
            if server.starttls and context:
                await talk.run(talk.start_tls())
                await talk.secure(context)
                await talk.run(talk.introduce())
            if server.user:
                await talk.run(talk.log_in())
    except (OSError, Gone) as problem:  # TimeoutError is an OSError
        if talk:
            talk.hang_up("it could not be opened")
        why = str(problem) or "no answer in time"
        raise Gone(why, getattr(problem, "code", 0)) from problem
    return talk


def _require(code: int, reply: Reply) -> None:
    if reply.code != code:
        raise Gone(str(reply), reply.code)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _meaning(reply: Reply) -> Outcome:
    """What the server's word on a whole mail means."""
    if reply.code == 250:
        return Accepted()
    return _refused(reply) if reply.code >= 500 else Failed(str(reply))


def _refused(reply: Reply) -> Refused:
    return Refused(str(reply), is_gone=bool(NOBODY.match(reply.words)))
