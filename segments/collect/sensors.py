"""The HTTP API of 神策 (Sensors Analytics): `/sa`, its image, and `/debug`."""

from typing import Any

from segments.collect import bodies
from segments.collect.speech import GIF, POINT, Answer, Call, Dialect, Outcome, Refused, Request
from segments.dialects import sensors

IMAGE, DEBUG = "/sa.gif", "/debug"


def read(request: Request) -> Call:
    fields = dict(request.query)
    if request.method == "POST":
        fields |= bodies.form(request.body)
    many, one = fields.get("data_list"), fields.get("data")
    if fields.get("gzip") == "9":
        raise Refused(415, "encrypted", "Encrypted data cannot be read: turn encryption off.")
    if not many and not one:
        raise Refused(400, "no_data", "There is neither “data” nor “data_list”.")
    found = bodies.packed(bodies.to_bytes(many or one or ""))
    raws = bodies.a_list(found if isinstance(found, list) else [found], "data_list")
    keys = [fields.get("token"), _token(raws)]
    is_rehearsal = request.path == DEBUG and request.header("dry-run").lower() == "true"
    return Call([key for key in keys if key], raws, is_rehearsal=is_rehearsal)


def _token(raws: list[Any]) -> str | None:
    found = raws[0].get("token") if raws and isinstance(raws[0], dict) else None
    return found if isinstance(found, str) else None


def accepted(request: Request, call: Call, outcome: Outcome) -> Answer:
    if request.path == IMAGE:
        return Answer(200, POINT, GIF)
    return Answer(200)


def refused(request: Request, why: Refused) -> Answer:
    """The libraries only look whether the status is below 300; people read the text."""
    return Answer(why.status, f"{why.code}: {why.words}".encode())


DIALECT = Dialect(
    speech=sensors,
    paths=("/sa", IMAGE, DEBUG),
    read=read,
    accepted=accepted,
    refused=refused,
    methods=("POST", "GET"),
)
