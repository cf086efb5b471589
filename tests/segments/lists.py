"""Files of customers that somebody sent, checked and applied."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from segments.customer_imports import applying, checking, keeping
from segments.customer_imports.mapping import CustomerMapping
from segments.models import (
    Consent,
    Customer,
    CustomerImport,
    CustomerImportRow,
    Identifier,
)
from tests.factories import StaffFactory
from tests.segments.factories import CustomerFactory, IdentifierFactory

SignedIn = Callable[..., Client]
NOW = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)
Status = CustomerImport.Status

FIELDS = {"name": "name", "email": "email", "phone": "phone"}


def sent(content: str | bytes, name: str = "list.csv", **mapped: Any) -> CustomerImport:
    """A file that somebody sent and whose columns somebody named."""
    raw = content.encode() if isinstance(content, str) else content
    kept = keeping.keep(SimpleUploadedFile(name, raw), by=StaffFactory(role="operator"))
    header = (
        content.splitlines()[0].split(",") if isinstance(content, str) else mapped.pop("header")
    )
    values: dict[str, Any] = {
        "key": "id",
        "fields": {name: name for name in FIELDS if name in header},
        "attributes": tuple(n for n in header if n in {"city", "age"}),
        "tags": "tags" if "tags" in header else "",
        "consents": {"email": "consent"} if "consent" in header else {},
        "source": "a form in the shop",
        **mapped,
    }
    kept.mapping = CustomerMapping(**values).to_json()
    kept.save()
    return kept


def checked(content: str, **mapped: Any) -> CustomerImport:
    found = sent(content, **mapped)
    checking.check(found)
    return found


def counts(customer_import: CustomerImport) -> dict[str, int]:
    return {key: count for key, count in customer_import.counts.items() if count}


def outcome(customer_import: CustomerImport, number: int) -> CustomerImportRow:
    return customer_import.rows.get(number=number)


def known(key: str, **values: Any) -> Customer:
    customer: Customer = CustomerFactory(**{"name": "", "email": "", **values})
    IdentifierFactory(customer=customer, value=key)
    return customer


def apply(customer_import: CustomerImport) -> None:
    applying.apply(customer_import, by=StaffFactory(role="operator"), at=NOW)


def world() -> list[Any]:
    return [
        list(Customer.objects.order_by("pk").values()),
        list(Identifier.objects.order_by("pk").values()),
        list(Consent.objects.order_by("pk").values()),
    ]
