"""Mail over SMTP, through a few connections that are kept."""

import smtplib
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

from campaigns.channels import mime
from campaigns.channels.base import (
    LOST,
    Accepted,
    Failed,
    Mail,
    Outcome,
    Refused,
    Unreachable,
    Unsure,
    because,
)

Reply = tuple[int, bytes]
GONE = (OSError, smtplib.SMTPException)


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is given, and as whom."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    timeout: float = 30


class SmtpChannel:
    """A `Channel` to one server. What one mail waits for, the others do not."""

    def __init__(self, server: Server, connections: int = 8) -> None:
        self._all = [Connection(server) for _ in range(connections)]
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="smtp")
        self._free: SimpleQueue[Connection] = SimpleQueue()
        for connection in self._all:
            self._free.put(connection)

    def connect(self) -> None:
        self._all[0].connect()

    def send(self, mails: Sequence[Mail]) -> list[Outcome]:
        return list(self._threads.map(self._send_one, mails))

    def close(self) -> None:
        self._threads.shutdown()
        for connection in self._all:
            connection.close()

    def _send_one(self, mail: Mail) -> Outcome:
        connection = self._free.get()
        try:
            return connection.send(mail)
        finally:
            self._free.put(connection)


class Connection:
    """One conversation with the server, for one mail after another."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._smtp: smtplib.SMTP | None = None

    def connect(self) -> None:
        """Find the conversation alive, or begin a new one. Raises Unreachable."""
        if self._smtp is not None:
            try:
                if self._smtp.noop()[0] == 250:
                    return
            except GONE:
                pass
            self.close()
        try:
            self._smtp = self._begun()
        except GONE as problem:
            raise Unreachable(f"{self.server.host}:{self.server.port}: {problem}") from problem

    def send(self, mail: Mail) -> Outcome:
        try:
            body = mime.compose(mail)
        except mime.BadMail as wrong:
            return Refused(str(wrong))
        try:
            refusal = self._ask(mail)
        except (*GONE, Unreachable) as problem:
            self.close()
            return Failed(because(LOST, problem), answered=False)
        return refusal or self._give(body)

    def close(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _begun(self) -> smtplib.SMTP:
        server = self.server
        trust = ssl.create_default_context() if server.tls or server.starttls else None
        smtp = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=trust)
            if server.tls
            else smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        )
        try:
            if server.starttls:
                smtp.starttls(context=trust)
            if server.user:
                smtp.login(server.user, server.password)
            smtp.ehlo_or_helo_if_needed()
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _ask(self, mail: Mail) -> Outcome | None:
        """From whom, to whom, may I begin: in one go where the server can. None: it is ready.

        A kept conversation may have ended while nobody spoke; then it is begun anew, once.
        """
        try:
            replies = self._envelope(mail)
        except GONE:
            self.close()
            replies = self._envelope(mail)
        codes = [code for code, _words in replies]
        if codes[-1] == 354 and len(codes) == 3:
            if codes[0] == 250 and codes[1] in (250, 251):
                return None
            self._smtp_now.docmd(".")  # it let us begin all the same: give nothing
        code, words = next(one for one in replies if one[0] not in (250, 251))
        if code == 421:  # the server is about to hang up
            self.close()
        else:
            self._smtp_now.rset()
        # What is said about the sender is about us: the customer may get it later.
        for_good = code >= 500 and codes[0] == 250
        return Refused(_text(code, words)) if for_good else Failed(_text(code, words))

    def _envelope(self, mail: Mail) -> list[Reply]:
        if self._smtp is None:
            self.connect()
        smtp = self._smtp_now
        commands = [
            f"MAIL FROM:{mime.angled(mail.sender)}",
            f"RCPT TO:<{mail.recipient}>",
            "DATA",
        ]
        if smtp.has_extn("pipelining"):
            smtp.send("".join(f"{command}\r\n" for command in commands))
            return [smtp.getreply() for _ in commands]
        replies = []
        for command in commands:
            replies.append(smtp.docmd(command))
            if replies[-1][0] not in (250, 251):
                break
        return replies

    def _give(self, body: bytes) -> Outcome:
        smtp = self._smtp_now
        try:
            smtp.send(body.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            code, words = smtp.getreply()
        except GONE as problem:
            self.close()
            return Unsure(because(LOST, problem))
        if code == 250:
            return Accepted()
        if code == 421:
            self.close()
        return Refused(_text(code, words)) if code >= 500 else Failed(_text(code, words))

    @property
    def _smtp_now(self) -> smtplib.SMTP:
        assert self._smtp is not None
        return self._smtp


def _text(code: int, words: bytes) -> str:
    return f"{code} {words.decode('utf-8', 'replace')}"[:200]
