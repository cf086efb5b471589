"""The local phone: a server on loopback where short messages and their like arrive to be read.

It answers as each provider would (`console.embedded.providers`), runs in the mailbox's process
and keeps what it gets in the same table.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import structlog
from django.db import DatabaseError, close_old_connections, connection

from console.embedded import mail_doors, mailbox, places
from console.embedded.places import CannotStart
from console.embedded.providers import Got, Heard, Keys, Providers, Said, new_private_key
from console.models import MailboxMessage

HOST = "127.0.0.1"
SIZE_LIMIT = 1 << 20  # bytes of one request
AWAY = Said({"error": "the phone's database does not answer"}, 503, {"Retry-After": "5"})
log = structlog.get_logger(__name__)


class Line(BaseHTTPRequestHandler):
    """One connection, kept from request to request."""

    protocol_version = "HTTP/1.1"
    timeout = 120  # seconds of silence
    server: "Phone"

    def do_POST(self) -> None:
        self._hear(self.headers.get("Content-Length", ""))

    def do_GET(self) -> None:
        self._hear(self.headers.get("Content-Length", "0"))

    def _hear(self, length: str) -> None:
        if not length.isdecimal() or int(length) > SIZE_LIMIT:
            self.close_connection = True
            self._say(Said({"error": "how long is it?"}, 413 if length.isdecimal() else 411))
            return
        where = urlsplit(self.path)
        heard = Heard(
            path=where.path,
            query=dict(parse_qsl(where.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
            method=self.command,
        )
        self._say(self.server.heard(heard))

    def _say(self, said: Said) -> None:
        body = json.dumps(said.body, ensure_ascii=False).encode()
        self.send_response(said.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def finish(self) -> None:
        super().finish()
        self.server.on_hang_up()

    def log_message(self, *_words: object) -> None:
        """What was said stands in the table."""


class Phone(ThreadingHTTPServer):
    """All lines. `keep` stores what came; the answer waits for it."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self,
        port: int,
        keys: Keys,
        keep: Callable[[Got], None],
        tell: mail_doors.Tell = mail_doors.tell,
    ) -> None:
        try:
            super().__init__((HOST, port), Line)
        except OSError as error:
            raise CannotStart(f"The phone cannot listen on {HOST}:{port}: {error}") from error
        self._providers = Providers(keys, keep, tell)
        self.on_hang_up: Callable[[], None] = lambda: None

    def heard(self, heard: Heard) -> Said:
        try:
            return self._providers.answer(heard)
        except DatabaseError as error:
            log.warning("a message was not stored", reason=str(error).strip())
            return AWAY

    def begin(self) -> "Phone":
        """Answer in the background until the process ends, or `shutdown`."""
        threading.Thread(target=self.serve_forever, name="phone", daemon=True).start()
        return self


def open_beside(port: int, home: Path) -> Phone:
    """The phone of a console."""
    phone = Phone(port, keys_of(home), _store_now)
    phone.on_hang_up = connection.close  # Django's connections are by thread
    log.info("phone is open", host=HOST, port=port)
    return phone.begin()


def keys_of(home: Path) -> Keys:
    """The providers' keys: a secret and a key pair in the console's home."""
    return Keys(
        secret=places.secret(home, "phone"),
        private_key=places.secret(home, "phone.pem", make=new_private_key),
    )


def store(got: Got) -> None:
    """One row, which may be read in the console; a mail as if it had come over SMTP."""
    if got.source:
        mail = mailbox.Mail(got.sender, [got.recipient], got.source)
        MailboxMessage.objects.bulk_create(mailbox.messages_of(mail))
        return
    kept = {"title": got.title, "text": got.text, "said": got.raw}
    raw = json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")
    MailboxMessage.objects.create(
        wire=got.wire,
        recipient=_clean(got.recipient, 320),
        subject=_clean(got.title or got.text, 500),
        raw=raw,
        size=len(raw),
    )


def _store_now(got: Got) -> None:
    """The database may have gone and come back since this line was used."""
    close_old_connections()
    store(got)


def _clean(text: str, room: int) -> str:
    """Text that PostgreSQL can keep."""
    return text.replace("\0", "").encode(errors="replace").decode()[:room]
