"""Erasing a person: everywhere, whatever dies, and searched again by somebody else."""

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from campaigns.contact import suppression
from campaigns.models import Campaign, Message, Suppression
from console import approvals, clock, copies, privacy
from console.models import AuditEntry, Staff
from metrics.models import ResultBasis
from segments import (
    bitmaps,
    bits,
    erasure,
    identity,
    merging,
)
from segments.lake import engine, rewrite, schema, store
from segments.models import (
    Consent,
    Customer,
    Delivery,
    PrivacyRequest,
)
from tests.campaigns.factories import campaign_at, mail_server, people, send_all
from tests.console import erasing
from tests.console.erasing import ADDRESS, AT, DEVICE, TEXTS, USER, campaign_with, erased
from tests.factories import StaffFactory
from tests.segments import programs
from tests.segments.factories import happened, incoming, row

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads the lake here; one test waits for readers."""
    monkeypatch.setattr(rewrite, "GRACE", dt.timedelta(0))


@pytest.fixture
def admin() -> Staff:
    return StaffFactory.create(role=Staff.Role.ADMIN)


@pytest.fixture
def ann() -> Customer:
    return erasing.somebody_known_everywhere()


# --- a search that knows nothing of how things are forgotten -----------------


def told_by_the_database(texts: tuple[str, ...]) -> list[str]:
    """Every column of every table, of ours or not, with one of the texts in it."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public'"
        )
        for table, column, kind in cursor.fetchall():
            wanted: list[Any]
            if kind in {"text", "character varying", "jsonb", "ARRAY"}:
                condition, wanted = f'"{column}"::text LIKE %s', [f"%{one}%" for one in texts]
            elif kind == "bytea":
                condition, wanted = (
                    f'position(%s::bytea in "{column}") > 0',
                    [one.encode() for one in texts],
                )
            else:
                continue
            for one in wanted:
                cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {condition}', [one])
                found += [f"{table}.{column}"] if cursor.fetchone()[0] else []
    return sorted(set(found))


def told_by_files(texts: tuple[str, ...]) -> list[str]:
    import pyarrow.parquet as pq

    found = []
    for folder in (Path(settings.LAKE_PATH), Path(settings.UPLOADS_PATH), copies_folder()):
        for file in folder.rglob("*"):
            if not file.is_file():
                continue
            content = file.read_bytes()
            if file.suffix == ".parquet":
                content += str(pq.ParquetFile(file).read().to_pylist()).encode()
            found += [str(file) for one in texts if one.encode() in content]
    return found


def copies_folder() -> Path:
    return Path(settings.HOME_DIR) / copies.FOLDER


def told_by_sets(numbers: list[int]) -> list[str]:
    return [
        f"{model.__name__}.{column}"
        for model, column in bits.columns()
        for row in model._default_manager.all()
        if any(number in getattr(row, column) for number in numbers)
    ]


# --- the whole of it --------------------------------------------------------


def test_nothing_tells_of_an_erased_person(ann: Customer, admin: Staff) -> None:
    campaign = campaign_with(ann, "sent")
    ResultBasis.objects.create(campaign=campaign, converted=bitmaps.from_ids([ann.pk]))
    numbers = merging.numbers_of(ann.pk)
    assert len(told_by_the_database(TEXTS)) > 8
    assert told_by_files((ADDRESS,))
    assert "ResultBasis.converted" in told_by_sets(numbers)

    request = erased(ann, admin)

    assert request.status == "done", (request.problem, request.parts)
    assert told_by_the_database(TEXTS) == []
    assert told_by_files(TEXTS) == []
    assert told_by_sets(numbers) == []
    with engine.connect(settings.LAKE_PATH) as lake:
        assert set(lake.ask(lake.events().select("customer"))["customer"].to_pylist()).isdisjoint(
            numbers
        )
    assert campaign.messages.count() == 4


def test_the_certificate_says_what_was_found_and_can_be_hashed_again(
    ann: Customer, admin: Staff
) -> None:
    request = erased(ann, admin)
    found = {one["key"]: one["found"] for one in request.certificate["places"]}
    assert found["identifiers"] == 3
    assert found["events"] == 3
    assert found["deliveries"] == found["dead_letters"] == found["mailbox"] == 1
    assert request.digest == privacy.digest(request.certificate)
    assert AuditEntry.objects.get(action="privacyrequest.certified").details == {
        "digest": request.digest
    }
    assert request.wanted == ""


def test_the_others_stay(ann: Customer, admin: Staff) -> None:
    erased(ann, admin)
    assert Delivery.objects.get().count == 1


def test_a_row_is_left_that_is_nobody(ann: Customer, admin: Staff) -> None:
    erased(ann, admin)
    ann.refresh_from_db()
    assert (ann.name, ann.email, ann.phone, ann.attributes) == ("", "", "", {})
    assert ann.erased_at is not None


def test_a_running_campaign_goes_on_without_them(ann: Customer, admin: Staff) -> None:
    campaign = campaign_with(ann, "sending")
    erased(ann, admin)
    with mail_server() as server:
        send_all(campaign, server)
        assert ADDRESS not in server.count
        assert sum(server.count.values()) == 3
    assert not Message.objects.filter(customer=ann, status="sent").exists()


def test_what_was_approved_stays_approved(ann: Customer, admin: Staff) -> None:
    campaign = campaign_with(ann, "paused")
    erased(ann, admin)
    campaign = Campaign.objects.get(pk=campaign.pk)
    approval = approvals.latest_for(campaign)
    assert approval is not None
    assert approval.digest == campaign.digest()
    assert campaign.audience.size == 3


def test_an_address_stays_on_the_list_without_being_known(ann: Customer, admin: Staff) -> None:
    suppression.add(ADDRESS, reason="unsubscribed", at=AT, customer=ann)
    erased(ann, admin)
    line = Suppression.objects.get(channel="email")
    assert (line.address, line.customer) == ("", None)
    assert suppression.is_listed(ADDRESS.upper())
    again = Customer.objects.create(email=ADDRESS)
    assert suppression.forgotten_among([again.pk]) == [again.pk]


def test_a_forgotten_address_is_not_written_to(ann: Customer, admin: Staff) -> None:
    suppression.add(ADDRESS, reason="unsubscribed", at=AT, customer=ann)
    erased(ann, admin)
    again = Customer.objects.create(email=ADDRESS)
    Consent.objects.create(customer=again, channel="email", granted=True, at=AT)
    campaign = campaign_at("sending", [*people(2), again])
    with mail_server() as server:
        send_all(campaign, server)
        assert ADDRESS not in server.count
    assert Message.objects.get(customer=again).reason == "suppressed"


def test_late_events_are_recognised_and_new_ones_are_not(ann: Customer, admin: Staff) -> None:
    assert erasure.forgotten([("user_id", USER)]) == {}
    request = erased(ann, admin)
    found = erasure.forgotten([("user_id", USER), ("user_id", "other"), ("device_id", DEVICE)])
    assert set(found) == {("user_id", USER), ("device_id", DEVICE)}
    assert found["user_id", USER] >= request.started_at  # type: ignore[operator]


def test_who_comes_back_is_somebody_new(ann: Customer, admin: Staff) -> None:
    erased(ann, admin)
    number = identity.resolve("user_id", [USER])[USER]
    assert number != ann.pk
    happened(incoming(number, "2018-01-01"))
    second = erasure.ask(Customer.objects.get(pk=number), "erase", by=admin, asked_on=AT.date())
    assert second.status == "requested"


def test_what_is_known_again_meanwhile_does_not_stop_it(
    ann: Customer, admin: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = erasure.close

    def and_back(request: PrivacyRequest, *, at: dt.datetime) -> Any:
        sought = close(request, at=at)
        identity.resolve("user_id", [USER])
        return sought

    monkeypatch.setattr(erasure, "close", and_back)
    request = erased(ann, admin)
    assert request.status == "done", (request.problem, request.parts)
    assert request.certificate["known_again"] == 1


def test_something_in_an_unforeseen_place_stops_it_in_words(ann: Customer, admin: Staff) -> None:
    other = Customer.objects.create(attributes={"friend": ADDRESS})
    request = erased(ann, admin)
    assert request.status == "failed"
    assert "segments_customer.attributes: 1" in request.problem
    other.delete()
    erasure.begin(request, by=admin, typed=str(ann.pk), at=clock.now())
    privacy.carry_out(request)
    assert request.status == "done"


def test_readers_keep_their_files_for_the_grace(
    ann: Customer, admin: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "GRACE", dt.timedelta(minutes=30))
    opened = store.files(settings.LAKE_PATH)
    request = erased(ann, admin)
    assert request.status == "running"
    assert all(Path(file).exists() for file in opened)
    assert privacy.unfinished() == [request.pk]
    monkeypatch.setattr(rewrite, "GRACE", dt.timedelta(0))
    noted = request.parts["files"]
    privacy._note(request, "files", **{**noted, "until": "2018-01-01T00:00:00+00:00"})
    privacy.carry_out(request)
    assert request.status == "done"
    assert not all(Path(file).exists() for file in opened)


@pytest.mark.parametrize("key", ["profile", "deliveries", "events", "audiences", "mailbox"])
def test_killed_in_a_part_the_next_run_goes_on(ann: Customer, admin: Staff, key: str) -> None:
    """The process dies by SIGKILL before a part, and another right after it."""
    campaign_with(ann, "sending")
    request = erasure.ask(ann, "erase", by=admin, asked_on=AT.date())
    erasure.begin(request, by=admin, typed=str(ann.pk), at=clock.now())
    for deed in ("die", "then_die(place.forget)"):
        program = f"""
            import time
            from dataclasses import replace
            from console import privacy
            from segments.models import PrivacyRequest
            (place,) = [one for one in privacy.PLACES if one.key == {key!r}]
            privacy.PLACES[privacy.PLACES.index(place)] = replace(place, forget={deed})
            for _look in range(100):
                privacy.carry_out(PrivacyRequest.objects.get(pk={request.pk}))
                time.sleep(0.1)
        """
        assert programs.run(program) == -9
    for _look in range(100):  # as beat does: the database may hold the dead one's lock a moment
        if privacy.carry_out(request):
            break
        time.sleep(0.1)
    request.refresh_from_db()
    assert request.status == "done", (request.problem, request.parts)
    assert told_by_the_database(TEXTS) == []
    assert told_by_files(TEXTS) == []
    found = {one["key"]: one["found"] for one in request.certificate["places"]}
    assert found[key] > 0


def test_a_flush_at_the_same_time_brings_nothing_back(
    ann: Customer, admin: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that were on their way when the lake was rewritten."""
    rewritten = rewrite.remove

    def and_more(*args: Any, **kwargs: Any) -> int:
        found = rewritten(*args, **kwargs)
        if not store.version(settings.LAKE_PATH, "late"):
            late = schema.table([row(ann.pk, "2018-01-01")])
            store.append(settings.LAKE_PATH, late, app_id="late", version=1)
        return found

    monkeypatch.setattr(rewrite, "remove", and_more)
    request = erased(ann, admin)
    privacy.carry_out(request)
    assert request.status == "done", (request.problem, request.parts)
    assert rewrite.count(settings.LAKE_PATH, [ann.pk]) == 0
