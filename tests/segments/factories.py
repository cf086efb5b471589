"""Makers of customers, events and the lake that holds them."""

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import factory
import numpy as np
from django.conf import settings

from segments import activity, arrays, ingest, sheet, standing
from segments import traits as registry
from segments.models import Consent, Customer, EventType, Identifier, Segment, Stage
from segments.sheet import Fresh

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


TRAITS_ON = dt.date(2018, 1, 1)
NOTHING_YET = dict.fromkeys(("orders", "orders_90d", "monetary_minor", "active_days_30d"), 0)


def traits(
    customer: Customer | int | None = None, *, day: dt.date = TRAITS_ON, **values: Any
) -> Customer:
    """Write traits of one customer as the pipeline would; give the ones that matter.

    Days since something become the date that they are counted from; words stay words.
    """
    who = Customer.objects.get(pk=customer) if isinstance(customer, int) else customer
    who = who or CustomerFactory()
    given = values if sheet.of([who.pk], ["orders"])[who.pk] else {**NOTHING_YET, **values}
    sheet.write(
        {
            trait.column: _with(who.pk, trait, given[key], day)
            for key, trait in registry.some(given).items()
        },
        day=day,
    )
    return who


def _with(customer: int, trait: registry.Trait, value: Any, day: dt.date) -> Fresh:
    """The column as it is with one more value."""
    dtype = registry.DTYPES[trait.kind]
    known = sheet.read(trait.column).get(trait.column)
    was = known.values if known else np.empty(0, dtype)
    words = known.words if known else ()
    column = np.full(max(len(was), customer + 1), arrays.nothing(dtype), dtype)
    column[: len(was)] = was
    if trait.kind == registry.CHOICE and value is not None:
        words = (*words, *({value} - {*words}))
        value = words.index(value)
    if trait.is_derived and value is not None:
        value = day - dt.timedelta(days=value)
    if isinstance(value, str):
        value = dt.date.fromisoformat(value)
    if isinstance(value, dt.date):
        value = (value - registry.EPOCH).days
    column[customer] = arrays.nothing(dtype) if value is None else value
    return Fresh(column, words if trait.kind == registry.CHOICE else None)


def stands(customer: Customer | int, stage: Stage, since: dt.date = TRAITS_ON) -> None:
    """Put a customer into a stage as the pipeline would, without a move."""
    number = customer if isinstance(customer, int) else customer.pk
    values = {
        standing.stage_key(stage.stage_set_id): stage.pk,
        standing.since_key(stage.stage_set_id): standing.number(since),
    }
    known = sheet.read(*values)
    fresh = {}
    for key, value in values.items():
        was = known[key].values if key in known else np.empty(0, np.int32)
        column = standing.longer(was, number + 1, copy=True)
        column[number] = value
        fresh[key] = Fresh(column)
    sheet.write(fresh, day=since)


class SegmentFactory(factory.django.DjangoModelFactory):
    """A segment that nobody computed yet."""

    class Meta:
        model = Segment

    name = factory.Sequence(lambda n: f"Segment {n}")
