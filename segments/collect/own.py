"""Our own HTTP API: `/api/v1/events`, as `docs/collecting.md` describes it."""

from typing import Any

from segments import dead_letters
from segments.collect import bodies
from segments.collect.speech import Answer, Call, Dialect, Outcome, Refused, Request, as_json
from segments.dialects import own
from segments.dialects.values import Bad

COMMON = ("sent_at", "history")


def read(request: Request) -> Call:
    keys = bodies.bearer(request.header("authorization"))
    keys += bodies.basic(request.header("authorization"))
    found = bodies.parse(request.body)
    if isinstance(found, list):
        return Call(keys, bodies.a_list(found, "the body"), {})
    body = bodies.an_object(found)
    if "items" not in body:
        return Call(keys, [body])
    if unknown := body.keys() - {"items", *COMMON}:
        words = f"Unknown: {', '.join(sorted(unknown))[:100]}. A body has items, sent_at, history."
        raise Refused(400, "unknown_field", words)
    common = {name: body[name] for name in COMMON if name in body}
    return Call(keys, bodies.a_list(body["items"], "items"), common)


def accepted(request: Request, call: Call, outcome: Outcome) -> Answer:
    """Which were taken; 400 when none was, so that nobody overlooks it."""
    rejected = [_rejected(index, bad) for index, bad in outcome.rejected]
    status = 400 if rejected and not outcome.accepted else 200
    return as_json(status, {"accepted": outcome.accepted, "rejected": rejected})


def _rejected(index: int, bad: Bad) -> dict[str, Any]:
    words = dead_letters.words(bad.reason)
    return {"index": index, "reason": bad.reason, "detail": bad.detail, "message": words}


def refused(request: Request, why: Refused) -> Answer:
    return as_json(why.status, {"error": why.code, "message": why.words})


DIALECT = Dialect(
    speech=own,
    paths=("/api/v1/events",),
    read=read,
    accepted=accepted,
    refused=refused,
    all_bad_is_refused=False,
)
