"""Mails fetched from a mailbox over POP3, which is emptied."""

import poplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

SCHEMES = {"pop3", "pop3s", "pop3+tls"}
AT_ONCE = 500  # mails
TIMEOUT = 30  # seconds
FAILURES = (OSError, poplib.error_proto)  # as which a mailbox that cannot be read is told


def empty(url: str, take: Callable[[bytes], int], *, largest: int) -> int:
    """Hand each mail to `take` and delete it there; the sum of what `take` returned.

    Larger ones are deleted unread. Killed in the middle it hands the same again, so `take` has
    to do nothing the second time.
    """
    done = 0
    with _opened(url) as box:
        for number, size in _waiting(box):
            if size <= largest:
                done += take(b"\r\n".join(box.retr(number)[1]))
            box.dele(number)
    return done


@contextmanager
def _opened(url: str) -> Iterator[poplib.POP3]:
    """A conversation in POP3; what was deleted is gone when it ends well."""
    where = urlsplit(url)
    host, context = where.hostname or "", ssl.create_default_context()
    box: poplib.POP3
    if where.scheme == "pop3s":
        box = poplib.POP3_SSL(host, where.port or 995, timeout=TIMEOUT, context=context)
    else:
        box = poplib.POP3(host, where.port or 110, timeout=TIMEOUT)
    try:
        if where.scheme == "pop3+tls":
            box.stls(context)
        box.user(unquote(where.username or ""))
        box.pass_(unquote(where.password or ""))
        yield box
        box.quit()
    finally:
        box.close()


def _waiting(box: poplib.POP3) -> list[tuple[int, int]]:
    """The numbers and sizes of the oldest mails."""
    lines = box.list()[1][:AT_ONCE]
    return [(int(number), int(size)) for number, size in (line.split()[:2] for line in lines)]
