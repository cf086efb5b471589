"""Mixpanel's HTTP API: `/track`, `/engage`, `/groups` and `/import`."""

from typing import Any

from segments.collect import bodies
from segments.collect.speech import (
    GIF,
    POINT,
    Answer,
    Call,
    Dialect,
    Outcome,
    Refused,
    Request,
    as_json,
    echo,
)
from segments.dialects import mixpanel

IMPORT = "/import"


def read(request: Request) -> Call:
    """The data may be a form's field, the part after “?”, or the body itself."""
    fields = _fields(request)
    if "data" in fields:
        found = bodies.packed(bodies.to_bytes(fields["data"]))
    elif request.content_type == "application/x-ndjson":
        found = [bodies.parse(line) for line in request.body.splitlines() if line.strip()]
    else:
        found = bodies.packed(request.body)
    raws = bodies.a_list(found if isinstance(found, list) else [found], "data")
    keys = [_token(raws), fields.get("token"), fields.get("api_key")]
    keys += bodies.basic(request.header("authorization"))
    history = {"historical": True} if request.path == IMPORT else {}
    return Call([key for key in keys if key], [_with(raw, history) for raw in raws], history)


def _fields(request: Request) -> dict[str, str]:
    fields = dict(request.query)
    if request.method == "POST" and request.content_type in {
        "application/x-www-form-urlencoded",
        "",
    }:
        fields |= bodies.form(request.body)
    return fields


def _token(raws: list[Any]) -> str | None:
    """The token of the first message; all of a request are of one project."""
    first = raws[0] if raws and isinstance(raws[0], dict) else {}
    inner = first.get("properties")
    found = inner.get("token") if isinstance(inner, dict) else first.get("$token")
    return found if isinstance(found, str) else None


def _with(raw: Any, history: dict[str, bool]) -> Any:
    return {**raw, **history} if history and isinstance(raw, dict) else raw


def _is_strict(request: Request) -> bool:
    """Whether the sender speaks the newer `/import`, which tells of each message."""
    plain = request.content_type in {"application/json", "application/x-ndjson"}
    return request.path == IMPORT and (plain or request.query.get("strict") == "1")


def accepted(request: Request, call: Call, outcome: Outcome) -> Answer:
    if _is_strict(request):
        return _strict(call, outcome)
    return _answer(request, 200, "", 1)


def _strict(call: Call, outcome: Outcome) -> Answer:
    failed = [
        {
            "index": index,
            "$insert_id": _insert_id(call.raws[index]),
            "field": bad.detail,
            "message": bad.reason,
        }
        for index, bad in outcome.rejected
    ]
    said = {"num_records_imported": outcome.accepted, "failed_records": failed}
    if not failed:
        return as_json(200, {"code": 200, "status": "OK", **said})
    error = "some data points in the request failed validation"
    return as_json(400, {"code": 400, "status": "Bad Request", "error": error, **said})


def _insert_id(raw: Any) -> Any:
    inner = raw.get("properties") if isinstance(raw, dict) else None
    return echo(inner.get("$insert_id")) if isinstance(inner, dict) else None


def refused(request: Request, why: Refused) -> Answer:
    if _is_strict(request):
        return as_json(why.status, {"code": why.status, "error": why.words, "status": why.code})
    return _answer(request, why.status, why.words, 0)


def _answer(request: Request, status: int, error: str, number: int) -> Answer:
    """A point for images, an object for who asks to be told, else just 1 or 0.

    A refusal always tells why: the library for Python asks, others may only log it.
    """
    if request.method == "GET" and request.query.get("img") == "1":
        return Answer(status, POINT, GIF)
    if error or "1" in (_fields(request).get("verbose"), request.query.get("verbose")):
        return as_json(status, {"status": number, "error": error or None})
    return Answer(status, str(number).encode())


DIALECT = Dialect(
    speech=mixpanel,
    paths=("/track", "/engage", "/groups", IMPORT),
    read=read,
    accepted=accepted,
    refused=refused,
    methods=("POST", "GET"),
)
