"""Makers of measured worlds and of campaigns that have run."""

import datetime as dt
from typing import Any

import factory
from pyroaring import BitMap

from campaigns.models import Audience, Campaign, Message, MessageTemplate
from console.models import Project
from metrics import library, measurements
from metrics.measurements import Figure
from segments.models import Customer, Segment
from tests.segments.factories import CustomerFactory


def today_is(day: dt.date | str) -> None:
    """Pin the console's date."""
    Project.objects.filter(pk=1).update(today_on=day, time_zone="UTC", currency="USD")


def measured(*figures: Figure) -> None:
    """Put figures where the nightly work would have put them."""
    library.install()
    measurements.keep(list(figures))


class TemplateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MessageTemplate

    name = factory.Sequence(lambda n: f"Template {n}")
    subject = "Hello"
    body = "<p>Hello</p>"


class SegmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Segment

    name = factory.Sequence(lambda n: f"Segment {n}")


class CampaignFactory(factory.django.DjangoModelFactory):
    """A campaign as the database may hold it, without the way that leads there."""

    class Meta:
        model = Campaign

    name = factory.Sequence(lambda n: f"Campaign {n}")
    segment = factory.SubFactory(SegmentFactory)
    template = factory.SubFactory(TemplateFactory)


def mailed(*sent: tuple[Customer, dt.datetime], **values: Any) -> Campaign:
    """An e-mail campaign that wrote to these customers at these moments."""
    first, last = min(at for _, at in sent), max(at for _, at in sent)
    values = {"status": Campaign.Status.SENT, "started_at": first, "finished_at": last} | values
    campaign: Campaign = CampaignFactory.create(**values)
    audience_of(campaign, [customer for customer, _ in sent], at=first)
    for turn, (customer, at) in enumerate(sent):
        Message.objects.create(
            campaign=campaign,
            occurrence=turn,
            customer=customer,
            address=customer.email,
            status=Message.Status.SENT,
            sent_at=at,
        )
    return campaign


def recorded(
    customers: list[Customer], *, since: dt.datetime, until: dt.datetime, ref: str = ""
) -> Campaign:
    """A campaign that ran elsewhere and reached these customers."""
    campaign: Campaign = CampaignFactory.create(
        kind=Campaign.Kind.RECORDED,
        status=Campaign.Status.SENT,
        segment=None,
        template=None,
        started_at=since,
        finished_at=until,
        external_ref=ref,
    )
    audience_of(campaign, customers, at=since)
    return campaign


def audience_of(campaign: Campaign, customers: list[Customer], *, at: dt.datetime) -> Audience:
    members = BitMap([customer.pk for customer in customers])
    return Audience.objects.create(
        campaign=campaign, members=members, size=len(members), frozen_at=at
    )


def customers(count: int) -> list[Customer]:
    return [CustomerFactory.create() for _ in range(count)]
