"""Makers of campaigns that walk the real way, and a mail server that counts."""

import datetime as dt
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import factory
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from campaigns import transitions
from campaigns.channels.email import SmtpChannel
from campaigns.channels.smtp import Server
from campaigns.delivery import outbox
from campaigns.delivery.sending import Tally
from campaigns.models import Campaign, CouponBatch, MessageTemplate
from campaigns.money.purse import NeedsMoney
from console import approvals, budgets, clock
from console.models import Approval, Budget, Staff, Team
from segments import bitmaps
from segments.models import Consent, Customer, Segment
from tests.factories import StaffFactory, TeamFactory

AT = dt.datetime(2018, 1, 1, 9, tzinfo=dt.UTC)


class TemplateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MessageTemplate

    name = factory.Sequence(lambda n: f"Hello {n}")
    subject = "Hello {{ customer.name }}"
    body = (
        '<p>Hello {{ customer.name }}</p><p><a href="https://shop.example/?a=1&amp;b=2">See</a></p>'
    )


class SegmentFactory(factory.django.DjangoModelFactory):
    """A segment whose members were just computed."""

    class Meta:
        model = Segment

    name = factory.Sequence(lambda n: f"Buyers {n}")
    rule = factory.LazyFunction(lambda: {"all": []})
    rule_version = 1
    computed_version = 1
    computed_at = factory.LazyFunction(clock.now)
    data_as_of = factory.LazyFunction(clock.today)
    size = factory.LazyAttribute(lambda one: len(one.members))


class CampaignFactory(factory.django.DjangoModelFactory):
    """A draft; for every later status there is `campaign_at`."""

    class Meta:
        model = Campaign

    name = factory.Sequence(lambda n: f"Come back {n}")
    template = factory.SubFactory(TemplateFactory)
    team = factory.SubFactory(TeamFactory)


def people(count: int, *, prefix: str = "c", consent: bool = True) -> list[Customer]:
    """Customers who can be written to."""
    made = Customer.objects.bulk_create(
        Customer(name=f"Customer {n}", email=f"{prefix}{n}@customers.example", language="en")
        for n in range(count)
    )
    if consent:
        agree(*made)
    return made


def agree(*customers: Customer) -> None:
    Consent.objects.bulk_create(
        Consent(customer=one, channel="email", granted=True, at=AT) for one in customers
    )


def segment_of(customers: list[Customer], **values: Any) -> Segment:
    members = bitmaps.from_ids(one.pk for one in customers)
    made: Segment = SegmentFactory.create(members=members, **values)
    return made


def alice() -> Staff:
    """Approves."""
    return StaffFactory.create(role=Staff.Role.MANAGER)


def bob() -> Staff:
    """Submits and starts."""
    return StaffFactory.create(role=Staff.Role.OPERATOR)


def charlie() -> Staff:
    """As Bob, in another team."""
    return StaffFactory.create(role=Staff.Role.OPERATOR, team=TeamFactory.create(name="Elsewhere"))


def campaign_at(
    status: str, customers: list[Customer] | int = 3, *, by: Staff | None = None, **values: Any
) -> Campaign:
    """A campaign that went the real way to this status."""
    by = by or bob()
    who = people(customers) if isinstance(customers, int) else customers
    values.setdefault("segment", segment_of(who))
    campaign: Campaign = CampaignFactory.create(owner=by, **values)
    for step in WAYS[status]:
        _take(step, campaign, by)
    campaign.refresh_from_db()
    assert campaign.status == status
    return campaign


WAYS: dict[str, list[str]] = {
    "draft": [],
    "submitted": ["submit"],
    "approved": ["submit", "approve"],
    "sending": ["submit", "approve", "start"],
    "paused": ["submit", "approve", "start", "pause"],
    "sent": ["submit", "approve", "start", "send"],
    "cancelled": ["cancel"],
}


def budget_with(amount: int, *, team: Team | None = None, **values: Any) -> Budget:
    """A budget that is open now, with so much in it."""
    admin, today = StaffFactory.create(role=Staff.Role.ADMIN), clock.today()
    year = dt.timedelta(days=366)
    said: dict[str, Any] = {
        "name": "Messages",
        "since": today - year,
        "until": today + year,
    } | values
    made = budgets.make(team=team or TeamFactory.create(), by=admin, **said)
    if amount:
        budgets.fund(made, amount, key="first", on=today, by=admin)
    return Budget.objects.get(pk=made.pk)


def give_money(campaign: Campaign, amount: int = 10**9) -> None:
    """A budget of its own for a draft; one that lasts may spend all of it."""
    campaign.budget = budget_with(amount, team=campaign.team)
    campaign.limit_minor = amount if campaign.is_lasting else None
    campaign.save(update_fields=["budget", "limit_minor"])


def submit(campaign: Campaign, *, by: Staff) -> Approval:
    """Ask for approval, with money where it costs something."""
    try:
        return transitions.submit(campaign, by=by, at=clock.now())
    except NeedsMoney:
        give_money(campaign)
        return transitions.submit(campaign, by=by, at=clock.now())


def _take(step: str, campaign: Campaign, by: Staff) -> None:
    if step == "submit":
        submit(campaign, by=by)
    elif step == "start":
        transitions.start(campaign, by=by, at=clock.now())
    elif step in {"pause", "cancel"}:
        getattr(transitions, step)(campaign, by=by)
    elif step == "approve":
        _approve(campaign)
    else:
        _send(campaign)


def _approve(campaign: Campaign) -> None:
    pending = approvals.pending_for(campaign)
    assert pending
    approvals.approve(pending, by=alice())
    campaign.refresh_from_db()


def _send(campaign: Campaign) -> None:
    with mail_server() as server:
        send_all(campaign, server)


def send_all(campaign: Campaign, server: "CountingServer") -> list[Tally]:
    """What one worker does, until it finds nothing to claim."""
    tallies = []
    while tally := outbox.send_next_wave(campaign, server.channel(), at=clock.now()):
        tallies.append(tally)
        if tally.trouble:
            transitions.stop(campaign, reason=tally.trouble)
    transitions.finish(campaign, at=clock.now())
    campaign.refresh_from_db()
    return tallies


class CountingServer:
    """A real SMTP server that keeps what it gets, and answers as it is told."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.answers: dict[str, str] = {}  # what to say to which recipient's RCPT
        self.answer_to_all = ""
        self.answer_to_data = ""
        self.on_mail: Any = None
        self.port = 0
        self._channels: list[SmtpChannel] = []

    @property
    def count(self) -> Counter[str]:
        """How many mails each address got."""
        return Counter(address for address, _ in self.mails)

    def channel(self) -> SmtpChannel:
        made = SmtpChannel(Server("127.0.0.1", self.port, timeout=5))
        self._channels.append(made)
        return made

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.answers.get(address, self.answer_to_all):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.answer_to_data:
            return self.answer_to_data
        self.mails.append((envelope.rcpt_tos[0], bytes(envelope.original_content or b"")))
        if self.on_mail:
            self.on_mail(len(self.mails))
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[CountingServer]:
    handler = CountingServer()
    handler.port = _free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    try:
        yield handler
    finally:
        for channel in handler._channels:
            channel.close()
        controller.stop()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class CouponBatchFactory(factory.django.DjangoModelFactory):
    """Twenty off, for a quarter of an hour."""

    class Meta:
        model = CouponBatch

    name = factory.Sequence(lambda n: f"Twenty off {n}")
    value_minor = 2_000
    valid_minutes = 15
    team = factory.SubFactory(TeamFactory)


def form(**values: Any) -> dict[str, Any]:
    """What the form of a campaign sends."""
    return {
        "name": "Cart",
        "entry": "once",
        "every": "day",
        "at_time": "10:00",
        "plan": "[]",
        "conversion_event": "order_paid",
        "conversion_days": 7,
        "control_share": 0,
        "purpose": "marketing",
        "priority": 50,
        **values,
    }
