"""The official client libraries, unchanged, against the real web server."""

import datetime as dt
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import mixpanel
import posthog
import pytest
import sensorsanalytics
from posthog.request import APIError as PosthogError
from segment.analytics.client import Client as SegmentClient

from segments.items import Event, Group, Link, Profile
from tests.segments.collect.conftest import Web
from tests.segments.collect.reading import micros, properties_without, reasons, taken, taken_of

pytestmark = pytest.mark.django_db(transaction=True)
WHEN = dt.datetime(2026, 5, 4, 3, 2, 1, tzinfo=dt.UTC)


def problems_of(make: Callable[..., Any]) -> tuple[Any, list[Exception]]:
    """A client, and the list in which it puts what goes wrong."""
    found: list[Exception] = []
    return make(on_error=lambda problem, _batch: found.append(problem)), found


# --- Segment ----------------------------------------------------------------


@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
def test_segment(web: Web, key: str, gzip: bool) -> None:
    client, problems = problems_of(
        lambda **also: SegmentClient(key, host=web.url, gzip=gzip, max_retries=0, **also)
    )
    client.track("u1", "Order Paid", {"total": 12.5, "items": ["a", "b"]}, timestamp=WHEN)
    client.page("u1", "Docs", "Home", {"url": "https://shop.example/"}, anonymous_id="a1")
    client.screen("u1", name="Cart")
    client.identify("u1", {"plan": "pro", "名": "安娜"}, anonymous_id="a1")
    client.group("u1", "acme", {"seats": 7})
    client.alias("old", "u1")
    client.track(anonymous_id="a2", event="Seen", message_id="m-1")
    client.shutdown()
    assert problems == []
    paid, page, screen, seen = taken_of(Event)
    assert (paid.name, paid.ids, paid.at) == ("Order Paid", (("user_id", "u1"),), micros(WHEN))
    assert properties_without(paid.properties, "$") == {"total": 12.5, "items": ["a", "b"]}
    assert page.ids == (("user_id", "u1"), ("anonymous_id", "a1"))
    assert (page.name, page.properties["name"], page.properties["category"]) == (
        "page_viewed", "Home", "Docs",
    )  # fmt: skip
    assert (screen.name, screen.properties["name"]) == ("screen_viewed", "Cart")
    assert (seen.key, seen.ids) == ("m-1", (("anonymous_id", "a2"),))
    (told,) = taken_of(Profile)
    assert told.set == {"plan": "pro", "名": "安娜"}
    assert told.ids == (("user_id", "u1"), ("anonymous_id", "a1"))
    (company,) = taken_of(Group)
    assert (company.id, company.set, company.members) == (
        "acme", {"seats": 7}, (("user_id", "u1"),),
    )  # fmt: skip
    (link,) = taken_of(Link)
    assert link.said
    assert link.ids == (("user_id", "u1"), ("user_id", "old"), ("anonymous_id", "old"))
    assert len({item.key for item in taken()}) == 7


def test_segment_is_told_of_a_wrong_key(web: Web, key: str) -> None:
    client, problems = problems_of(
        lambda **also: SegmentClient("wk_wrong", host=web.url, max_retries=0, **also)
    )
    client.track("u1", "Seen")
    client.shutdown()
    (problem,) = problems
    assert "unknown_key" in str(problem)
    assert "write key" in str(problem)
    assert taken() == []


# --- Mixpanel ---------------------------------------------------------------


def mixpanel_of(web: Web, key: str, kind: type = mixpanel.Consumer) -> mixpanel.Mixpanel:
    addresses = {
        f"{name}_url": f"{web.url}/{path}"
        for name, path in (
            ("events", "track"),
            ("people", "engage"),
            ("import", "import"),
            ("groups", "groups"),
        )
    }
    return mixpanel.Mixpanel(key, consumer=kind(**addresses, retry_limit=0))


def test_mixpanel(web: Web, key: str) -> None:
    client = mixpanel_of(web, key)
    client.track(
        "u1", "Order Paid", {"total": 12.5, "time": int(WHEN.timestamp()), "$insert_id": "i-1"}
    )
    client.track("$device:d1", "Seen", {"$device_id": "d1"})
    client.track("u1", "Signed In", {"$user_id": "u1", "$device_id": "d1"})
    client.people_set("u1", {"plan": "pro"})
    client.people_set_once("u1", {"first": "2026"})
    client.people_increment("u1", {"visits": 2})
    client.people_append("u1", {"tags": "a"})
    client.people_union("u1", {"tags": ["b"]})
    client.people_unset("u1", ["old"])
    client.people_remove("u1", {"tags": "a"})
    client.people_track_charge("u1", 50)
    client.people_delete("u1")
    client.group_set("company", "acme", {"seats": 7})
    client.group_delete("company", "gone")
    client.import_data(None, "u1", "Long Ago", int(WHEN.timestamp()), api_secret=key)
    client.merge(None, "u1", "u2", api_secret=key)
    paid, seen, signed_in, long_ago = taken_of(Event)
    assert (paid.key, paid.name, paid.at) == ("i-1", "Order Paid", micros(WHEN))
    assert properties_without(paid.properties, "$", "mp_") == {"total": 12.5}
    assert paid.ids == (("user_id", "u1"),)
    assert seen.ids == (("anonymous_id", "d1"),)
    assert signed_in.ids == (("user_id", "u1"), ("anonymous_id", "d1"))
    assert long_ago.is_history
    assert not paid.is_history
    one, once, add, append, union, unset, remove, charge, delete = taken_of(Profile)
    assert one.set == {"plan": "pro"}
    assert once.once == {"first": "2026"}
    assert add.add == {"visits": 2}
    assert append.append == {"tags": "a"}
    assert union.union == {"tags": ["b"]}
    assert unset.unset == ("old",)
    assert remove.remove == {"tags": "a"}
    assert charge.append == {"$transactions": {"$amount": 50}}
    assert delete.delete
    company, gone = taken_of(Group)
    assert (company.kind, company.id, company.set) == ("company", "acme", {"seats": 7})
    assert gone.delete
    (merge,) = taken_of(Link)
    assert (merge.ids, merge.said) == ((("user_id", "u1"), ("user_id", "u2")), True)


def test_mixpanel_in_batches(web: Web, key: str) -> None:
    client = mixpanel_of(web, key, mixpanel.BufferedConsumer)
    for number in range(120):
        client.track(f"u{number}", "Seen", {"number": number})
    client._consumer.flush()
    assert [event.properties["number"] for event in taken_of(Event)] == list(range(120))


def test_mixpanel_alias(web: Web, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library sends aliases past the consumer, always to the address of its own class."""
    client = mixpanel_of(web, key)
    monkeypatch.setattr(mixpanel, "Consumer", lambda: client._consumer)
    client.alias("u1", "visitor-1")
    (link,) = taken_of(Link)
    assert (link.ids, link.said) == ((("user_id", "u1"), ("user_id", "visitor-1")), True)


def test_mixpanel_is_told_what_is_wrong(web: Web, key: str) -> None:
    with pytest.raises(mixpanel.MixpanelException, match="write key"):
        mixpanel_of(web, "wk_wrong").track("u1", "Seen")
    with pytest.raises(mixpanel.MixpanelException, match="name"):
        mixpanel_of(web, key).track("u1", "")
    assert taken() == []
    assert reasons() == ["no_name"]


# --- PostHog ----------------------------------------------------------------


def posthog_of(web: Web, key: str, **also: Any) -> tuple[posthog.Posthog, list[Exception]]:
    return problems_of(
        lambda **more: posthog.Posthog(
            key, host=web.url, max_retries=0, flush_interval=0.1, **also, **more
        )
    )


@pytest.mark.parametrize(
    "also",
    [
        {},
        {"gzip": True},
        {"capture_mode": "v1"},
        {"capture_mode": "v1", "capture_compression": "deflate"},
    ],
    ids=["plain", "gzip", "v1", "v1-deflate"],
)  # fmt: skip
def test_posthog(web: Web, key: str, also: dict[str, Any]) -> None:
    client, problems = posthog_of(web, key, **also)
    client.capture(
        "order paid",
        distinct_id="u1",
        properties={"total": 12.5, "$set": {"plan": "pro"}},
        timestamp=WHEN,
        uuid="01890a5d-ac96-774b-bcce-b302099a8057",
    )
    client.capture("seen by nobody")
    client.set(distinct_id="u1", properties={"city": "杭州"})
    client.set_once(distinct_id="u1", properties={"first": "2026"})
    client.group_identify("company", "acme", {"seats": 7})
    client.alias("visitor-1", "u1")
    client.flush()
    client.shutdown()
    assert problems == []
    paid, nobody = taken_of(Event)
    assert paid.key == "01890a5d-ac96-774b-bcce-b302099a8057"
    assert (paid.name, paid.ids, paid.at) == ("order paid", (("user_id", "u1"),), micros(WHEN))
    assert properties_without(paid.properties, "$")["total"] == 12.5
    assert nobody.ids[0][0] == "anonymous_id"
    with_event, city, first = taken_of(Profile)
    assert (with_event.set, with_event.key) == ({"plan": "pro"}, f"{paid.key}:person")
    assert city.set == {"city": "杭州"}
    assert first.once == {"first": "2026"}
    (company,) = taken_of(Group)
    assert (company.kind, company.id, company.set) == ("company", "acme", {"seats": 7})
    (link,) = taken_of(Link)
    assert link.ids == (
        ("user_id", "u1"), ("user_id", "visitor-1"), ("anonymous_id", "visitor-1"),
    )  # fmt: skip


def test_posthog_brings_history(web: Web, key: str) -> None:
    client, problems = posthog_of(web, key, historical_migration=True)
    client.capture("long ago", distinct_id="u1", timestamp=dt.datetime(2015, 1, 1, tzinfo=dt.UTC))
    client.shutdown()
    assert problems == []
    assert [event.is_history for event in taken_of(Event)] == [True]


def test_posthog_learns_that_there_are_no_flags(web: Web, key: str) -> None:
    client, problems = posthog_of(web, key)
    assert client.get_all_flags("u1") == {}
    client.shutdown()
    assert problems == []


@pytest.mark.parametrize("mode", ["v0", "v1"])
def test_posthog_is_told_of_a_wrong_key(web: Web, key: str, mode: str) -> None:
    client, problems = posthog_of(web, "wk_wrong", capture_mode=mode)
    client.capture("seen", distinct_id="u1")
    client.shutdown()
    (problem,) = problems
    assert isinstance(problem, PosthogError)
    assert problem.status == 401
    assert "write key" in str(problem)


# --- Sensors ----------------------------------------------------------------

ADDRESS = "{url}/sa?project=default&token={key}"


@pytest.mark.parametrize("kind", ["DefaultConsumer", "BatchConsumer", "AsyncBatchConsumer"])
def test_sensors(web: Web, key: str, kind: str) -> None:
    consumer = getattr(sensorsanalytics, kind)(ADDRESS.format(url=web.url, key=key))
    client = sensorsanalytics.SensorsAnalytics(consumer)
    ident = sensorsanalytics.SensorsAnalyticsIdentity
    login = ident(ident.LOGIN_ID, "u1")
    local = WHEN.astimezone().replace(tzinfo=None)  # the library takes it for its own zone's
    client.track("a1", "ViewHome", {"$time": local, "page": "首页"})
    client.track("u1", "OrderPaid", {"total": 12}, is_login_id=True)
    client.track_signup("u1", "a1")
    client.profile_set("u1", {"plan": "pro"}, is_login_id=True)
    client.profile_set_once("u1", {"first": "2026"}, is_login_id=True)
    client.profile_increment("u1", {"visits": 2}, is_login_id=True)
    client.profile_append("u1", {"tags": ["a", "b"]}, is_login_id=True)
    client.profile_unset("u1", ["old"], is_login_id=True)
    client.profile_delete("u1", is_login_id=True)
    client.item_set("book", "b-1", {"title": "道德经"})
    client.item_delete("book", "b-2")
    client.bind(login, ident(ident.MOBILE, "13800000000"))
    client.track_by_id("Shared", {"how": "qr"}, login)
    client.close()
    view, paid, signed_up, shared = taken_of(Event)
    assert (view.ids, view.properties["page"]) == ((("anonymous_id", "a1"),), "首页")
    assert view.at == micros(WHEN)
    assert (paid.name, paid.ids) == ("OrderPaid", (("user_id", "u1"),))
    assert (signed_up.name, signed_up.ids) == (
        "$SignUp", (("user_id", "u1"), ("anonymous_id", "a1")),
    )  # fmt: skip
    assert shared.ids == (("user_id", "u1"),)
    one, once, add, append, unset, delete = taken_of(Profile)
    assert one.set == {"plan": "pro"}
    assert once.once == {"first": "2026"}
    assert add.add == {"visits": 2}
    assert append.append == {"tags": ["a", "b"]}
    assert unset.unset == ("old",)
    assert delete.delete
    assert {profile.ids for profile in taken_of(Profile)} == {(("user_id", "u1"),)}
    book, gone = taken_of(Group)
    assert (book.kind, book.id, book.set) == ("item:book", "b-1", {"title": "道德经"})
    assert gone.delete
    (bound,) = taken_of(Link)
    assert (bound.ids, bound.said) == ((("user_id", "u1"), ("phone", "13800000000")), True)


def test_sensors_checks_without_keeping(web: Web, key: str) -> None:
    address = ADDRESS.format(url=web.url, key=key)
    for write, kept in ((False, 0), (True, 1)):
        consumer = sensorsanalytics.DebugConsumer(address, write_data=write)
        sensorsanalytics.SensorsAnalytics(consumer).track("a1", "ViewHome")
        assert len(taken()) == kept
    wrong = sensorsanalytics.DebugConsumer(ADDRESS.format(url=web.url, key="wk_wrong"))
    with pytest.raises(sensorsanalytics.SensorsAnalyticsDebugException):
        sensorsanalytics.SensorsAnalytics(wrong).track("a1", "ViewHome")


def test_sensors_is_told_of_a_wrong_key(web: Web, key: str) -> None:
    consumer = sensorsanalytics.DefaultConsumer(ADDRESS.format(url=web.url, key="wk_wrong"))
    with pytest.raises(sensorsanalytics.SensorsAnalyticsNetworkException, match="401"):
        sensorsanalytics.SensorsAnalytics(consumer).track("a1", "ViewHome")


# --- and Django behind it ---------------------------------------------------


def test_everything_else_goes_to_the_console(web: Web) -> None:
    with urllib.request.urlopen(f"{web.url}/healthz", timeout=10) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{web.url}/api/v1/segments/", timeout=10)
