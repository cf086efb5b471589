"""One datum's way through the whole house: from a file of events to somebody's home page."""

import datetime as dt
import email
import re
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import transitions
from campaigns.delivery import outbox
from campaigns.models import Campaign, CampaignResult, Message, MessageTemplate
from console import approvals, clock, tasks
from console.models import AuditEntry, Project, Staff
from metrics import results
from metrics.models import Measurement, Payback
from segments import collection, membership, pipeline, traits
from segments import tasks as segments_tasks
from segments.models import Consent, Customer, Identifier, InboxEvent
from tests.campaigns.factories import CountingServer, mail_server

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = "order,user,at,what,price\n"
PAST = HEAD + "".join(
    f"o{n}-{day},{who},2026-03-0{day}T10:00:00Z,order_paid,{price}\n"
    for n, (who, price) in enumerate([("anna", "12.50"), ("ben", "99.99"), ("cho", "1.00")])
    for day in range(1, 1 + (3 if who == "anna" else 1))
)


@pytest.fixture(autouse=True)
def the_console_plays_the_8th_of_march() -> None:
    Project.objects.update(today_on=dt.date(2026, 3, 8), time_zone="UTC", currency="CNY")


def load(path: Path, rows: str) -> None:
    path.write_text(rows, "utf-8")
    call_command(
        "importevents",
        str(path),
        customer="user",
        time="at",
        name="what",
        amount="price",
        key="order",
        identifier_kind="user",
        verbosity=0,
    )


def customer(name: str) -> Customer:
    return Identifier.objects.get(kind="user", value=name).customer


def the_mail_of(server: CountingServer, address: str) -> EmailMessage:
    [raw] = [raw for to, raw in server.mails if to == address]
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def address_in(html: str, way: str) -> str:
    """The first address of this kind (`o`, `c`, `u`) in a mail, without its host."""
    found = re.search(rf"https?://[^/\"]+(/t/{way}/[^\"\s]+)", html)
    assert found, html
    return found[1].replace("&amp;", "&")


def send_everything(campaign: Campaign, server: CountingServer) -> None:
    while outbox.send_next_wave(campaign, server.channel(), at=clock.now()):
        pass
    assert transitions.finish(campaign, at=clock.now())
    campaign.refresh_from_db()


def test_an_event_becomes_a_segment_a_mail_a_click_and_a_number(
    tmp_path: Path, staff_of: Callable[..., Staff], signed_in: Callable[..., Client]
) -> None:
    operator, manager = staff_of("operator"), staff_of("manager")

    # Events of a file are customers of ours, once each, however often the file comes.
    load(tmp_path / "orders.csv", PAST)
    assert Customer.objects.count() == 3
    for name in ("anna", "ben", "cho"):
        Customer.objects.filter(pk=customer(name).pk).update(
            email=f"{name}@customers.example", name=name.title(), language="en"
        )
    for name in ("anna", "ben"):
        Consent.objects.create(
            customer=customer(name), channel="email", granted=True, at=clock.now()
        )

    # Workers find out who they are.
    pipeline.run(clock.today())
    anna = customer("anna")
    known = traits.of([anna.pk])[anna.pk]
    assert (known["orders"], known["monetary_minor"], known["recency_days"]) == (3, 3750, 5)

    # A rule becomes a set of people.
    segment = collection.add(
        name="Buyers of March",
        rule={"all": [{"event": "order_paid", "did": True, "times": 1, "days": 30, "where": []}]},
        by=operator,
    )
    membership.recompute(segment, day=clock.today())
    segment.refresh_from_db()
    assert segment.size == 3

    # What is approved is exactly what leaves: Cho never consented.
    template = MessageTemplate.objects.create(
        name="Hello",
        subject="Hello {{ customer.name }}",
        body='<p>Dear {{ customer.name }}, <a href="https://shop.example/new">look</a>.</p>',
    )
    campaign = Campaign.objects.create(
        name="Spring", segment=segment, template=template, owner=operator, team=operator.team
    )
    approval = transitions.submit(campaign, by=operator, at=clock.now())
    assert campaign.audience.size == 2
    assert list(campaign.audience.exclusions.filter(size__gt=0).values_list("reason", "size")) == [
        ("no_consent", 1)
    ]
    approvals.approve(approval, by=manager)
    campaign.refresh_from_db()
    transitions.start(campaign, by=operator, at=clock.now())

    # Over a real SMTP connection, once each.
    with mail_server() as server:
        send_everything(campaign, server)
    assert server.count == {"anna@customers.example": 1, "ben@customers.example": 1}
    assert campaign.status == Campaign.Status.SENT

    # A while later Anna opens and clicks; Ben unsubscribes with one click of his mail program.
    Message.objects.update(left_at=timezone.now() - dt.timedelta(minutes=5))
    browser = Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0")
    to_anna = the_mail_of(server, "anna@customers.example")
    html = to_anna.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert to_anna["Subject"] == "Hello Anna"
    assert browser.get(address_in(html, "o")).status_code == 200
    click = browser.get(address_in(html, "c"))
    assert click["Location"] == "https://shop.example/new"
    to_ben = the_mail_of(server, "ben@customers.example")
    one_click = address_in(to_ben["List-Unsubscribe"].replace(">", '"'), "u")
    assert browser.post(one_click, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Consent.objects.get(customer=customer("ben")).granted

    # Anna buys, and everything that happened is in the lake. That the campaign brought her to it
    # was found out by the night's results, and follows with the next minute.
    load(tmp_path / "later.csv", f"{HEAD}o9,anna,{clock.now().isoformat()},order_paid,20.00\n")
    tasks.run_night()
    waiting = InboxEvent.objects.values_list("name", "customer_id")
    assert list(waiting) == [("campaign_converted", anna.pk)]
    segments_tasks.flush_inbox()
    assert not InboxEvent.objects.exists()

    # The number on the campaign.
    result = results.compute(campaign, at=clock.now() + dt.timedelta(hours=3))
    assert isinstance(result, CampaignResult)
    assert (result.sent, result.opened, result.clicked, result.unsubscribed) == (2, 1, 1, 1)
    assert (result.purchased, result.revenue_minor) == (1, 2000)

    # The number on the home page, and in the metrics.
    revenue = Measurement.objects.get(metric__key="revenue", day="2026-03-01", slice="")
    assert revenue.value == 1250 + 9999 + 100
    assert Payback.objects.exists(), "worked out by the night too"
    home = signed_in("operator").get(reverse("admin:index")).content.decode()
    assert "Spring" in home

    # What came back is a condition of the next segment.
    openers = {"event": "message_opened", "did": True, "times": 1, "days": 1, "where": []}
    assert list(membership.evaluate(openers, day=clock.today())) == [anna.pk]
    converted = {**openers, "event": "campaign_converted"}
    assert list(membership.evaluate(converted, day=clock.today())) == [anna.pk]

    # And the audit log tells it whole.
    deeds = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"segment.added", "campaign.submitted", "approval.approved", "campaign.sent"} <= deeds
