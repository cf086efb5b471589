"""What a log must not say: whose link was followed, and the secret addresses of reports."""

from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from console import logs
from console.gunicorn import DiscreetLogger


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/t/r/7/aSecret-token", "/t/r/7/…"),
        ("/t/u/MTI:signature", "/t/u/…"),
        ("/t/o/MTI:signature.gif", "/t/o/…"),
        ("/t/a/7/messages/12/seen", "/t/a/7/messages/12/seen"),
        ("/admin/campaigns/campaign/7/change/", "/admin/campaigns/campaign/7/change/"),
    ],
    ids=["report", "unsubscribe", "pixel", "in-app", "screen"],
)
def test_secret_parts_of_addresses_are_not_written(path: str, written: str) -> None:
    assert logs.without_tokens(path) == written
    event = {"event": f"Not Found: {path}"}
    assert logs.in_paths(None, "", event)["event"] == f"Not Found: {written}"


def test_the_access_log_is_discreet() -> None:
    request: Any = SimpleNamespace(headers=[], method="POST")
    answer: Any = SimpleNamespace(status="200", headers=[], sent=0)
    asked = {"RAW_URI": "/t/r/7/secret", "PATH_INFO": "/t/r/7/secret", "REQUEST_METHOD": "POST"}
    asked["SERVER_PROTOCOL"] = "HTTP/1.1"
    taken: Any = SimpleNamespace(seconds=0, microseconds=5)
    said = DiscreetLogger(Config()).atoms(answer, request, asked, taken)
    assert said["U"] == "/t/r/7/…"
