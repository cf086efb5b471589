"""Knocking at the door without a server: one WSGI call."""

import base64
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from segments.collect import app

PATHS = {
    "segment": "/v1/batch",
    "mixpanel": "/track",
    "posthog": "/batch/",
    "sensors": "/sa",
    "own": "/api/v1/events",
}


@dataclass(frozen=True)
class Told:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


def _not_ours(environ: Any, start: Any) -> list[bytes]:
    start("404 Not Found", [])
    return [b"Django"]


_door = app.in_front_of(_not_ours)


def knock(
    path: str, body: bytes = b"", *, method: str = "POST", query: str = "", **headers: str
) -> Told:
    """Send one request; headers as WSGI names them."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **headers,
    }
    seen: list[Any] = []
    answer = _door(environ, lambda line, fields, *_: seen.extend((line, fields)))
    return Told(int(seen[0].split()[0]), dict(seen[1]), b"".join(answer))


def event_of(dialect: str, key: str, **changed: Any) -> dict[str, Any]:
    """A good event in a dialect; `changed` replaces fields by their meaning in it."""
    name, who, at = changed.get("name", "Seen"), changed.get("who", "u1"), changed.get("at")
    said = changed.get("properties", {"a": 1})
    ours = {"token": key, "distinct_id": who, "time": at}
    inside = {**ours, **said} if isinstance(said, dict) else said
    match dialect:
        case "segment":
            facts = {"type": "track", "userId": who, "timestamp": at, "properties": said}
        case "mixpanel":
            facts = {"properties": inside}
        case "posthog":
            facts = {"distinct_id": who, "timestamp": at, "properties": said}
        case "sensors":
            facts = {"type": "track", "distinct_id": who, "time": at, "properties": said}
        case _:
            facts = {"user_id": who, "at": at, "properties": said}
    return {"event": name, **facts}


def body_of(dialect: str, key: str, raws: list[Any]) -> bytes:
    """A body with these items, as that dialect's libraries write it."""
    match dialect:
        case "segment":
            return dump({"batch": raws, "writeKey": key})
        case "posthog":
            return dump({"batch": raws, "api_key": key})
        case "own":
            return dump({"items": raws})
        case _:
            return dump(raws)


def dump(found: Any) -> bytes:
    return json.dumps(found).encode()


def send(dialect: str, key: str, body: bytes, **headers: str) -> Told:
    """Send a body with the key where that dialect has it."""
    if dialect == "mixpanel":
        headers.setdefault("CONTENT_TYPE", "application/json")
    if dialect in {"own", "mixpanel"}:
        basic = base64.b64encode(f"{key}:".encode()).decode()
        headers.setdefault("HTTP_AUTHORIZATION", f"Basic {basic}")
    if dialect == "sensors":
        form = urlencode({"data_list": body.decode("latin-1")}, encoding="latin-1").encode()
        return knock("/sa", form, query=f"project=default&token={key}", **headers)
    return knock(PATHS[dialect], body, **headers)


def send_items(dialect: str, key: str, *raws: Any) -> Told:
    return send(dialect, key, body_of(dialect, key, list(raws)))


def words_of(dialect: str, told: Told) -> str:
    """The text of a refusal, from where that dialect's libraries read it."""
    match dialect:
        case "segment":
            assert told.json["success"] is False
            assert told.json["code"]
            return str(told.json["message"])
        case "mixpanel":
            assert told.json["status"] == 0
            return str(told.json["error"])
        case "posthog":
            return str(told.json["detail"])
        case "sensors":
            return told.text
        case _:
            return str(told.json["message"])
