"""Sources, their keys and dead letters, on screen and by role."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from console import clock
from console.models import AuditEntry, Job, Staff
from segments import dead_letters, event_sources, tasks, write_keys
from segments.models import DeadLetter, Delivery, EventSource, SourceDay, WriteKey
from tests.segments.collect.knocking import dump, event_of, send, send_items
from tests.segments.collect.reading import taken

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
LIST = "admin:segments_eventsource_changelist"
LETTERS = "admin:segments_deadletter_changelist"


def page_of(source: EventSource) -> str:
    return reverse("admin:segments_eventsource_change", args=[source.pk])


def do(source: EventSource, deed: str) -> str:
    return reverse("admin:segments_source_do", args=[source.pk, deed])


def a_letter(key: str, **changed: Any) -> DeadLetter:
    """A letter as the door writes it."""
    send_items("own", key, event_of("own", key, **{"name": "", **changed}))
    return DeadLetter.objects.latest("pk")


# --- sources ----------------------------------------------------------------


def test_a_source_is_added_and_its_key_shown_once(signed_in: SignedIn) -> None:
    client = signed_in("product")
    added = client.post(reverse("admin:segments_eventsource_add"), {"name": "App"})
    source = EventSource.objects.get()
    assert added["Location"] == page_of(source)
    asked = {"scopes": ["events"], "per_second": "50", "burst": "100"}
    made = client.post(do(source, "make"), asked)
    (key,) = WriteKey.objects.all()
    text = made.content.decode().split('key-text">')[1].split("<")[0]
    assert key.digest == write_keys.digest(text)
    assert (key.scopes, key.per_second, key.burst) == (["events"], 50, 100)
    assert "no-store" in made["Cache-Control"]
    later = client.get(page_of(source)).content.decode()
    assert text not in later
    assert key.hint in later
    assert "WRITE_KEY" in later
    for name in ("segment", "mixpanel", "posthog", "sensorsanalytics", "curl"):
        assert name in later
    deeds = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"event_source.added", "write_key.made"} <= deeds
    assert text not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    "asked",
    [
        {"scopes": [], "per_second": "1", "burst": "1"},
        {"scopes": ["everything"], "per_second": "1", "burst": "1"},
        {"scopes": ["events"], "per_second": "0", "burst": "1"},
        {"scopes": ["events"], "per_second": "-5", "burst": "1"},
        {"scopes": ["events"], "per_second": "1", "burst": "９"},
        {"scopes": ["events"], "per_second": "9" * 30, "burst": "1"},
        {"scopes": ["events"]},
    ],
    ids=range(7),
)
def test_keys_that_make_no_sense_are_refused(
    asked: dict[str, Any], source: EventSource, signed_in: SignedIn
) -> None:
    assert signed_in("admin").post(do(source, "make"), asked).status_code == 403
    assert not WriteKey.objects.exists()


def test_a_source_is_renamed_and_put_away(
    source: EventSource, key: str, signed_in: SignedIn
) -> None:
    client = signed_in("admin")
    client.post(do(source, "change"), {"name": "Web shop", "description": "the site"})
    other = EventSource.objects.create(name="App")
    client.post(do(other, "change"), {"name": "Web shop"})
    source.refresh_from_db()
    other.refresh_from_db()
    assert (source.name, source.description, other.name) == ("Web shop", "the site", "App")
    assert send_items("own", key, event_of("own", key)).status == 200
    client.post(do(source, "archive"))
    write_keys.forget()
    assert send_items("own", key, event_of("own", key)).status == 401
    assert client.post(do(source, "make"), {"scopes": ["events"]}).status_code == 403
    client.post(do(source, "restore"))
    write_keys.forget()
    assert send_items("own", key, event_of("own", key)).status == 200


def test_the_list_tells_what_came_and_asks_once(
    source: EventSource,
    key: str,
    signed_in: SignedIn,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    day = clock.today()
    send_items("own", key, event_of("own", key), event_of("own", key, who="u2"))
    last = Delivery.objects.get().received_at
    event_sources.count({source.pk: (40, last - dt.timedelta(hours=1))}, day=day)
    event_sources.count({source.pk: (5, last - dt.timedelta(hours=2))}, day=day)
    a_letter(key)
    assert event_sources.sent(day=day)[source.pk] == event_sources.Sent(47, last, 2, 1)
    assert SourceDay.objects.get().last_at == last - dt.timedelta(hours=1)
    for number in range(20):
        EventSource.objects.create(name=f"source {number}")
    client = signed_in("analyst")
    with django_assert_max_num_queries(12):
        page = client.get(reverse(LIST)).content.decode()
    assert "47" in page
    assert "nothing yet" in page
    with django_assert_max_num_queries(12):
        assert "47" in client.get(page_of(source)).content.decode()


# --- keys -------------------------------------------------------------------


def test_an_old_key_works_until_its_time(source: EventSource, admin: Staff) -> None:
    now = timezone.now()
    old, old_text = write_keys.make(source, by=admin, scopes=["events"], per_second=7, burst=9)
    until = now + dt.timedelta(hours=24)
    new, new_text = write_keys.rotate(old, by=admin, until=until)
    assert (new.scopes, new.per_second, new.burst) == (["events"], 7, 9)
    for text, at, works in (
        (old_text, now, True),
        (old_text, until - dt.timedelta(seconds=1), True),
        (old_text, until, False),
        (new_text, until, True),
    ):
        assert (write_keys.find(text, at=at) is not None) is works
    write_keys.revoke(new, by=admin, at=now)
    write_keys.forget()
    assert write_keys.find(new_text, at=now) is None


def test_keys_are_rotated_and_ended_on_screen(
    source: EventSource, key: str, signed_in: SignedIn
) -> None:
    client, old = signed_in("product"), WriteKey.objects.get()
    address = reverse("admin:segments_source_key", args=[source.pk, old.pk, "rotate"])
    answer = client.post(address, {"hours": "168"}).content.decode()
    new = WriteKey.objects.exclude(pk=old.pk).get()
    old.refresh_from_db()
    assert old.expires_at is not None
    assert old.expires_at > timezone.now() + dt.timedelta(days=6)
    assert "key-text" in answer
    ending = reverse("admin:segments_source_key", args=[source.pk, new.pk, "revoke"])
    client.post(ending)
    new.refresh_from_db()
    assert new.expires_at is not None
    assert new.expires_at <= timezone.now()
    assert client.post(ending).status_code == 403  # it has ended already
    elsewhere = EventSource.objects.create(name="Other")
    wrong = reverse("admin:segments_source_key", args=[elsewhere.pk, old.pk, "revoke"])
    assert client.post(wrong).status_code == 404


def test_the_last_use_of_a_key_is_no_finer_than_a_minute(source: EventSource, admin: Staff) -> None:
    _kept, text = write_keys.make(source, by=admin, scopes=["events"])
    now = timezone.now()
    for seconds, noted in ((0, 0), (30, 0), (61, 61)):
        write_keys.forget()
        write_keys.find(text, at=now + dt.timedelta(seconds=seconds))
        assert WriteKey.objects.get().last_used_at == now + dt.timedelta(seconds=noted)


def test_a_process_asks_for_a_key_once_in_a_while(
    key: str, django_assert_num_queries: Callable[[int], Any]
) -> None:
    now = timezone.now()
    write_keys.find(key, at=now)
    with django_assert_num_queries(0):
        write_keys.find(key, at=now)
    write_keys.find("wk_invented", at=now)
    with django_assert_num_queries(0):
        assert write_keys.find("wk_invented", at=now) is None


@pytest.mark.parametrize(
    ("scopes", "dead"),
    [
        (["events"], {"profile", "link", "history"}),
        (["profiles"], {"event", "link", "history"}),
        (["identities"], {"event", "profile", "history"}),
        (["events", "history"], {"profile", "link"}),
    ],
    ids=["events", "profiles", "identities", "history"],
)
def test_a_key_sends_only_what_it_may(
    scopes: list[str], dead: set[str], source: EventSource, admin: Staff
) -> None:
    _kept, text = write_keys.make(source, by=admin, scopes=scopes)
    sent = {
        "event": {"event": "Seen", "user_id": "u1"},
        "profile": {"type": "profile", "user_id": "u1", "set": {"a": 1}},
        "link": {"type": "alias", "user_id": "u1", "previous_id": "x"},
        "history": {"event": "Seen", "user_id": "u1", "history": True},
    }
    told = send("own", text, dump({"items": list(sent.values())}))
    found = {list(sent)[one["index"]] for one in told.json["rejected"]}
    assert found == dead
    assert {one["reason"] for one in told.json["rejected"]} <= {"scope"}


# --- dead letters -----------------------------------------------------------


def test_a_letter_is_read_mended_and_replayed(key: str, signed_in: SignedIn) -> None:
    letter = a_letter(key, properties={"城市": "杭州"})
    client = signed_in("product")
    address = reverse("admin:segments_deadletter_change", args=[letter.pk])
    page = client.get(address).content.decode()
    assert "杭州" in page
    assert "The event has no name." in page
    looks = AuditEntry.objects.filter(action="dead_letter.looked")
    assert [look.subject_id for look in looks] == [str(letter.pk)]
    deed = reverse("admin:segments_letter_do", args=[letter.pk, "replay"])
    for still_bad in ("", dead_letters.laid_out(bytes(letter.raw)), "{", "[]", '{"event": 7}'):
        refused = client.post(deed, {"raw": still_bad})
        assert refused.status_code == 422
        assert 'role="alert"' in refused.content.decode()
    assert (Delivery.objects.count(), DeadLetter.objects.get().status) == (0, "waiting")
    mended = dead_letters.laid_out(bytes(letter.raw)).replace('"event": ""', '"event": "Seen"')
    assert client.post(deed, {"raw": mended.replace("\n", "\r\n")}).status_code == 302
    (event,) = taken()
    assert event.name == "Seen"  # type: ignore[union-attr]
    assert Delivery.objects.get().received_at == letter.received_at
    letter.refresh_from_db()
    assert (letter.status, letter.settled_by) == ("replayed", client.staff)  # type: ignore[attr-defined]
    (line,) = AuditEntry.objects.filter(action__contains="replayed")
    assert (line.action, line.staff) == ("dead_letter.replayed", client.staff)  # type: ignore[attr-defined]
    assert line.details == {"was": "waiting", "mended": True, "items": 1}
    assert client.post(deed, {"raw": mended}).status_code == 403  # once is enough
    assert len(taken()) == 1


@pytest.mark.parametrize("dialect", ["segment", "mixpanel", "posthog", "sensors", "own"])
def test_a_letter_goes_through_its_own_dialect(
    dialect: str, key: str, source: EventSource, admin: Staff
) -> None:
    _kept, poor = write_keys.make(source, by=admin, scopes=["profiles"])
    send_items(dialect, poor, event_of(dialect, poor, name="看过"))
    letter = DeadLetter.objects.get()
    assert (letter.dialect, letter.reason) == (dialect, "scope")
    dead_letters.replay(letter, by=admin)
    (event,) = taken()
    assert event.name == "看过"  # type: ignore[union-attr]


def test_what_a_body_said_about_all_is_in_each_letter(
    key: str, source: EventSource, admin: Staff
) -> None:
    _kept, poor = write_keys.make(source, by=admin, scopes=["events"])
    raw = event_of("posthog", poor, at="2015-01-01T00:00:00Z")
    send("posthog", poor, dump({"batch": [raw], "api_key": poor, "historical_migration": True}))
    dead_letters.replay(DeadLetter.objects.get(), by=admin)
    (event,) = taken()
    assert event.is_history  # type: ignore[union-attr]


def test_all_letters_of_a_filter_are_replayed_by_a_job(
    key: str,
    admin: Staff,
    source: EventSource,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _kept, poor = write_keys.make(source, by=admin, scopes=["profiles"])
    for number in range(3):
        send_items("own", poor, event_of("own", poor, who=f"u{number}"))
    a_letter(key)
    started: list[Any] = []
    monkeypatch.setattr(tasks.settle_letters, "delay", lambda *given: started.append(given))
    client = signed_in("admin")
    page = client.get(reverse(LETTERS), {"reason": "scope"}).content.decode()
    assert "Replay all that are listed" in page
    assert 'name="reason" value="scope"' in page
    with TestCase.captureOnCommitCallbacks(execute=True):
        client.post(reverse("admin:segments_letters_all", args=["replay"]), {"reason": "scope"})
    tasks.settle_letters(*started[0])
    assert Job.objects.get().note == "3 settled, 0 left"
    assert len(taken()) == 3
    assert [one.reason for one in DeadLetter.objects.filter(status="waiting")] == ["no_name"]
    assert dead_letters.replay_many(dead_letters.waiting(), by=admin) == (0, 1)
    assert dead_letters.drop_many(dead_letters.waiting(), by=admin) == (1, 0)


def test_the_list_of_letters_filters_and_asks_no_question_a_letter(
    key: str,
    source: EventSource,
    signed_in: SignedIn,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for number in range(12):
        a_letter(key, name=f"e{number}" * 50)
    a_letter(key)
    client = signed_in("analyst")
    with django_assert_max_num_queries(12):
        whole = client.get(reverse(LETTERS)).content.decode()
    assert "Replay all" not in whole  # an analyst reads
    for query, count in (
        ({"reason": "no_name"}, 1),
        ({"source": source.pk}, 13),
        ({"source": "x"}, 13),
        ({"status": "replayed"}, 0),
        ({"status": "all"}, 13),
        ({"q": "e1"}, 3),
    ):
        page = client.get(reverse(LETTERS), query)
        assert page.context["cl"].result_count == count, query


# --- who may ----------------------------------------------------------------

ROLES = ("operator", "product", "manager", "analyst", "support", "admin")


@pytest.mark.parametrize("role", ROLES)
def test_who_may_do_what(role: str, key: str, source: EventSource, signed_in: SignedIn) -> None:
    client, letter, kept = signed_in(role), a_letter(key), WriteKey.objects.get()
    sees, changes = (
        role in {"operator", "product", "analyst", "admin"},
        role in {"product", "admin"},
    )
    reads = role in {"product", "analyst", "admin"}
    for address, may in (
        (reverse(LIST), sees),
        (page_of(source), sees),
        (reverse("admin:segments_eventsource_add"), changes),
        (reverse(LETTERS), reads),
        (reverse("admin:segments_deadletter_change", args=[letter.pk]), reads),
    ):
        assert (client.get(address).status_code == 200) is may, address
    looks = AuditEntry.objects.filter(action="dead_letter.looked").count()
    assert looks == (1 if reads else 0)
    if changes:
        return
    for address, given in (
        (reverse("admin:segments_eventsource_add"), {"name": "Mine"}),
        (do(source, "change"), {"name": "Mine"}),
        (do(source, "archive"), {}),
        (do(source, "make"), {"scopes": ["events"], "per_second": "1", "burst": "1"}),
        (reverse("admin:segments_source_key", args=[source.pk, kept.pk, "revoke"]), {}),
        (reverse("admin:segments_source_key", args=[source.pk, kept.pk, "rotate"]), {}),
        (reverse("admin:segments_letter_do", args=[letter.pk, "drop"]), {}),
        (reverse("admin:segments_letter_do", args=[letter.pk, "replay"]), {}),
        (reverse("admin:segments_letters_all", args=["drop"]), {}),
    ):
        assert client.post(address, given).status_code == 403, address
        assert client.get(address).status_code in {403, 405}
    assert list(EventSource.objects.values_list("name", "archived_at")) == [("Shop", None)]
    assert list(WriteKey.objects.values_list("pk", "expires_at")) == [(kept.pk, None)]
    assert DeadLetter.objects.get().status == "waiting"
    assert not Job.objects.exists()
