"""Every page and answer of the console, read by every role: nobody's address stands there."""

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from campaigns.contact import suppression
from campaigns.models import Campaign, Message, Suppression
from console.models import Approval, AuditEntry, MailboxMessage, Staff
from segments.models import Customer, DeadLetter, EventSource, Identifier
from tests.campaigns.factories import campaign_at, people
from tests.factories import StaffFactory

ROLES = [role.value for role in Staff.Role]
MAY_SEE = {"operator", "support", "admin"}
NAME, ADDRESS, PHONE = "Ann Secretive", "ann.secretive@customers.example", "13911112222"
AT = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Customer:
    (ann,) = people(1)
    ann.name, ann.email, ann.phone = NAME, ADDRESS, PHONE
    ann.attributes = {
        "email": ADDRESS,
        "plan": "gold",
        "billing": {"person": {"name": NAME, "phone": PHONE}},
        "remark": [f"call {PHONE}"],
        "收件人": NAME,
    }
    ann.save()
    Identifier.objects.create(customer=ann, kind="email", value=ADDRESS)
    Identifier.objects.create(customer=ann, kind="phone", value=PHONE)
    Identifier.objects.create(customer=ann, kind="user_id", value=ADDRESS)
    campaign = campaign_at("submitted", [ann])
    Message.objects.create(campaign=campaign, customer=ann, address=ADDRESS)
    suppression.add(ADDRESS, reason="by_hand", at=AT, customer=ann)
    MailboxMessage.objects.create(
        sender="a@b.example",
        recipient=ADDRESS,
        subject=f"Hello {NAME}",
        raw=f"To: {ADDRESS}\r\nSubject: Hello {NAME}\r\n\r\nHello {NAME}".encode(),
        size=1,
    )
    DeadLetter.objects.create(
        source=EventSource.objects.create(name="App"),
        dialect="own",
        reason="no_id",
        raw=json.dumps({"email": ADDRESS, "who": {"name": NAME, "phone": PHONE}}).encode(),
        received_at=AT,
    )
    return ann


def signed_in(role: str) -> Client:
    client = Client(headers={"accept-language": "en"}, raise_request_exception=False)
    client.force_login(StaffFactory.create(role=role))
    return client


def addresses(ann: Customer) -> list[str]:
    """Every list, every row's page, every further page of the admin, and every list of the API."""
    rows: dict[str, Any] = {
        "segments_customer": ann.pk,
        "campaigns_campaign": Campaign.objects.get().pk,
        "campaigns_message": Message.objects.get().pk,
        "campaigns_suppression": Suppression.objects.get().pk,
        "console_mailboxmessage": MailboxMessage.objects.get().pk,
        "segments_deadletter": DeadLetter.objects.get().pk,
        "console_approval": Approval.objects.get().pk,
    }
    found = []
    for name in _names("admin"):
        model = next((one for one in rows if name.startswith(one)), None)
        for arguments in ([], [rows[model]] if model else [1]):
            found += _reversed(f"admin:{name}", arguments)
    api = [f"/api/v1/{one}/" for one in ("segments", "campaigns", "customers", "jobs", "metrics")]
    return sorted({*found, *api, f"/api/v1/customers/{ann.pk}/"})


def _names(namespace: str) -> list[str]:
    _prefix, resolver = get_resolver().namespace_dict[namespace]
    return sorted(name for name in resolver.reverse_dict if isinstance(name, str))


def _reversed(name: str, arguments: list[Any]) -> list[str]:
    try:
        return [reverse(name, args=arguments)]
    except Exception:  # it wants something else: not this page
        return []


@pytest.mark.parametrize("role", ROLES)
def test_no_page_shows_a_contact_to_a_role_that_may_not_see_it(ann: Customer, role: str) -> None:
    client, told, seen = signed_in(role), list[str](), 0
    for address in addresses(ann):
        if "logout" in address or "login" in address:
            continue
        if role in MAY_SEE and "/mailboxmessage/" in address:
            continue  # subjects speak to people; a mail is read as a whole, which is noted
        if role in MAY_SEE and "/deadletter/" in address and "change" in address:
            continue  # mending a letter needs it as it came; each look at one is noted
        answer = client.get(address)
        if answer.status_code != 200 or answer.streaming:
            continue
        seen += 1
        page = answer.content.decode(errors="replace")
        told += [f"{address}: {one}" for one in (NAME, ADDRESS, PHONE) if one in page]
    assert seen > 15
    assert told == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("screen", ["campaigns_message", "campaigns_suppression"])
def test_an_address_is_shown_when_asked_for_and_noted(
    ann: Customer, role: str, screen: str
) -> None:
    client = signed_in(role)
    row = Message.objects.get() if screen == "campaigns_message" else Suppression.objects.get()
    where = reverse(f"admin:{screen}_contact", args=[row.pk])
    assert client.get(where).status_code in {302, 403, 405}
    answer = client.post(where)
    looked = AuditEntry.objects.filter(action="customer.looked")
    assert (ADDRESS in answer.content.decode()) is (role in MAY_SEE)
    assert looked.count() == (role in MAY_SEE)
    assert ADDRESS not in str(list(looked.values()))


@pytest.mark.parametrize("role", ROLES)
def test_a_mail_is_read_by_whom_may_see_contacts_and_that_is_noted(
    ann: Customer, role: str
) -> None:
    client = signed_in(role)
    mail = MailboxMessage.objects.get()
    page = client.get(reverse("admin:console_mailboxmessage_change", args=[mail.pk]))
    assert (NAME in page.content.decode()) is (role in MAY_SEE)
    frame = client.get(reverse("admin:console_mailboxmessage_html", args=[mail.pk]))
    assert (frame.status_code == 200) is (role in MAY_SEE)
    assert AuditEntry.objects.filter(action="mail.looked").count() == (role in MAY_SEE)


@pytest.mark.parametrize("role", ROLES)
def test_a_preview_names_the_customer_only_when_asked(ann: Customer, role: str) -> None:
    client = signed_in(role)
    where = reverse("admin:campaigns_campaign_mail", args=[Campaign.objects.get().pk])
    asked = {"customer": str(ann.pk), "contact": "shown"}
    assert NAME not in str(client.get(where, asked).json())
    shown = client.post(where, asked)
    assert (NAME in shown.content.decode()) is (role in MAY_SEE)
    looked = AuditEntry.objects.filter(action="customer.looked", details__customer=ann.pk)
    assert looked.count() == (role in MAY_SEE)
