"""Durable ingest through the whole WSGI stack, against a plain DRF view with the ORM."""

import datetime as dt
import functools
import io
import itertools
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench import console as bench
from tests.bench.harness import ROUNDS, Contest, contest

Wsgi = Callable[[dict[str, Any], Any], Any]
RUNS = ROUNDS + 1  # and one to compare the answers
NOTE = (
    "an answer comes after the commit, on both sides to a PostgreSQL that syncs; threads call "
    "the WSGI application itself, key check included, ours also takes from the quota. What the "
    "worker does later is in neither time: ours sorts, the peer has not even looked for customers"
)


@contest("durable ingest, batches of 100, 8 clients", peer="DRF serializer + bulk_create", goal=5)
def batches(folder: Path) -> Contest:
    return _both(requests=80, size=100, clients=8)


@contest("durable ingest, single events, 16 clients", peer="DRF serializer + create", goal=3)
def singles(folder: Path) -> Contest:
    return _both(requests=400, size=1, clients=16)


def _both(*, requests: int, size: int, clients: int) -> Contest:
    ours, peer, key = _applications()
    bodies = [
        [_body(f"{size}-{run}-{one}", size) for one in range(requests)] for run in range(2 * RUNS)
    ]
    sets: Iterator[list[bytes]] = itertools.cycle(bodies)

    def run(application: Wsgi, path: str) -> int:
        send = functools.partial(_send, application, path, key)
        taken = sum(pool.map(send, next(sets)))
        assert taken == requests * size
        return taken

    pool = ThreadPoolExecutor(clients)
    return Contest(
        ours=lambda: run(ours, "/api/v1/events"), peer=lambda: run(peer, "/peer"), note=NOTE
    )


def _body(name: str, size: int) -> bytes:
    """Events as a shop's server sends them, about 250 bytes each."""
    now = dt.datetime.now(dt.UTC).isoformat()
    items = [
        {
            "id": f"{name}-{number}-{os.urandom(4).hex()}",
            "user_id": f"user-{number * 7919 % 10_000}",
            "event": "product_viewed",
            "at": now,
            "properties": {
                "sku": f"SKU-{number}", "price": 19.5, "category": "shoes", "is_new": True,
                "page": 3, "referrer": "https://search.example/?q=shoes",
            },
        }
        for number in range(size)
    ]  # fmt: skip
    return json.dumps({"items": items}).encode()


def _send(application: Wsgi, path: str, key: str, body: bytes) -> int:
    """One request, as gunicorn would hand it in; how many events were taken."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }
    status: list[str] = []
    answer = application(environ, lambda line, headers, *_: status.append(line))
    told = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    assert status[0].startswith("200"), (status, told[:300])
    return int(json.loads(told)["accepted"])


@functools.cache
def _applications() -> tuple[Wsgi, Wsgi, str]:
    """Both applications in this process, on one server that syncs every commit."""
    bench.start()
    from console import wsgi
    from console.models import Staff
    from segments import write_keys
    from segments.models import EventSource, WriteKey
    from tests.bench.peers import drf

    staff = Staff.objects.create(username="bench", role=Staff.Role.ADMIN)
    source = EventSource.objects.create(name="bench")
    _key, text = write_keys.make(
        source, by=staff, scopes=WriteKey.Scope.values, per_second=1_000_000, burst=10_000_000
    )
    return wsgi.application, drf.application(), text
