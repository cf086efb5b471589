"""Whatever is sent: the good is kept, the bad is a dead letter, and nothing is a 500."""

import base64
import gzip
import json
import zlib
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments import write_keys
from segments.collect import app, bodies
from segments.dialects import texts
from segments.models import DeadLetter, EventSource
from tests.segments.collect import knocking
from tests.segments.collect.knocking import PATHS, body_of, dump, event_of, knock, send, words_of
from tests.segments.collect.reading import reasons, taken

pytestmark = pytest.mark.django_db
DIALECTS = sorted(PATHS)
FORM = "application/x-www-form-urlencoded"
deep: Any = "bottom"
for _ in range(11):
    deep = {"in": deep}

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no-name": ({"name": ""}, "no_name"),
    "a-name-of-blanks": ({"name": " \u3000\t"}, "no_name"),
    "a-name-that-nobody-sees": ({"name": "\u200b\u202e"}, "no_name"),
    "name-is-a-number": ({"name": 7}, "wrong_type"),
    "name-too-long": ({"name": "n" * 81}, "too_long"),
    "name-with-zero-byte": ({"name": "a\0b"}, "bad_text"),
    "nobody": ({"who": ""}, "no_id"),
    "who-is-a-list": ({"who": ["u1"]}, "wrong_type"),
    "who-is-true": ({"who": True}, "wrong_type"),
    "who-too-long": ({"who": "u" * 201}, "too_long"),
    "who-with-half-a-character": ({"who": "u\ud800"}, "bad_text"),
    "year-10000": ({"at": "+10000-01-01T00:00:00Z"}, "bad_time"),
    "year-10000-in-milliseconds": ({"at": 253_402_300_800_000}, "bad_time"),
    "year-1": ({"at": "0001-01-01T00:00:00Z"}, "bad_time"),
    "in-1979": ({"at": "1979-12-31T23:59:59Z"}, "bad_time"),
    "time-is-a-word": ({"at": "yesterday"}, "bad_time"),
    "time-is-a-list": ({"at": [1]}, "bad_time"),
    "time-is-an-empty-list": ({"at": []}, "bad_time"),
    "time-is-nought": ({"at": 0}, "bad_time"),
    "time-is-true": ({"at": True}, "bad_time"),
    "time-is-endless": ({"at": 10**400}, "bad_time"),
    "properties-are-a-list": ({"properties": [1]}, "wrong_type"),
    "properties-are-text": ({"properties": "a=1"}, "wrong_type"),
    "501-properties": ({"properties": {f"p{n}": n for n in range(501)}}, "too_many_properties"),
    "100000-properties": ({"properties": {f"p{n}": n for n in range(100_000)}}, "too_large"),
    "too-deep": ({"properties": deep}, "too_deep"),
    "too-large": ({"properties": {"text": "x" * 65_536}}, "too_large"),
    "key-too-long": ({"properties": {"k" * 201: 1}}, "too_long"),
    "key-with-zero-byte": ({"properties": {"a\0": 1}}, "bad_text"),
    "zero-byte": ({"properties": {"a": "\0"}}, "bad_text"),
    "zero-byte-in-a-list": ({"properties": {"a": ["x", {"b": "\0"}]}}, "bad_text"),
    "half-a-character": ({"properties": {"a": "\udc00"}}, "bad_text"),
    "beyond-64-bits": ({"properties": {"a": 2**64}}, "bad_number"),
    "just-beyond-64-bits": ({"properties": {"a": 2**63}}, "bad_number"),
    "far-below-64-bits": ({"properties": {"a": [-(2**70)]}}, "bad_number"),
    "endless-number": ({"properties": {"a": 10**400}}, "bad_number"),
    "not-a-number": ({"properties": {"a": float("nan")}}, "bad_number"),
    "infinity": ({"properties": {"a": float("inf")}}, "bad_number"),
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("bad", sorted(BAD))
def test_the_good_of_a_batch_is_kept_and_the_bad_is_a_dead_letter(
    dialect: str, bad: str, key: str
) -> None:
    changed, reason = BAD[bad]
    if dialect == "mixpanel" and bad == "properties-are-text":
        reason = "wrong_type"
    raws = [event_of(dialect, key, who=who) for who in ("u1", "u2")]
    raws.insert(1, event_of(dialect, key, **changed))
    told = send(dialect, key, body_of(dialect, key, raws))
    assert told.status == 200, told.text
    assert [item.ids[0][1] for item in taken()] == ["u1", "u2"]  # type: ignore[union-attr]
    assert reasons() == [reason]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "raw", [None, 7, "text", [], [[1]]], ids=["null", "7", "text", "list", "lists"]
)
def test_items_that_are_no_objects(dialect: str, raw: Any, key: str) -> None:
    told = send(dialect, key, body_of(dialect, key, [event_of(dialect, key), raw]))
    assert told.status == 200
    assert (len(taken()), reasons()) == (1, ["wrong_type"])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_request_of_which_nothing_is_good_says_why(dialect: str, key: str) -> None:
    told = send(dialect, key, body_of(dialect, key, [event_of(dialect, key, name="")]))
    assert told.status == 400
    if dialect == "own":
        (one,) = told.json["rejected"]
        assert (one["index"], one["reason"]) == (0, "no_name")
        assert "name" in one["message"]
    else:
        assert "no name" in words_of(dialect, told)
    assert (taken(), reasons()) == ([], ["no_name"])


BODIES = {
    "empty": (b"", 400),
    "words": (b"hello", 400),
    "open-ended": (b'[{"event": "Seen"', 400),
    "number": (b"7", 400),
    "deep": (b"[" * 100_000, 400),
    "deep-and-closed": (b"[" * 100_000 + b"]" * 100_000, 400),
    "broken-gzip": (gzip.compress(b"[]" * 100)[:-9], 400),
    "no-gzip-at-all": (b"\x1f\x8b" + b"x" * 50, 400),
    "bomb": (gzip.compress(b"[" + b" " * (bodies.MOST_PLAIN + 9) + b"]"), 413),
    "invalid-utf8-for-json": (b"\xff\xfe\x00", 400),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("body", sorted(BODIES))
def test_bodies_that_nobody_can_read(dialect: str, body: str, key: str) -> None:
    data, status = BODIES[body]
    if dialect == "sensors" and data.startswith(b"\x1f\x8b"):
        data = base64.b64encode(data)
    told = send(dialect, key, data)
    assert told.status == status, told.text
    assert len(words_of(dialect, told)) > 10
    assert (taken(), reasons()) == ([], [])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_bodies_that_are_too_large(dialect: str, key: str) -> None:
    told = knock(PATHS[dialect], b"[" + b" " * bodies.MOST_PLAIN + b"]")
    assert told.status == 413
    assert "fewer" in words_of(dialect, told)
    if dialect in {"mixpanel", "sensors"}:
        form = b"data=" + b"x" * bodies.MOST_PACKED
        assert knock(PATHS[dialect], form, CONTENT_TYPE=FORM).status == 413
    packed = zlib.compress(b"x") + b"y" * bodies.MOST_PACKED
    assert send(dialect, key, packed, HTTP_CONTENT_ENCODING="gzip").status == 413
    assert send(dialect, key, b"{}", HTTP_CONTENT_ENCODING="br").status == 415
    assert send(dialect, key, b"{}", CONTENT_LENGTH="many").status == 400


@pytest.mark.parametrize("dialect", DIALECTS)
def test_too_many_items(dialect: str, key: str) -> None:
    told = send(dialect, key, body_of(dialect, key, [1] * (bodies.MOST_ITEMS + 1)))
    assert told.status == 413
    assert reasons() == []


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("given_key", ["", "wk_wrong", "x" * 5000, "\ud800", "'; --"])
def test_unknown_keys(dialect: str, given_key: str, key: str) -> None:
    body = body_of(dialect, given_key, [event_of(dialect, given_key)])
    header = "Bearer " + given_key.encode("utf-8", "replace").decode("latin-1")
    token = quote(given_key.encode("utf-8", "surrogatepass"))
    if dialect == "sensors":
        told = knock("/sa", b"data_list=" + quote(body).encode(), query=f"token={token}")
    else:
        extra = {"CONTENT_TYPE": "application/json"} if dialect == "mixpanel" else {}
        told = knock(PATHS[dialect], body, HTTP_AUTHORIZATION=header, **extra)
    assert told.status == 401
    assert "write key" in words_of(dialect, told)
    assert (taken(), reasons()) == ([], [])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_invalid_utf8_spoils_only_its_own_item(dialect: str, key: str) -> None:
    good = json.dumps(event_of(dialect, key)).encode()
    bad = good.replace(b'"Seen"', b'"Se\xffen"')
    joined = b"[" + good + b"," + bad + b"]"
    wrapped = {
        "segment": b'{"batch":' + joined + b"}",
        "posthog": b'{"batch":' + joined + b',"api_key":"' + key.encode() + b'"}',
        "own": b'{"items":' + joined + b"}",
    }.get(dialect, joined)
    header = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    told = send(dialect, key, wrapped, HTTP_AUTHORIZATION=header)
    assert told.status == 200, told.text
    assert (len(taken()), reasons()) == (1, ["bad_text"])
    letter = DeadLetter.objects.get()
    assert texts.parse(bytes(letter.raw))["event"] == "Se\udcffen"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_unknown_types_of_messages(dialect: str, key: str) -> None:
    good = event_of(dialect, key)
    if dialect in {"segment", "sensors", "own"}:
        wrong, reason = {**good, "type": "shout"}, "unknown_type"
    else:
        wrong, reason = {"shout": 1, "properties": {"token": key}}, "no_name"
    assert send(dialect, key, body_of(dialect, key, [good, wrong])).status == 200
    assert reasons() == [reason]


def test_our_own_api_tells_of_mistyped_fields(key: str) -> None:
    wrong = {"event": "Seen", "userid": "u1", "user_id": "u1"}
    told = send("own", key, dump({"items": [{"event": "Seen", "user_id": "u1"}, wrong]}))
    assert told.json["accepted"] == 1
    assert told.json["rejected"][0]["detail"] == "userid"
    assert send("own", key, dump({"item": []})).status == 400
    assert send("own", key, dump({"items": [], "batch": 1})).status == 400


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH"])
def test_other_methods(dialect: str, method: str) -> None:
    assert knock(PATHS[dialect], method=method).status == 405


@pytest.mark.parametrize("dialect", DIALECTS)
def test_browsers_may_ask_from_anywhere(dialect: str, key: str) -> None:
    asked = knock(
        PATHS[dialect], method="OPTIONS", HTTP_ACCESS_CONTROL_REQUEST_HEADERS="content-type,x-a"
    )
    assert asked.status == 200
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert asked.headers["Access-Control-Allow-Headers"] == "content-type,x-a"
    assert "Access-Control-Allow-Credentials" not in asked.headers
    told = knock(PATHS[dialect], b"nonsense")
    assert told.headers["Access-Control-Allow-Origin"] == "*"
    odd = knock(PATHS[dialect], method="OPTIONS", HTTP_ACCESS_CONTROL_REQUEST_HEADERS="a\r\nb: c")
    assert "\n" not in odd.headers["Access-Control-Allow-Headers"]


def test_dead_letters_are_cut_to_what_is_kept(key: str) -> None:
    send("own", key, dump({"items": [event_of("own", key, properties={"a": "x" * 200_000})]}))
    assert len(DeadLetter.objects.get().raw) == 64 * 1024


# --- anything at all --------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["event", "properties", "userId", "user_id", "distinct_id", "$distinct_id", "$set",
             "$token", "token", "time", "timestamp", "type", "identities", "batch", "items", "ids",
             "context", "$group_key", "$group_id", "$distinct_ids", "alias", "sentAt", "uuid",
             "options", "traits", "previousId", "messageId", "_track_id", "item_type", "item_id"]
        ) | st.text(max_size=5),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip
TYPES = st.sampled_from(
    ["track", "identify", "page", "group", "alias", "profile", "consent", "profile_set",
     "profile_unset", "item_set", "track_id_bind", "track_signup", "$identify", "$merge",
     "$create_alias", "$groupidentify", "$set"]
)  # fmt: skip
ENCODINGS = st.sampled_from(["", "gzip", "deflate", "br"])


@pytest.fixture
def calm(key: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A key whose quota does not end, and a log that fails the test instead of being a 500."""
    monkeypatch.setattr(write_keys, "seconds_to_wait", lambda key, count: 0)
    return key


@pytest.mark.parametrize("path", sorted(app.ROUTES))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(found=JSON, what=TYPES, wrap=st.integers(0, 4))
def test_no_json_is_a_500(path: str, calm: str, found: Any, what: str, wrap: int) -> None:
    if isinstance(found, dict):
        found = {"type": what, "event": what, **found}
    whole: Any = [found, [found], {"batch": [found]}, {"items": [found]}, found][wrap]
    told = knock(
        path,
        texts.dump(whole),
        CONTENT_TYPE="application/json",
        HTTP_AUTHORIZATION=f"Bearer {calm}",
        query=f"token={calm}",
    )
    assert told.status in {200, 400, 401, 413}, told.text
    form = b"data=" + quote(texts.dump(whole)).encode()
    told = knock(path, form, query=f"token={calm}", HTTP_AUTHORIZATION=f"Bearer {calm}",
                 CONTENT_TYPE="application/x-www-form-urlencoded")  # fmt: skip
    assert told.status in {200, 400, 401, 413}, told.text


@pytest.mark.parametrize("path", sorted(app.ROUTES))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=200), encoding=ENCODINGS, query=st.text(max_size=20))
def test_no_bytes_are_a_500(path: str, calm: str, body: bytes, encoding: str, query: str) -> None:
    for method in ("POST", "GET"):
        told = knock(path, body, method=method, HTTP_CONTENT_ENCODING=encoding,
                     query=quote(query) + f"&token={calm}")  # fmt: skip
        assert told.status in {200, 400, 401, 405, 413, 415}, told.text


def test_the_table_of_reasons_is_whole(source: EventSource) -> None:
    from segments import dead_letters

    assert {reason for _changed, reason in BAD.values()} <= dead_letters.REASONS.keys()
    assert all(knocking.PATHS[name] for name in dead_letters.SPEECHES)
