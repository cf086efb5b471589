"""Makers of customers, events and the lake that holds them."""

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import factory
from django.conf import settings

from segments import activity, ingest
from segments.models import Consent, Customer, CustomerTraits, EventType, Identifier, Segment

_numbers = itertools.count(1)


class CustomerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Customer

    name = factory.Sequence(lambda n: f"Customer {n}")
    email = factory.Sequence(lambda n: f"customer-{n}@customers.example")
    language = "en"


class IdentifierFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Identifier

    customer = factory.SubFactory(CustomerFactory)
    kind = "user_id"
    value = factory.Sequence(lambda n: f"user-{n}")


class ConsentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Consent

    customer = factory.SubFactory(CustomerFactory)
    channel = "email"
    purpose = "marketing"
    granted = True
    at = dt.datetime(2017, 1, 1, tzinfo=dt.UTC)
    source = "tests"


class EventTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EventType
        django_get_or_create = ("name",)

    name = "order_paid"


def moment(day: dt.date | str, hour: int = 12) -> dt.datetime:
    """A moment of a day; noon in UTC is the same date from Hawaii to Auckland's winter."""
    day = dt.date.fromisoformat(day) if isinstance(day, str) else day
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)


def incoming(customer: int | Customer, day: dt.date | str, **values: Any) -> ingest.IncomingEvent:
    """An event with a key of its own."""
    values.setdefault("key", f"test-{next(_numbers)}")
    values.setdefault("name", "order_paid")
    values.setdefault("time", moment(day))
    number = customer if isinstance(customer, int) else customer.pk
    return ingest.IncomingEvent(customer=number, **values)


def happened(*events: ingest.IncomingEvent) -> None:
    """Bring events all the way into the lake and the day sets."""
    ingest.receive(events)
    ingest.flush()
    activity.catch_up()


def row(customer: int, day: dt.date | str, **values: Any) -> dict[str, Any]:
    """One row of the lake."""
    time = values.pop("time", None) or moment(day)
    return {
        "day": dt.date.fromisoformat(day) if isinstance(day, str) else day,
        "time": time,
        "customer": customer,
        "event": "order_paid",
        "key": f"row-{next(_numbers)}",
        "amount": None,
        "properties": "{}",
        **values,
    }


def lake_path() -> Path:
    return Path(settings.LAKE_PATH)


class CustomerTraitsFactory(factory.django.DjangoModelFactory):
    """Traits as the pipeline would write them; give the ones that matter."""

    class Meta:
        model = CustomerTraits

    customer = factory.SubFactory(CustomerFactory)
    computed_on = dt.date(2018, 1, 1)


class SegmentFactory(factory.django.DjangoModelFactory):
    """A segment that nobody computed yet."""

    class Meta:
        model = Segment

    name = factory.Sequence(lambda n: f"Segment {n}")
