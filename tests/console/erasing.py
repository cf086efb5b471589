"""Somebody of whom everything is known, everywhere; and how they are erased."""

import datetime as dt
import json

from campaigns.contact import suppression
from campaigns.models import Campaign
from console import clock, privacy, work
from console.models import MailboxMessage, Staff
from segments import activity, deliveries, erasure, ingest, items, merging
from segments.models import Consent, Customer, CustomerNote, EventSource, Identifier, PrivacyRequest
from tests.campaigns.factories import campaign_at, people
from tests.factories import StaffFactory
from tests.segments.factories import happened, incoming

ADDRESS, USER, PHONE = "ann.erased@customers.example", "user-ann-erased-1", "13900001234"
DEVICE = "device-ann-erased"
TEXTS = (ADDRESS, USER, PHONE, DEVICE)
AT = dt.datetime(2018, 1, 1, 9, tzinfo=dt.UTC)


def somebody_known_everywhere() -> Customer:
    """Somebody of whom everything is known, and whom somebody else was merged into."""
    ann = Customer.objects.create(
        name="Ann Erased", email=ADDRESS, phone=PHONE, language="en", attributes={"mail": ADDRESS}
    )
    was = Customer.objects.create()
    for customer, kind, value in (
        (ann, "user_id", USER),
        (ann, "email", ADDRESS),
        (was, "device_id", DEVICE),
    ):
        Identifier.objects.create(customer=customer, kind=kind, value=value)
    Consent.objects.create(customer=ann, channel="email", granted=True, at=AT, source=ADDRESS)
    staff = StaffFactory.create(role=Staff.Role.ADMIN)
    CustomerNote.objects.create(customer=ann, text=f"Write to {ADDRESS}", by=staff, at=AT)
    work.give("callback", "Call back", on=AT.date(), why=f"Or write to {ADDRESS}", subject=ann)
    happened(
        incoming(ann, "2018-01-01", properties={"mail": ADDRESS}),
        incoming(was, "2017-12-31", properties={"device": DEVICE}),
    )
    merging.merge(ann, was, by=staff, at=clock.now(), why=f"both are {ADDRESS}")
    merging.tell(at=clock.now())
    ingest.receive([incoming(ann, "2018-01-01", properties={"waits": USER})])
    _came_in(ann)
    activity.catch_up()
    return ann


def _came_in(ann: Customer) -> None:
    """What waits to be sorted, what could not be, and a mail in the local mailbox."""
    source = EventSource.objects.create(name="App")
    event = items.Event(key="k1", ids=(("user_id", USER),), name="seen", at=1)
    other = items.Event(key="k2", ids=(("user_id", "somebody-else"),), name="seen", at=1)
    deliveries.accept(
        source.pk,
        [event, other],
        [deliveries.Dead("own", "no_id", json.dumps({"who": USER}).encode())],
        received_at=AT,
    )
    MailboxMessage.objects.create(
        sender="a@b.example", recipient=ADDRESS, subject="Hi", raw=ADDRESS.encode(), size=1
    )
    suppression.add(ADDRESS, reason="bounced", at=AT, customer=ann, channel="sms")


def campaign_with(ann: Customer, status: str) -> Campaign:
    consents = Consent.objects.filter(customer=ann)
    consents.update(granted=True)
    return campaign_at(status, [*people(3), ann])


def erased(ann: Customer, by: Staff) -> PrivacyRequest:
    request = erasure.ask(ann, "erase", by=by, asked_on=AT.date())
    erasure.begin(request, by=by, typed=str(ann.pk), at=clock.now())
    privacy.carry_out(request)
    request.refresh_from_db()
    return request
