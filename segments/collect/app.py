"""The door itself: which dialect is spoken, whose key it is, what is taken, and the answer."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.utils import timezone

from segments import dead_letters, deliveries, write_keys
from segments.collect import bodies, mixpanel, own, posthog, segment, sensors
from segments.collect.speech import (
    Answer,
    Call,
    Dialect,
    Outcome,
    Refused,
    Request,
    Speech,
    as_json,
)
from segments.deliveries import Dead
from segments.dialects import texts, values
from segments.dialects.values import Bad, Sending
from segments.items import Item
from segments.write_keys import Key

log = structlog.get_logger(__name__)

DIALECTS = (segment.DIALECT, mixpanel.DIALECT, posthog.DIALECT, sensors.DIALECT, own.DIALECT)
ROUTES = {path: dialect for dialect in DIALECTS for path in dialect.paths}
RETRY_AFTER = 5  # seconds, when the database is away
NO_KEY = "The write key is missing or unknown: copy the one of your source from the console."
AWAY = "The events could not be stored just now. Send them again later."
MOST_LETTERS = 100  # dead ones of one request; the others are counted in one more
_HEADERS = re.compile(r"[A-Za-z0-9, _-]{1,1000}")

Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]


def in_front_of(others: Wsgi) -> Wsgi:
    """The application that takes what is sent to us, and hands everything else on."""

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        path = path.rstrip("/") if len(path) > 1 else path
        if path in ROUTES:
            answer = respond(ROUTES[path], path, environ)
        elif path in posthog.QUESTIONS:
            answer = as_json(200, posthog.QUESTIONS[path])
        else:
            return others(environ, start)
        start(_line(answer.status), [*_headers(environ, answer)])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    return application


def respond(dialect: Dialect, path: str, environ: Mapping[str, Any]) -> Answer:
    """Take a request, and answer as this dialect's libraries expect it, whatever happens."""
    method = environ["REQUEST_METHOD"]
    if method == "OPTIONS":
        return Answer()
    request = Request(method, path, {}, environ, b"")
    try:
        if method not in dialect.methods:
            raise Refused(405, "wrong_method", f"Send this with {dialect.methods[0]}.")
        query = bodies.form(environ.get("QUERY_STRING", ""))
        request = Request(method, path, query, environ, b"")
        request = Request(method, path, query, environ, bodies.read(environ))
        call = dialect.read(request)
        outcome = _take(dialect, call, timezone.now())
    except Refused as why:
        return _refusal(dialect, request, why)
    except deliveries.Unavailable as problem:
        log.error("door.unavailable", problem=str(problem)[:200])
        return _refusal(dialect, request, Refused(503, "away", AWAY, retry_after=RETRY_AFTER))
    except Exception:
        log.exception("door.failed", path=path)
        return _refusal(dialect, request, Refused(500, "failed", AWAY))
    return _acceptance(dialect, request, call, outcome)


def _take(dialect: Dialect, call: Call, at: dt.datetime) -> Outcome:
    """Check who sends and how much, keep what is good, and the rest as dead letters.

    Raises:
        Refused: nothing was taken.
        Unavailable: nothing is certain to be kept.
    """
    key = _key(call, at)
    wait = 0 if call.is_rehearsal else write_keys.seconds_to_wait(key, len(call.raws))
    if wait:
        words = f"More events a second than this write key may send; come again in {wait} s."
        raise Refused(429, "too_fast", words, retry_after=wait)
    items, rejected = _sort(dialect, call, key, at)
    accepted = len(call.raws) - len(rejected)
    if not call.is_rehearsal:
        dead = _letters(dialect, call, rejected)
        deliveries.accept(key.source_id, items, dead, received_at=at)
    if rejected and not accepted and dialect.all_bad_is_refused:
        raise _all_bad(rejected)
    return Outcome(accepted, rejected)


def _key(call: Call, at: dt.datetime) -> Key:
    for given in call.keys[:4]:
        if key := write_keys.find(given, at=at):
            return key
    raise Refused(401, "unknown_key", NO_KEY)


def _sort(
    dialect: Dialect, call: Call, key: Key, at: dt.datetime
) -> tuple[list[Item], list[tuple[int, Bad]]]:
    """The good items of a call, and what is wrong with the others, by their index."""
    speech = dialect.speech
    received_at = int(at.timestamp() * 1_000_000)
    shared = None if call.common is None else speech.sending(call.common, received_at)
    good: list[Item] = []
    rejected: list[tuple[int, Bad]] = []
    is_noted = False
    for index, raw in enumerate(call.raws):
        try:
            good += _translated(speech, raw, received_at, shared, key)
        except Bad as bad:
            rejected.append((index, bad))
        except Exception as problem:  # whatever it is, it must not spoil the others
            rejected.append((index, Bad("broken", type(problem).__name__)))
            if not is_noted:
                log.exception("door.item_failed", dialect=speech.NAME, index=index)
            is_noted = True
    return good, rejected


def _translated(
    speech: Speech, raw: Any, received_at: int, shared: Sending | None, key: Key
) -> list[Item]:
    """One raw item as ours.

    Raises:
        Bad: why it cannot be taken.
    """
    if not isinstance(raw, dict):
        raise Bad("wrong_type", "item")
    _measure(raw)
    found = speech.translate(raw, shared or speech.sending(raw, received_at))
    for item in found:
        if not write_keys.may_send(key, item):
            raise Bad("scope", type(item).__name__.lower())
    return found


def _measure(raw: dict[str, Any]) -> None:
    """Refuse an item that is too large, or too deep to be written at all."""
    try:
        size = texts.size(raw)
    except texts.TooDeep as problem:
        raise Bad("too_deep", "item") from problem
    if size > values.LARGEST_ITEM:
        raise Bad("too_large", f"{size} > {values.LARGEST_ITEM}")


def _letters(dialect: Dialect, call: Call, rejected: list[tuple[int, Bad]]) -> list[Dead]:
    """What is kept of the bad items: the first as they are, the others as their number, so
    that one sender who goes on and on does not bury the letters of all others."""
    dead = [_dead(dialect, call, index, bad) for index, bad in rejected[:MOST_LETTERS]]
    if more := Counter(bad.reason for _index, bad in rejected[MOST_LETTERS:]):
        counts = ", ".join(f"{reason} {count}" for reason, count in more.most_common())
        detail = f"{more.total()}: {counts}"
        dead.append(Dead(dialect.speech.NAME, "more", texts.dump(dict(more)), detail))
    return dead


def _dead(dialect: Dialect, call: Call, index: int, bad: Bad) -> Dead:
    """A raw item with what its body said about all, so that it can be replayed by itself."""
    raw = call.raws[index]
    event = raw.get("event") or raw.get("type") if isinstance(raw, dict) else ""
    return Dead(
        dialect=dialect.speech.NAME,
        reason=bad.reason,
        detail=bad.detail,
        event=event if isinstance(event, str) else "",
        raw=texts.dump({**(call.common or {}), **raw} if isinstance(raw, dict) else raw),
    )


def _all_bad(rejected: list[tuple[int, Bad]]) -> Refused:
    bad = rejected[0][1]
    words = f"{dead_letters.words(bad.reason)} ({bad.detail})" if bad.detail else ""
    return Refused(400, bad.reason, words or dead_letters.words(bad.reason))


def _acceptance(dialect: Dialect, request: Request, call: Call, outcome: Outcome) -> Answer:
    """The answer of what is committed by now: nothing that happens here may say otherwise,
    because the sender would send it all once more."""
    try:
        return dialect.accepted(request, call, outcome)
    except Exception:
        log.exception("door.answer_failed", path=request.path)
        return as_json(200, {"accepted": outcome.accepted})


def _refusal(dialect: Dialect, request: Request, why: Refused) -> Answer:
    try:
        answer = dialect.refused(request, why)
    except Exception:  # what broke the reading of the request may break its answer too
        answer = as_json(why.status, {"error": why.code, "message": why.words})
    extra = (("Retry-After", str(why.retry_after)),) if why.retry_after else ()
    return Answer(answer.status, answer.body, answer.content_type, extra)


def _headers(environ: Mapping[str, Any], answer: Answer) -> Iterable[tuple[str, str]]:
    """Pages of any origin may send to us; they are never told anything of ours."""
    yield "Access-Control-Allow-Origin", "*"
    yield "Content-Type", answer.content_type
    yield "Content-Length", str(len(answer.body))
    yield "Cache-Control", "no-store"
    yield "X-Content-Type-Options", "nosniff"
    yield from answer.headers
    if environ["REQUEST_METHOD"] == "OPTIONS":
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
        known = _HEADERS.fullmatch(asked)
        yield "Access-Control-Allow-Headers", asked if known else "Authorization, Content-Type"
        yield "Access-Control-Allow-Methods", "GET, POST, OPTIONS"
        yield "Access-Control-Max-Age", "86400"


def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"
