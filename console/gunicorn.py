"""How gunicorn serves the console; used as `gunicorn -c python:console.gunicorn`."""

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

from django.conf import settings
from gunicorn.glogging import Logger

from console import logs


class DiscreetLogger(Logger):
    """Writes who asked for what, without the part of an address that is a secret."""

    def atoms(self, *args: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(*args)
        return found | {"U": logs.without_tokens(found["U"])}


bind = (
    f"[{settings.BIND}]:{settings.PORT}"
    if ":" in settings.BIND
    else f"{settings.BIND}:{settings.PORT}"
)
worker_class = "gthread"
workers = 2
threads = 8
preload_app = not settings.DEBUG  # the workers share the memory of what is loaded
reload = settings.DEBUG
timeout = 120
graceful_timeout = 10
keepalive = 5
umask = 0o077  # files that the web writes are the console's alone
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (heartbeats)
control_socket_disable = True
accesslog = str(settings.HOME_DIR / "logs" / "access.log")
# Without what stands after “?”: some client libraries put their write key there.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s %(D)s "%(a)s"'
logger_class = DiscreetLogger
errorlog = "-"
