"""PostHog's HTTP API: batches, single captures, and the flags that we do not have."""

from typing import Any

from segments.collect import bodies
from segments.collect.speech import (
    Answer,
    Call,
    Dialect,
    Outcome,
    Refused,
    Request,
    as_json,
    echo,
)
from segments.dialects import posthog

NEW = "/i/v1/analytics/events"  # answers for each event, and keeps the key in a header
COMMON = ("sent_at", "historical_migration")
# What libraries ask besides sending: feature flags and settings of the browser's library.
NO_FLAGS: dict[str, Any] = {
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
    "sessionRecording": False,
    "supportedCompression": ["gzip", "gzip-js", "base64"],
}
NO_DEFINITIONS: dict[str, Any] = {"flags": [], "group_type_mapping": {}, "cohorts": {}}
QUESTIONS: dict[str, dict[str, Any]] = {
    "/flags": NO_FLAGS,
    "/decide": NO_FLAGS,
    "/flags/definitions": NO_DEFINITIONS,
}


def read(request: Request) -> Call:
    found = _body(request)
    body = found if isinstance(found, dict) else {}
    keys = [body.get("api_key"), body.get("token"), request.query.get("token")]
    if isinstance(found, list):  # the browser's older form: events, each with its token
        raws = bodies.a_list(found, "the body")
    elif "batch" in body:
        raws = bodies.a_list(body["batch"], "batch")
    else:
        raws = [bodies.an_object(found)]
    keys += [_token(raws), *bodies.bearer(request.header("authorization"))]
    common = {name: body[name] for name in COMMON if body.get(name)}
    if request.path == NEW:
        common.setdefault("sent_at", request.header("PostHog-Request-Timestamp"))
        raws = [_lifted(raw) for raw in raws]
    return Call([key for key in keys if isinstance(key, str) and key], raws, common)


def _body(request: Request) -> Any:
    """A form's field, the part after “?”, or the body itself, packed or not."""
    if request.method == "GET":
        return bodies.packed(bodies.to_bytes(request.query.get("data", "")))
    if request.body.startswith(b"data="):
        return bodies.packed(bodies.to_bytes(bodies.form(request.body).get("data", "")))
    return bodies.packed(request.body)


def _token(raws: list[Any]) -> Any:
    first = raws[0] if raws and isinstance(raws[0], dict) else {}
    inner = first.get("properties")
    found = inner.get("token") if isinstance(inner, dict) else None
    return found or first.get("token") or first.get("api_key")


def _lifted(raw: Any) -> Any:
    """An event of the newer form with its options where the older one has them."""
    options = raw.get("options") if isinstance(raw, dict) else None
    if not isinstance(options, dict) or not isinstance(raw.get("properties"), dict):
        return raw
    lifted = dict(raw["properties"])
    if "process_person_profile" in options:
        lifted["$process_person_profile"] = options["process_person_profile"]
    if "disable_skew_correction" in options:
        lifted["$ignore_sent_at"] = options["disable_skew_correction"]
    return {**raw, "properties": lifted}


def accepted(request: Request, call: Call, outcome: Outcome) -> Answer:
    if request.path != NEW:
        return as_json(200, {"status": 1})
    results: dict[str, dict[str, str]] = {}
    bad = dict(outcome.rejected)
    for index, raw in enumerate(call.raws):
        told = (
            {"result": "drop", "details": bad[index].reason} if index in bad else {"result": "ok"}
        )
        if isinstance(raw, dict):
            results[str(echo(raw.get("uuid")))] = told
    return as_json(200, {"results": results})


def refused(request: Request, why: Refused) -> Answer:
    """`detail` is what the libraries show."""
    said = {"type": "validation_error", "code": why.code, "detail": why.words}
    return as_json(why.status, said)


DIALECT = Dialect(
    speech=posthog,
    paths=("/batch", "/capture", "/e", "/i/v0/e", "/i/v0/ai/batch", NEW),
    read=read,
    accepted=accepted,
    refused=refused,
    methods=("POST", "GET"),
)
