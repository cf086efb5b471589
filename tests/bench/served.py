"""A console served as `up` serves it, on loopback, and somebody who asks it over a socket."""

import atexit
import functools
import http.client
import json
import os
import socket
from collections.abc import Callable
from typing import Any

from console.embedded.supervisor import Supervisor
from tests.bench import console

Post = Callable[[str, Any], Any]


@functools.cache
def administrator() -> Post:
    """How somebody who may everything sends JSON to an address and gets the answer, over one
    kept connection, to gunicorn with its usual processes."""
    console.start()
    from django.conf import settings
    from django.test import Client
    from django.utils.crypto import get_random_string

    from console.embedded import programs
    from console.models import Staff

    settings.PORT = _free_port()
    os.environ["PORT"] = str(settings.PORT)
    supervisor = Supervisor(settings.HOME_DIR / "logs")
    supervisor.start(programs.web())
    atexit.register(supervisor.stop)
    staff, _new = Staff.objects.get_or_create(username="reader", role=Staff.Role.ADMIN)
    client, token = Client(), get_random_string(32)
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    headers = {
        "Content-Type": "application/json",
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}",
        "X-CSRFToken": token,
    }
    line = http.client.HTTPConnection("127.0.0.1", settings.PORT, timeout=60)

    def post(address: str, given: Any) -> Any:
        line.request("POST", address, json.dumps(given), headers)
        answer = line.getresponse()
        said = answer.read()
        assert answer.status == 200, said
        return json.loads(said)

    return post


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
