"""Segment's HTTP API: `/v1/batch` and its single calls."""

from segments.collect import bodies
from segments.collect.speech import Answer, Call, Dialect, Outcome, Refused, Request, as_json
from segments.dialects import segment

SHORT = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"}
SINGLE = {name: name for name in SHORT.values()} | SHORT
BATCH = ("batch", "b", "import")


def read(request: Request) -> Call:
    body = bodies.an_object(bodies.parse(request.body))
    keys = bodies.basic(request.header("authorization"))
    keys += [key] if isinstance(key := body.get("writeKey"), str) else []
    last = request.path.rpartition("/")[2]
    if last in BATCH:
        raws = bodies.a_list(body.get("batch"), "batch")
        return Call(keys, raws, {"sentAt": body["sentAt"]} if body.get("sentAt") else {})
    body.pop("writeKey", None)
    return Call(keys, [{**body, "type": SINGLE[last]}])


def accepted(request: Request, call: Call, outcome: Outcome) -> Answer:
    return as_json(200, {"success": True})


def refused(request: Request, why: Refused) -> Answer:
    """`code` and `message` are what the libraries put into their logs."""
    return as_json(why.status, {"success": False, "code": why.code, "message": why.words})


DIALECT = Dialect(
    speech=segment,
    paths=tuple(f"/v1/{last}" for last in (*BATCH, *SINGLE)),
    read=read,
    accepted=accepted,
    refused=refused,
)
