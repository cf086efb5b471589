"""What browsers' and apps' libraries send, as it was captured from them, and how ids are named."""

import base64
import datetime as dt
import gzip
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.utils import timezone

from console.models import Staff
from segments import write_keys
from segments.dialects import mixpanel, own, posthog, segment, sensors, values
from segments.items import Consent, Event, Group, Item, Link, Profile
from segments.models import Delivery, EventSource
from tests.segments.collect.knocking import dump, event_of, knock, send, send_items
from tests.segments.collect.reading import reasons, taken, taken_of

pytestmark = pytest.mark.django_db
NOW = 1_790_000_000_000_000
FORM = "application/x-www-form-urlencoded"
HOUR = 3_600_000_000
BATCHES = {"batch", "b", "import"}


def b64(found: Any, *, pack: bool = False) -> str:
    data = dump(found)
    return base64.b64encode(gzip.compress(data) if pack else data).decode()


# --- ways to send -----------------------------------------------------------


def test_mixpanels_browser_library(key: str) -> None:
    raw = event_of("mixpanel", key)
    body = urlencode({"data": json.dumps([raw])}).encode()
    posted = knock("/track/", body, query="verbose=1&ip=1&_=1", CONTENT_TYPE=FORM)
    assert posted.json == {"status": 1, "error": None}
    packed = urlencode({"data": b64(raw)}).encode()
    assert knock("/track/", packed, CONTENT_TYPE=FORM).body == b"1"
    image = knock("/track", method="GET", query=f"img=1&data={quote(b64(raw))}")
    assert (image.headers["Content-Type"], image.body[:6]) == ("image/gif", b"GIF89a")
    assert len(taken_of(Event)) == 3


def test_mixpanels_newer_import_tells_of_each_record(key: str) -> None:
    good, bad = event_of("mixpanel", key), event_of("mixpanel", key, name="")
    bad["properties"]["$insert_id"] = "i-7"
    header = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    lines = b"\n".join([dump(good), dump(good)]) + b"\n"
    told = knock("/import", lines, query="strict=1", HTTP_AUTHORIZATION=header,
                 CONTENT_TYPE="application/x-ndjson", HTTP_CONTENT_ENCODING="")  # fmt: skip
    assert (told.status, told.json["num_records_imported"]) == (200, 2)
    told = knock("/import", gzip.compress(dump([good, bad])), query="strict=1",
                 HTTP_AUTHORIZATION=header, CONTENT_TYPE="application/json",
                 HTTP_CONTENT_ENCODING="gzip")  # fmt: skip
    assert (told.status, told.json["num_records_imported"]) == (400, 1)
    (failed,) = told.json["failed_records"]
    assert (failed["index"], failed["$insert_id"], failed["message"]) == (1, "i-7", "no_name")
    assert all(event.is_history for event in taken_of(Event))


def test_posthogs_browser_library(key: str) -> None:
    raw = event_of("posthog", key)
    raw["properties"] = {"token": key, "distinct_id": "d1", "$device_id": "d1"}
    for body, query in (
        (gzip.compress(dump([raw])), "compression=gzip-js&ip=1&ver=1.2"),
        (urlencode({"data": b64([raw])}).encode(), "compression=base64"),
        (dump({**raw, "api_key": key}), ""),
        (dump({"api_key": key, "batch": [raw]}), ""),
    ):
        assert knock("/e/", body, query=query, CONTENT_TYPE="text/plain").status == 200
    assert knock("/capture", method="GET", query=f"data={quote(b64(raw))}").status == 200
    found = taken_of(Event)
    assert len(found) == 5
    assert "token" not in found[0].properties


@pytest.mark.parametrize("path", ["/flags/", "/decide/", "/flags/definitions"])
def test_posthog_asks_for_flags(path: str) -> None:
    told = knock(path, b"{}", query="v=2")
    assert told.status == 200
    assert told.json["flags"] in ({}, [])
    assert told.headers["Access-Control-Allow-Origin"] == "*"


def test_sensors_in_browsers_and_apps(key: str) -> None:
    raw = event_of("sensors", key)
    for pack in (False, True):
        form = urlencode({"data_list": b64([raw], pack=pack), "gzip": int(pack)}).encode()
        assert knock("/sa", form, query=f"project=default&token={key}").status == 200
    image = knock("/sa.gif", method="GET", query=f"token={key}&data={quote(b64(raw))}&ext=crc%3D1")
    assert image.headers["Content-Type"] == "image/gif"
    unescaped = f"data={b64(raw)}".encode()  # a plus sign arrives as a blank
    assert knock("/sa", unescaped, query=f"token={key}").status == 200
    assert len(taken_of(Event)) == 4
    encrypted = knock(
        "/sa", urlencode({"data_list": "x", "gzip": "9"}).encode(), query=f"token={key}"
    )
    assert encrypted.status == 415


@pytest.mark.parametrize("last", ["track", "t", "identify", "i", "page", "p", "screen", "s",
                                  "group", "g", "alias", "a", "batch", "b", "import"])  # fmt: skip
def test_segments_single_calls(last: str, key: str) -> None:
    one = {"userId": "u1", "event": "Seen", "groupId": "g", "previousId": "x", "writeKey": key}
    body = {"writeKey": key, "batch": [{**one, "type": "track"}]} if last in BATCHES else one
    assert knock(f"/v1/{last}", dump(body)).json == {"success": True}
    assert len(taken()) == 1
    assert key not in str(taken())


def test_a_service_account_of_mixpanel_may_be_the_key(key: str) -> None:
    raw = event_of("mixpanel", "not-ours")
    header = "Basic " + base64.b64encode(f"service:{key}".encode()).decode()
    told = knock("/import", dump([raw]), HTTP_AUTHORIZATION=header, CONTENT_TYPE="application/json")
    assert told.status == 200


# --- ids --------------------------------------------------------------------

USER, VISIT, ALSO = ("user_id", "u"), ("anonymous_id", "a"), ("anonymous_id", "u")
IDS: list[tuple[Any, dict[str, Any], tuple[Any, ...]]] = [
    (segment, {"type": "track", "event": "e", "userId": "u", "anonymousId": "a"}, (USER, VISIT)),
    (segment, {"type": "track", "event": "e", "userId": None, "anonymousId": "a"}, (VISIT,)),
    (segment, {"type": "track", "event": "e", "userId": 7}, (("user_id", "7"),)),
    (mixpanel, {"event": "e", "properties": {"distinct_id": "u"}}, (USER,)),
    (mixpanel, {"event": "e", "properties": {"distinct_id": "$device:a"}}, (VISIT,)),
    (mixpanel, {"event": "e", "properties": {"distinct_id": "a", "$device_id": "a"}}, (VISIT,)),
    (mixpanel, {"event": "e", "properties": {"distinct_id": "u", "$user_id": "u",
                                             "$device_id": "a"}}, (USER, VISIT)),
    (mixpanel, {"event": "$identify", "properties": {"$identified_id": "u", "$anon_id": "a"}},
     (USER, VISIT)),
    (posthog, {"event": "e", "distinct_id": "u"}, (USER,)),
    (posthog, {"event": "e", "distinct_id": "a", "properties": {"$device_id": "a"}}, (VISIT,)),
    (posthog, {"event": "e", "distinct_id": "u", "properties": {"$device_id": "a"}}, (USER,)),
    (posthog, {"event": "e", "distinct_id": "a", "properties": {"$is_identified": False}},
     (VISIT,)),
    (posthog, {"event": "e", "distinct_id": "u", "properties": {"$device_id": "u",
                                                                "$is_identified": True}}, (USER,)),
    (posthog, {"event": "e", "distinct_id": "a",
               "properties": {"$process_person_profile": False}}, (VISIT,)),
    (posthog, {"event": "e", "distinct_id": "u", "properties": {
        "$user_id": "u", "$process_person_profile": False}}, (USER,)),
    (posthog, {"event": "$identify", "distinct_id": "u",
               "properties": {"$anon_distinct_id": "a", "$device_id": "a"}}, (USER, VISIT)),
    (posthog, {"event": "$merge_dangerously", "distinct_id": "u", "properties": {"alias": "v"}},
     (("user_id", "v"), USER, ALSO)),
    (sensors, {"type": "track", "event": "e", "distinct_id": "a"}, (VISIT,)),
    (sensors, {"type": "track", "event": "e", "distinct_id": "u",
               "properties": {"$is_login_id": True}}, (USER,)),
    (sensors, {"type": "track", "event": "e", "distinct_id": "u", "login_id": "u",
               "anonymous_id": "a", "properties": {"$is_login_id": True}}, (USER, VISIT)),
    (sensors, {"type": "track_signup", "distinct_id": "u", "original_id": "a"}, (USER, VISIT)),
    (sensors, {"type": "track", "event": "e", "distinct_id": "$identity_login_id+u",
               "identities": {"$identity_cookie_id": "a", "$identity_login_id": "u"}},
     (USER, VISIT)),
    (sensors, {"type": "track_id_bind", "identities": {"$identity_login_id": "u",
                                                       "$identity_android_id": "x", "card": "y"}},
     (USER, ("android_id", "x"), ("card", "y"))),
    (own, {"event": "e", "user_id": "u", "anonymous_id": "a", "ids": {"email": "m"}},
     (USER, ("email", "m"), VISIT)),
    (own, {"type": "alias", "user_id": "u", "anonymous_id": "a"}, (USER, VISIT)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("speech", "raw", "ids"), IDS, ids=[f"{one[0].NAME}-{n}" for n, one in enumerate(IDS)]
)
def test_whose_ids_they_are(speech: Any, raw: dict[str, Any], ids: tuple[Any, ...]) -> None:
    (item,) = speech.translate(raw, values.Sending(NOW))
    assert item.ids == ids


@pytest.mark.parametrize(
    ("speech", "raw", "said"),
    [
        (mixpanel, {"event": "$identify",
                    "properties": {"$identified_id": "u", "$anon_id": "a"}}, False),
        (mixpanel, {"event": "$create_alias",
                    "properties": {"alias": "u", "distinct_id": "a"}}, True),
        (mixpanel, {"event": "$merge", "properties": {"$distinct_ids": ["u", "v"]}}, True),
        (posthog, {"event": "$create_alias", "distinct_id": "a",
                   "properties": {"alias": "u"}}, True),
        (segment, {"type": "alias", "userId": "u", "previousId": "a"}, True),
        (own, {"type": "alias", "user_id": "u", "previous_id": "a"}, True),
    ],
    ids=range(6),
)  # fmt: skip
def test_only_what_says_it_outright_joins_two_known_people(
    speech: Any, raw: dict[str, Any], said: bool
) -> None:
    (item,) = speech.translate(raw, values.Sending(NOW))
    assert isinstance(item, Link)
    assert item.said is said


# --- moments ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "micros"),
    [
        ("2026-09-21T14:13:20Z", 1_790_000_000_000_000),
        ("2026-09-21T14:13:20", 1_790_000_000_000_000),
        ("2026-09-21T22:13:20.123456+08:00", 1_790_000_000_123_456),
        ("2026-09-21 14:13:20.5", 1_790_000_000_500_000),
        ("2026-09-21", 1_789_948_800_000_000),
        (1_790_000_000, 1_790_000_000_000_000),
        (1_790_000_000.25, 1_790_000_000_250_000),
        (1_790_000_000_250, 1_790_000_000_250_000),
        (1_790_000_000_250_123, 1_790_000_000_250_123),
        ("1790000000250", 1_790_000_000_250_000),
        ("1790000000", 1_790_000_000_000_000),
        (None, NOW),
        ("", NOW),
    ],
    ids=range(13),
)
def test_moments_as_libraries_write_them(written: Any, micros: int) -> None:
    assert values.Sending(NOW).moment(written, "at") == micros


@pytest.mark.parametrize(
    ("sent_at", "skew"),
    [
        (NOW - 9_000_000, 0),
        (NOW - HOUR, HOUR),
        (NOW + HOUR, -HOUR),
        (NOW - 24 * HOUR, 24 * HOUR),
        (NOW - 25 * HOUR, 0),
        ("9999-12-31T23:59:59Z", 0),
        ("0001-01-01T00:00:00Z", 0),
        (1e300, 0),
        ("nonsense", 0),
        (None, 0),
    ],
    ids=["network", "behind", "ahead", "a-day", "more", "9999", "1", "1e300", "nonsense", "silent"],
)
def test_a_wrong_clock_is_put_right(sent_at: Any, skew: int) -> None:
    sent = values.sending(NOW, sent_at=sent_at)
    assert sent.moment(NOW - 5_000_000, "at") == NOW - 5_000_000 + skew
    assert sent.moment(None, "at") == NOW


@pytest.mark.parametrize(
    ("dialect", "about_all", "about_one"),
    [
        ("segment", {"sentAt": "{}"}, {}),
        ("posthog", {"sent_at": "{}"}, {}),
        ("own", {"sent_at": "{}"}, {}),
        ("sensors", {}, {"_flush_time": "{}"}),
    ],
    ids=["segment", "posthog", "own", "sensors"],
)
def test_each_dialect_says_when_it_was_sent(
    dialect: str, about_all: dict[str, str], about_one: dict[str, str], key: str
) -> None:
    now = timezone.now() - dt.timedelta(hours=3)
    at, sent_at = (now - dt.timedelta(minutes=5)).isoformat(), now.isoformat()
    raw = event_of(dialect, key, at=at) | dict.fromkeys(about_one, sent_at)
    list_name = {"segment": "batch", "posthog": "batch", "own": "items"}.get(dialect)
    body: Any = [raw]
    if list_name:
        keys = {"posthog": {"api_key": key}, "segment": {"writeKey": key}}.get(dialect, {})
        body = {list_name: [raw], **keys, **dict.fromkeys(about_all, sent_at)}
    assert send(dialect, key, dump(body)).status == 200
    (event,) = taken_of(Event)
    received = int(Delivery.objects.get().received_at.timestamp() * 1_000_000)
    assert abs(event.at - (received - 300_000_000)) < 1_000_000


# --- keys and operations ------------------------------------------------------


def test_a_message_without_an_id_gets_one_of_its_own(key: str) -> None:
    raw = {"event": "Seen", "user_id": "u1"}
    send_items(
        "own", key, raw, raw, {**raw, "id": "m1"}, {**raw, "id": "x" * 5000}, {**raw, "id": 7}
    )
    keys = [item.key for item in taken()]
    assert len(set(keys)) == 5
    assert keys[2] == "m1"
    assert len(keys[3]) == 64
    assert keys[4] == "7"


def test_the_numbers_of_sensors_messages_tell_them_apart() -> None:
    raw = {"type": "track", "event": "e", "distinct_id": "a", "time": 1, "_track_id": 77}
    first, again, other = (
        sensors.translate(one, values.Sending(NOW))[0].key
        for one in ({**raw, "time": NOW}, {**raw, "time": NOW}, {**raw, "time": NOW + 1})
    )
    assert first == again != other


OWN: list[tuple[dict[str, Any], Item]] = [
    ({"type": "profile", "id": "k", "user_id": "u", "at": NOW, "set": {"a": 1}, "once": {"b": 2},
      "add": {"c": 1}, "append": {"d": 1}, "union": {"e": 1}, "remove": {"f": 1}, "unset": ["g"]},
     Profile("k", (USER,), NOW, False, {"a": 1}, {"b": 2}, {"c": 1}, {"d": 1}, {"e": [1]},
             {"f": 1}, ("g",))),
    ({"type": "profile", "id": "k", "user_id": "u", "at": NOW, "delete": True},
     Profile("k", (USER,), NOW, delete=True)),
    ({"type": "group", "id": "k", "group": "company", "group_id": "acme", "at": NOW,
      "user_id": "u"}, Group("k", "company", "acme", NOW, (USER,))),
    ({"type": "consent", "id": "k", "user_id": "u", "at": NOW, "channel": "email",
      "purpose": "marketing", "granted": True},
     Consent("k", (USER,), NOW, "email", "marketing", True)),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "item"), OWN, ids=["profile", "forget", "group", "consent"])
def test_our_own_items(raw: dict[str, Any], item: Item) -> None:
    assert own.translate(raw, values.Sending(NOW)) == [item]


@pytest.mark.parametrize(
    ("dialect", "raw", "reason"),
    [
        ("own", {"type": "profile", "user_id": "u"}, "nothing_said"),
        ("own", {"type": "profile", "user_id": "u", "add": {"a": "1"}}, "wrong_type"),
        ("own", {"type": "profile", "user_id": "u", "add": {"a": True}}, "wrong_type"),
        ("own", {"type": "profile", "user_id": "u", "delete": "no"}, "wrong_type"),
        ("own", {"type": "consent", "user_id": "u", "channel": "e", "purpose": "m"}, "wrong_type"),
        ("own", {"type": "alias", "user_id": "u"}, "no_id"),
        ("own", {"event": "e", "ids": {"k" * 41: "x"}}, "too_long"),
        ("own", {"event": "e", "ids": {f"k{n}": "x" for n in range(21)}}, "too_many_ids"),
        ("mixpanel", {"$distinct_id": "u"}, "nothing_said"),
        ("mixpanel", {"event": "$merge", "properties": {"$distinct_ids": ["u"]}}, "wrong_type"),
        ("mixpanel", {"event": "$create_alias", "properties": {"alias": "u"}}, "no_id"),
        ("posthog", {"event": "$create_alias", "distinct_id": "u"}, "no_id"),
        ("segment", {"type": "alias", "userId": "u"}, "no_id"),
        ("sensors", {"type": "profile_set", "distinct_id": "u", "properties": {}}, "nothing_said"),
        ("sensors", {"type": "track_id_unbind", "distinct_id": "u"}, "unbind"),
        ("sensors", {"type": "item_set", "item_id": "b"}, "wrong_type"),
    ],
    ids=range(16),
)
def test_updates_that_make_no_sense(
    dialect: str, raw: dict[str, Any], reason: str, key: str
) -> None:
    assert send_items(dialect, key, event_of(dialect, key), raw).status == 200
    assert reasons() == [reason]


def test_what_a_context_tells_becomes_properties() -> None:
    context = {"campaign": {"source": "wechat", "name": "双11"}, "page": {"url": "https://a/"},
               "ip": "10.0.0.1", "device": {"type": "ios"}, "os": 7}  # fmt: skip
    raw = {"type": "track", "event": "e", "userId": "u", "context": context,
           "properties": {"utm_source": "mine"}}  # fmt: skip
    (event,) = segment.translate(raw, values.Sending(NOW))
    assert isinstance(event, Event)
    assert event.properties == {
        "$current_url": "https://a/", "utm_source": "mine", "utm_campaign": "双11",
        "$device_type": "ios",
    }  # fmt: skip


def test_a_key_of_another_source_counts_for_its_own(source: EventSource, admin: Staff) -> None:
    other = EventSource.objects.create(name="App")
    for one in (source, other, other):
        _kept, text = write_keys.make(one, by=admin, scopes=["events"])
        send_items("own", text, event_of("own", text))
    kept = list(Delivery.objects.order_by("pk").values_list("source_id", flat=True))
    assert kept == [source.pk, other.pk, other.pk]
