"""An attack on the door: what is meant to break it breaks nothing but itself."""

import gzip
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from console.models import Staff
from segments import dead_letters, deliveries, write_keys
from segments.collect import app, bodies
from segments.collect.speech import Refused
from segments.dialects import own, segment, texts, values
from segments.items import Consent, Event, Group, Item, Link, Profile
from segments.models import DeadLetter, EventSource
from tests.segments.collect.knocking import PATHS, body_of, dump, event_of, knock, send, words_of
from tests.segments.collect.reading import reasons, taken

pytestmark = pytest.mark.django_db
DIALECTS = sorted(PATHS)
HALF = "\ud800"  # of a surrogate pair: json.dumps writes it, nothing else can
GOOD = {"event": "Seen", "user_id": "u1"}


def a_letter() -> DeadLetter:
    return DeadLetter.objects.get()


# --- halves of characters -----------------------------------------------------

OWN: dict[str, tuple[dict[str, Any], str]] = {
    "field": ({**GOOD, HALF: 1}, "unknown_field"),
    "property": ({**GOOD, "properties": {HALF: 1}}, "bad_text"),
    "type": ({**GOOD, "type": HALF}, "unknown_type"),
    "at": ({**GOOD, "at": HALF}, "bad_time"),
    "kind-of-id": ({**GOOD, "ids": {HALF: "x"}}, "bad_text"),
    "value-of-id": ({**GOOD, "ids": {"card": HALF}}, "bad_text"),
}


@pytest.mark.parametrize("bad", sorted(OWN))
def test_half_a_character_spoils_its_item_and_not_the_answer(bad: str, key: str) -> None:
    raw, reason = OWN[bad]
    told = send("own", key, dump({"items": [GOOD, raw]}))
    assert (told.status, told.json["accepted"]) == (200, 1)
    assert [one["reason"] for one in told.json["rejected"]] == [reason]
    assert (len(taken()), reasons()) == (1, [reason])


def test_half_a_character_in_the_body_itself(key: str) -> None:
    told = send("own", key, dump({"items": [], HALF: 1}))
    assert (told.status, told.json["error"]) == (400, "unknown_field")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "beside-a-good-one"])
@pytest.mark.parametrize("where", ["type", "property"])
def test_half_a_character_in_any_dialect(dialect: str, alone: bool, where: str, key: str) -> None:
    good = event_of(dialect, key)
    if where == "type":
        bad = {**good, "type": HALF}
        bad.pop("event")  # where the type does not count, the name is missing
    else:
        bad = event_of(dialect, key, properties={HALF: 1})
    told = send(dialect, key, body_of(dialect, key, [bad] if alone else [good, bad]))
    assert told.status == (400 if alone else 200), told.text
    assert (len(taken()), len(reasons())) == (0 if alone else 1, 1)
    if alone and dialect != "own":
        assert "stored just now" not in words_of(dialect, told)


def test_half_a_character_in_an_id_that_is_told_back_to_mixpanel(key: str) -> None:
    good, bad = event_of("mixpanel", key), event_of("mixpanel", key, name="")
    bad["properties"]["$insert_id"] = HALF
    headers = {"CONTENT_TYPE": "application/json", "HTTP_AUTHORIZATION": f"Bearer {key}"}
    told = knock("/import", dump([good, bad]), query="strict=1", **headers)
    assert (told.status, told.json["num_records_imported"]) == (400, 1)
    assert told.json["failed_records"][0]["$insert_id"] == "?"
    assert (len(taken()), reasons()) == (1, ["no_name"])


def test_half_a_character_in_an_id_that_is_told_back_to_posthog(key: str) -> None:
    raws = [event_of("posthog", key), event_of("posthog", key) | {"uuid": HALF}]
    raws += [event_of("posthog", key, name="") | {"uuid": [HALF]}]
    told = knock(
        "/i/v1/analytics/events", dump({"batch": raws}), HTTP_AUTHORIZATION=f"Bearer {key}"
    )
    assert told.status == 200, told.text
    assert told.json["results"]["?"] == {"result": "ok"}
    assert (len(taken()), reasons()) == (2, ["no_name"])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_that_cannot_be_built_does_not_deny_what_is_committed(
    dialect: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: Any) -> Any:
        raise RuntimeError("no answer")

    path = PATHS[dialect].rstrip("/")
    monkeypatch.setitem(app.ROUTES, path, replace(app.ROUTES[path], accepted=fail))
    told = send(dialect, key, body_of(dialect, key, [event_of(dialect, key)]))
    assert (told.status, told.json) == (200, {"accepted": 1})
    assert len(taken()) == 1


# --- what nobody thought of ----------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_fails_in_one_item_spoils_it_alone(
    dialect: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = values.name

    def fail(value: Any) -> str:
        if value == "Odd":
            raise ArithmeticError("nobody thought of this")
        return name(value)

    monkeypatch.setattr(values, "name", fail)
    raws = [event_of(dialect, key), event_of(dialect, key, name="Odd"), event_of(dialect, key)]
    assert send(dialect, key, body_of(dialect, key, raws)).status == 200
    assert (len(taken()), reasons()) == (2, ["broken"])
    assert (a_letter().detail, a_letter().event) == ("ArithmeticError", "Odd")


@pytest.mark.parametrize("odd", [[], {}, ["track"], {"a": 1}, 7, None], ids=range(6))
def test_types_that_are_none_are_unknown(odd: Any, key: str) -> None:
    good = event_of("sensors", key)
    told = send("sensors", key, body_of("sensors", key, [good, {**good, "type": odd}]))
    assert (told.status, len(taken()), reasons()) == (200, 1, ["unknown_type"])


@pytest.mark.parametrize("levels", [250, 500, 985, 990, 1000, 1010])
def test_what_is_nested_as_deep_as_the_reader_goes_is_too_deep(levels: int, key: str) -> None:
    deep = b'{"a":' * levels + b"1" + b"}" * levels
    bad = b'{"event": "Seen", "user_id": "u2", "properties": ' + deep + b"}"
    told = send("own", key, b'{"items": [' + json.dumps(GOOD).encode() + b"," + bad + b"]}")
    assert told.status == 200, told.text
    assert [one["reason"] for one in told.json["rejected"]] == ["too_deep"]
    assert (len(taken()), reasons()) == (1, ["too_deep"])
    assert dead_letters.laid_out(bytes(a_letter().raw)).startswith("{")


# --- slow on purpose ------------------------------------------------------------


def test_gzip_of_very_many_parts_is_refused_at_once() -> None:
    parts = gzip.compress(b"") * 200_000
    assert len(parts) < bodies.MOST_PACKED
    begun = time.process_time()
    with pytest.raises(Refused, match="too many parts"):
        bodies.inflate(parts)
    assert time.process_time() - begun < 1


def test_gzip_of_several_parts_is_read_whole() -> None:
    large = bytes(range(256)) * 4096
    whole = b"".join(gzip.compress(part) for part in (b"a", b"", large, b"z"))
    assert bodies.inflate(whole) == b"a" + large + b"z"
    assert bodies.inflate(whole + b"\0" * 9) == b"a" + large + b"z"  # padded, as tapes are


def test_a_key_that_is_too_long_is_neither_looked_up_nor_remembered(
    key: str, django_assert_num_queries: Any
) -> None:
    write_keys.forget()
    with django_assert_num_queries(0):
        assert (
            knock(PATHS["own"], dump(GOOD), HTTP_AUTHORIZATION="Bearer " + "x" * 201).status == 401
        )
    assert write_keys._remembered == {}
    knock(PATHS["own"], dump(GOOD), HTTP_AUTHORIZATION=f"Bearer {key}")
    assert list(write_keys._remembered) == [write_keys.digest(key)]


def _seconds(key: str, body: bytes) -> float:
    """Of our process, the best of three: a collection of garbage may fall into any of them."""
    found = []
    for _try in range(3):
        begun = time.process_time()
        send("own", key, body)
        found.append(time.process_time() - begun)
    return min(found)


def test_very_many_bad_items_are_counted_in_one_letter(key: str) -> None:
    few, many = (_seconds(key, dump({"items": [{**GOOD, "event": ""}] * n})) for n in (200, 2_000))
    assert many < 30 * few, "ten times as many cost much more than ten times as much"
    DeadLetter.objects.all().delete()
    raws: list[Any] = [{**GOOD, "event": ""}] * 7_000 + [{"event": "Seen"}] * 2_999 + [GOOD]
    told = send("own", key, dump({"items": raws}))
    assert (told.json["accepted"], len(told.json["rejected"]), len(taken())) == (1, 9_999, 1)
    letters = list(DeadLetter.objects.order_by("pk"))
    assert [letter.reason for letter in letters] == ["no_name"] * 100 + ["more"]
    assert letters[-1].detail == "9899: no_name 6900, no_id 2999"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_letter_of_counts_is_not_replayed(dialect: str, key: str, admin: Staff) -> None:
    bad = event_of(dialect, key, name="")
    assert send(dialect, key, body_of(dialect, key, [bad] * 102)).status == 400
    assert reasons() == ["no_name"] * 100 + ["more"]
    (letter,) = DeadLetter.objects.filter(reason="more")
    with pytest.raises(dead_letters.StillBad):
        dead_letters.replay(letter, by=admin)
    assert (taken(), letter.detail) == ([], "2: no_name 2")


# --- clocks ----------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["own", "posthog", "segment", "sensors"])
@pytest.mark.parametrize(
    "sent_at",
    ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", 1e300, 1, [1], HALF],
    ids=["9999", "1", "1e300", "1970", "list", "half"],
)
def test_a_clock_that_cannot_be_moves_nothing(dialect: str, sent_at: Any, key: str) -> None:
    name = {"segment": "sentAt", "sensors": "_flush_time"}.get(dialect, "sent_at")
    raw = event_of(dialect, key, at="2026-09-21T14:13:20Z")
    body = json.loads(
        body_of(dialect, key, [raw | ({name: sent_at} if dialect == "sensors" else {})])
    )
    if isinstance(body, dict):
        body[name] = sent_at
    assert send(dialect, key, dump(body)).status == 200
    (event,) = taken()
    assert event.at == 1_790_000_000_000_000


# --- what a letter tells ----------------------------------------------------------

SECRET = "13800138000"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "changed",
    [{"at": f"at {SECRET}"}, {"at": int(SECRET + "0" * 8)}, {"properties": {"a": int(SECRET * 2)}}],
    ids=["word", "number", "property"],
)
def test_a_detail_names_the_field_and_not_what_stands_in_it(
    dialect: str, changed: dict[str, Any], key: str
) -> None:
    told = send(dialect, key, body_of(dialect, key, [event_of(dialect, key, **changed)]))
    assert told.status == 400
    assert a_letter().detail in {"at", "time", "timestamp", "a"}
    assert SECRET not in told.text


@pytest.mark.parametrize("speech", [own, segment], ids=["own", "segment"])
def test_an_unknown_type_is_not_repeated(speech: Any) -> None:
    with pytest.raises(values.Bad) as bad:
        speech.translate({"type": SECRET}, values.Sending(1))
    assert (bad.value.reason, bad.value.detail) == ("unknown_type", "type")


# --- letters of our own form --------------------------------------------------------

IDS = (("user_id", "u"), ("anonymous_id", "a"))
AT = 1_790_000_000_000_000
ITEMS: list[Item] = [
    Event("k1", IDS, "Seen", AT, {"a": [1, {"b": None}]}, True),
    Profile("k2", IDS, AT, True, {"a": 1}, {"b": 2}, {"c": 1.5}, {"d": 3}, {"e": [4]}, {"f": 5},
            ("g", "h")),
    Link("k3", IDS, AT, True),
    Group("k4", "company", "acme", AT, IDS, set={"seats": 7}, unset=("x",)),
    Group("k5", "company", "acme", AT, delete=True),
    Consent("k6", IDS, AT, "email", "marketing", False),
]  # fmt: skip


@pytest.fixture
def letter(source: EventSource) -> DeadLetter:
    deliveries.accept(
        source.pk,
        [],
        [deliveries.Dead(deliveries.ITEM, "too_old", deliveries.encode(ITEMS))],
        received_at=timezone.now(),
    )
    return a_letter()


def test_a_letter_of_our_own_form_is_taken_as_it_is(letter: DeadLetter, admin: Staff) -> None:
    assert dead_letters.replay(letter, by=admin) == len(ITEMS)
    assert taken() == ITEMS


EVENT = {"key": "k", "ids": [["user_id", "u"]], "name": "Seen", "at": AT}
MENDED: dict[str, Any] = {
    "nothing": [],
    "an-object": {"event": EVENT},
    "no-pair": [["event"]],
    "no-fields": [["event", 7]],
    "unknown-type": [["shout", EVENT]],
    "type-is-a-list": [[["event"], EVENT]],
    "unknown-field": [["event", {**EVENT, "amount": 1}]],
    "no-ids": [["event", {**EVENT, "ids": []}]],
    "ids-are-text": [["event", {**EVENT, "ids": "user_id"}]],
    "ids-are-no-pairs": [["event", {**EVENT, "ids": ["user_id"]}]],
    "time-is-a-word": [["event", {**EVENT, "at": "yesterday"}]],
    "time-is-before-1980": [["event", {**EVENT, "at": -AT}]],
    "name-is-a-number": [["event", {**EVENT, "name": 7}]],
    "properties-are-a-list": [["event", {**EVENT, "properties": [1]}]],
    "a-zero-byte": [["event", {**EVENT, "properties": {"a": "\0"}}]],
    "history-is-a-word": [["event", {**EVENT, "is_history": "yes"}]],
    "one-id": [["link", {"key": "k", "ids": [["user_id", "u"]], "at": AT}]],
    "adding-words": [["profile", {"key": "k", "ids": [["user_id", "u"]], "add": {"a": "b"}}]],
    "no-answer": [["consent", {"ids": [["email", "e"]], "channel": "email", "purpose": "ads"}]],
    "no-group": [["group", {"kind": "company"}]],
    "good-and-bad": [["event", EVENT], ["event", {}]],
}


@pytest.mark.parametrize("mended", sorted(MENDED))
def test_a_letter_mended_into_something_bad_is_refused_in_words(
    mended: str, letter: DeadLetter, admin: Staff
) -> None:
    with pytest.raises(dead_letters.StillBad, match=r"It still cannot be taken: [A-Z].*\."):
        dead_letters.replay(letter, by=admin, raw=texts.dump(MENDED[mended]))
    assert taken() == []
    letter.refresh_from_db()
    assert letter.is_waiting


def test_a_time_may_be_mended_as_people_write_it(letter: DeadLetter, admin: Staff) -> None:
    raw = texts.dump([["event", {**EVENT, "at": "2026-09-21T22:13:20+08:00"}]])
    dead_letters.replay(letter, by=admin, raw=raw)
    (event,) = taken()
    assert event.at == AT


def test_what_nobody_thought_of_is_told_in_words_too(
    letter: DeadLetter, admin: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: Any) -> Any:
        raise ArithmeticError("nobody thought of this")

    monkeypatch.setattr(values, "name", fail)
    with pytest.raises(dead_letters.StillBad, match="ArithmeticError"):
        dead_letters.replay(letter, by=admin)
    assert taken() == []
