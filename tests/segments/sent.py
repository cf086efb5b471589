"""Things that senders tell, and what became of them."""

import datetime as dt
import itertools
from collections import Counter
from typing import Any

from django.utils import timezone

from segments import deliveries, ingest, intake
from segments.items import ANONYMOUS, USER, Consent, Event, Group, Id, Item, Link, Profile
from segments.lake import engine
from segments.models import Customer, DeadLetter, EventSource, Identifier
from tests.segments import factories

_numbers = itertools.count(1)
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def user(name: str) -> Id:
    return (USER, name)


def visit(name: str) -> Id:
    return (ANONYMOUS, name)


def micros(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def event(*ids: Id, at: dt.datetime = NOW, **fields: Any) -> Event:
    return Event(
        key=fields.pop("key", f"e{next(_numbers)}"),
        ids=ids,
        name=fields.pop("name", "page_viewed"),
        at=micros(at),
        **fields,
    )


def profile(*ids: Id, at: dt.datetime = NOW, **fields: Any) -> Profile:
    return Profile(key=fields.pop("key", f"p{next(_numbers)}"), ids=ids, at=micros(at), **fields)


def link(*ids: Id, at: dt.datetime = NOW, said: bool = False) -> Link:
    return Link(key=f"l{next(_numbers)}", ids=ids, at=micros(at), said=said)


def group(kind: str, key: str, *members: Id, at: dt.datetime = NOW, **fields: Any) -> Group:
    return Group(
        key=f"g{next(_numbers)}", kind=kind, id=key, at=micros(at), members=members, **fields
    )


def consent(known_as: Id, *, granted: bool, at: dt.datetime = NOW) -> Consent:
    return Consent(
        key=f"c{next(_numbers)}",
        ids=(known_as,),
        at=micros(at),
        channel="email",
        purpose="marketing",
        granted=granted,
    )


def source() -> EventSource:
    return EventSource.objects.get_or_create(name="Shop")[0]


def deliver(*items: Item, at: dt.datetime = NOW) -> None:
    """One request's items, accepted and waiting."""
    deliveries.accept(source().pk, items, received_at=at)


def take(*items: Item, at: dt.datetime = NOW) -> Counter[str]:
    """Deliver and sort; what became of the items."""
    deliver(*items, at=at)
    return intake.run(at=timezone.now()).fates


def of(known_as: Id) -> Customer:
    return Customer.objects.get(identifiers__kind=known_as[0], identifiers__value=known_as[1])


def in_lake() -> list[dict[str, Any]]:
    """The lake's rows after everything that waits is in it, by key."""
    ingest.flush()
    with engine.connect(factories.lake_path()) as lake:
        return sorted(lake.ask(lake.events()).to_pylist(), key=lambda row: str(row["key"]))


def people() -> set[frozenset[tuple[str, str]]]:
    """Who there is, each by all their ids."""
    by_customer: dict[int, set[tuple[str, str]]] = {}
    for customer, kind, value in Identifier.objects.values_list("customer", "kind", "value"):
        by_customer.setdefault(customer, set()).add((kind, value))
    return {frozenset(ids) for ids in by_customer.values()}


def letter() -> DeadLetter:
    """The only dead letter there is."""
    return DeadLetter.objects.get()
