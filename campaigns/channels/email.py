"""Mail over SMTP, through as many connections as there is work for, which are kept."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator

from campaigns.channels import mime
from campaigns.channels.base import (
    LOST,
    Busy,
    Failed,
    Journal,
    Mail,
    Outcome,
    Refused,
    Unreachable,
    because,
)
from campaigns.channels.smtp import Conversation, Gone, Parcel, Server, opened

CONNECTIONS = 100  # at most, from one process
TRIES = 3  # conversations that may end before a mail is given; then something is wrong
FEWER_FOR = 60  # seconds that we keep to the connections that the server lets us have


class SmtpChannel:
    """A `Channel` to one server. What one mail waits for, the others do not.

    Its loop runs only while it is used: between mails the connections wait in the kernel.
    """

    def __init__(self, server: Server, connections: int = CONNECTIONS) -> None:
        self.server, self.connections = server, connections
        self._runner = asyncio.Runner()
        self._idle: list[Conversation] = []
        self._busy: set[Conversation] = set()
        self._at_most, self._at_most_until = connections, 0.0

    def connect(self) -> None:
        self._runner.run(self._connect())

    def send(self, mails: Iterable[Mail], journal: Journal) -> None:
        self._runner.run(self._send(_Mails(iter(mails), journal)))

    def close(self) -> None:
        with self._runner:
            self._runner.run(self._hang_up())

    async def _connect(self) -> None:
        await self._notice_ends()
        if self._idle:
            return
        try:
            self._idle.append(await opened(self.server))
        except Gone as problem:
            kind = Busy if 400 <= problem.code < 500 else Unreachable
            raise kind(f"{self.server.host}:{self.server.port}: {problem}") from problem

    async def _send(self, mails: "_Mails") -> None:
        await self._notice_ends()
        watch = asyncio.create_task(self._hang_up_on_the_silent())
        try:
            async with asyncio.TaskGroup() as givers:
                for _ in range(self._allowed()):
                    givers.create_task(self._give(mails))
        except BaseExceptionGroup as problems:
            # Not the server's doing: mails are begun whose end will not be heard.
            await self._hang_up()
            raise problems.exceptions[0] from None
        finally:
            watch.cancel()
        mails.give_up()

    async def _give(self, mails: "_Mails") -> None:
        """One connection's share of the mails, over another one when it ends."""
        while parcel := mails.take():
            try:
                talk = self._idle.pop() if self._idle else await opened(self.server)
            except Gone as problem:
                mails.put_back(parcel, str(problem))
                self._at_most = max(1, len(self._busy))
                self._at_most_until = asyncio.get_running_loop().time() + FEWER_FOR
                if self._idle:
                    continue
                return  # those that are busy take what was put back
            self._busy.add(talk)
            try:
                await talk.give(parcel, mails)
                self._idle.append(talk)
            except Gone:
                continue
            finally:
                self._busy.discard(talk)

    def _allowed(self) -> int:
        """As many connections as we may have; fewer where the server lately refused more."""
        if asyncio.get_running_loop().time() > self._at_most_until:
            self._at_most = self.connections
        return self._at_most

    async def _notice_ends(self) -> None:
        """Let the loop see which kept connections were closed while nobody spoke."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._idle = [talk for talk in self._idle if not talk.is_over]

    async def _hang_up_on_the_silent(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(min(1, self.server.timeout / 4))
            for talk in [one for one in self._busy if one.answer_by < now()]:
                talk.hang_up("no answer in time")

    async def _hang_up(self) -> None:
        for talk in (*self._idle, *self._busy):
            talk.hang_up("we hung up")
        self._idle.clear()
        self._busy.clear()
        await asyncio.sleep(0)


class _Mails:
    """What one call is to give; several conversations take from it."""

    def __init__(self, mails: Iterator[Mail], journal: Journal) -> None:
        self._mails, self._journal = mails, journal
        self._back: deque[tuple[Parcel, str]] = deque()

    def take(self) -> Parcel | None:
        """The next mail that can be written down; what was put back comes first."""
        if self._back:
            return self._back.popleft()[0]
        for mail in self._mails:
            try:
                return mime.parcel(mail)
            except mime.BadMail as wrong:
                self._journal.ended(mail.number, Refused(str(wrong)))
        return None

    def begin(self, parcel: Parcel) -> None:
        self._journal.begun(parcel.number)

    def end(self, parcel: Parcel, outcome: Outcome) -> None:
        self._journal.ended(parcel.number, outcome)

    def put_back(self, parcel: Parcel, why: str) -> None:
        """It was not begun, so another conversation may give it."""
        parcel.tries += 1
        if parcel.tries < TRIES:
            self._back.append((parcel, why))
        else:
            self.end(parcel, Failed(because(LOST, why), answered=False))

    def give_up(self) -> None:
        """What nobody was left to take."""
        for parcel, why in self._back:
            self.end(parcel, Failed(because(LOST, why), answered=False))
        self._back.clear()
