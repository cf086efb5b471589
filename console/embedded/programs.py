"""The console's own programs, as services for the supervisor."""

import functools
import http.client
import os
import signal
import sys

from django.conf import settings

from console.embedded import mailbox as local_mailbox
from console.embedded import places, supervisor
from console.embedded.supervisor import Service


def manage(*arguments: str) -> list[str]:
    """One of our own commands, run by this Python."""
    return [sys.executable, str(places.ROOT / "manage.py"), *arguments]


def mailbox() -> Service:
    opened = functools.partial(supervisor.answers, local_mailbox.HOST, settings.MAILBOX_PORT)
    return Service("mailbox", manage("mailbox"), ready=opened, cwd=places.ROOT)


def worker() -> Service:
    argv = [sys.executable, "-m", "celery", "-A", "console.celery", "worker"]
    argv += ["-c", str(worker_processes()), "-l", "INFO", "--without-gossip", "--without-mingle"]
    # Killed with us: a task that is cut off comes back, one that lives on would run beside it.
    return Service("worker", argv, cwd=places.ROOT, death_signal=signal.SIGKILL)


def worker_processes() -> int:
    """As many as there are cores for us, up to four."""
    given = getattr(settings, "WORKERS", 0)
    return given or min(len(os.sched_getaffinity(0)), 4)


def beat() -> Service:
    return Service("beat", manage("beat"), cwd=places.ROOT)


def web() -> Service:
    argv = [sys.executable, "-m", "gunicorn", "-c", "python:console.gunicorn"]
    argv += ["console.wsgi:application"]
    return Service("web", argv, ready=serves, cwd=places.ROOT)


def serves() -> bool:
    """Whether the web answers a request."""
    everywhere = settings.BIND in {"0.0.0.0", "::"}  # noqa: S104  (compared, not bound)
    line = http.client.HTTPConnection(
        "127.0.0.1" if everywhere else settings.BIND, settings.PORT, timeout=5
    )
    try:
        line.request("GET", "/healthz", headers={"Host": "127.0.0.1"})
        return line.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
