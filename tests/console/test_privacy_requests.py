"""Who may ask for an erasure, its deadlines, and the copy that a person asks for."""

import datetime as dt
import io
import json
from pathlib import Path

import pytest

from console import clock, copies
from console.models import AuditEntry, Staff
from console.states import NotAllowed
from segments import (
    erasure,
)
from segments.lake import rewrite
from segments.models import (
    Customer,
    PrivacyRequest,
)
from tests.console import erasing
from tests.console.erasing import ADDRESS, AT, DEVICE, USER, campaign_with, erased
from tests.factories import StaffFactory

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


# --- who may ----------------------------------------------------------------


ROLES = [role.value for role in Staff.Role]


@pytest.mark.parametrize("role", ROLES)
def test_who_may_ask(role: str) -> None:
    customer = Customer.objects.create()
    staff = StaffFactory.create(role=role)
    if role in {"support", "admin"}:
        assert erasure.ask(customer, "erase", by=staff, asked_on=AT.date()).pk
        return
    with pytest.raises(NotAllowed):
        erasure.ask(customer, "erase", by=staff, asked_on=AT.date())
    assert not PrivacyRequest.objects.exists()


@pytest.mark.parametrize("role", ROLES)
def test_who_may_carry_it_out(role: str, admin: Staff) -> None:
    customer = Customer.objects.create(name="Ann")
    request = erasure.ask(customer, "erase", by=admin, asked_on=AT.date())
    staff = StaffFactory.create(role=role)
    if role == "admin":
        erasure.begin(request, by=staff, typed=f"#{customer.pk}", at=AT)
        assert request.status == "running"
        return
    with pytest.raises(NotAllowed):
        erasure.begin(request, by=staff, typed=str(customer.pk), at=AT)
    request.refresh_from_db()
    assert request.status == "requested"


def test_the_number_has_to_be_typed(admin: Staff) -> None:
    customer = Customer.objects.create(name="Ann")
    request = erasure.ask(customer, "erase", by=admin, asked_on=AT.date())
    with pytest.raises(NotAllowed):
        erasure.begin(request, by=admin, typed=str(customer.pk + 1), at=AT)
    assert PrivacyRequest.objects.get().status == "requested"


def test_the_same_is_not_asked_for_twice(admin: Staff) -> None:
    customer = Customer.objects.create()
    erasure.ask(customer, "erase", by=admin, asked_on=AT.date())
    with pytest.raises(NotAllowed):
        erasure.ask(customer, "erase", by=admin, asked_on=AT.date())


def test_a_begun_erasure_cannot_be_withdrawn(ann: Customer, admin: Staff) -> None:
    request = erasure.ask(ann, "erase", by=admin, asked_on=AT.date())
    erasure.begin(request, by=admin, typed=str(ann.pk), at=AT)
    erasure.close(request, at=AT)
    with pytest.raises(NotAllowed):
        erasure.withdraw(request, by=admin)


@pytest.mark.parametrize(
    ("asked_on", "law", "due_on"),
    [
        ("2024-06-03", "pipl", "2024-06-24"),  # a Monday: three weeks
        ("2024-06-08", "pipl", "2024-06-28"),  # a Saturday
        ("2024-01-31", "gdpr", "2024-03-01"),
    ],
)
def test_deadlines(asked_on: str, law: str, due_on: str) -> None:
    assert erasure.due(dt.date.fromisoformat(asked_on), law) == dt.date.fromisoformat(due_on)


# --- a copy -----------------------------------------------------------------


def copied(ann: Customer, by: Staff) -> PrivacyRequest:
    request = erasure.ask(ann, "export", by=by, asked_on=AT.date())
    copies.start(request, by=by, at=clock.now())
    copies.make(request)
    return request


def test_a_copy_has_everything(ann: Customer, admin: Staff) -> None:
    import zipfile

    campaign_with(ann, "sent")
    request = copied(ann, admin)
    path = copies.fetch(request, by=admin, at=dt.datetime.now(dt.UTC))
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as file:
        told = json.loads(file.read("everything.json"))
        page = file.read("everything.html").decode()
    assert told["profile"][0]["email"] == ADDRESS
    assert {one["value"] for one in told["identifiers"]} == {ADDRESS, USER, DEVICE}
    assert len(told["events"]) >= 3
    assert told["messages"][0]["address"] == ADDRESS
    assert told["notes"][0]["text"].endswith(ADDRESS)
    assert ADDRESS in page


def test_only_who_asked_fetches_it_and_only_for_a_day(ann: Customer, admin: Staff) -> None:
    request = copied(ann, admin)
    now = dt.datetime.now(dt.UTC)
    with pytest.raises(NotAllowed):
        copies.fetch(request, by=StaffFactory.create(role="admin"), at=now)
    with pytest.raises(NotAllowed):
        copies.fetch(request, by=admin, at=now + dt.timedelta(hours=25))
    copies.fetch(request, by=admin, at=now)
    assert AuditEntry.objects.filter(action="privacyrequest.fetched", staff=admin).count() == 1
    assert copies.tidy(at=now) == 0
    assert copies.tidy(at=now + dt.timedelta(hours=25)) == 1
    assert not Path(request.path).exists()


def test_an_erasure_takes_the_copy_with_it(ann: Customer, admin: Staff) -> None:
    request = copied(ann, admin)
    erased(ann, admin)
    assert not Path(request.path).exists()
