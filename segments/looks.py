"""Looks at who somebody is: names and addresses are masked until one asks, and asking is noted."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from console import audit, roles
from console.models import Staff
from segments import sealing
from segments.masking import is_contact, mask
from segments.models import Customer, Identifier

__all__ = ["ACTION", "Who", "as_text", "is_contact", "mask", "property_value", "record", "who"]

ACTION = "customers.contact"
MOST_IDENTIFIERS = 100  # that are told of one customer


@dataclass(frozen=True)
class Who:
    """Who somebody is, as it may be told: masked, or as it stands."""

    name: str
    email: str
    phone: str
    identifiers: dict[str, list[str]]  # by kind
    plain: list[tuple[str, Any]]  # attributes: single values …
    lists: list[tuple[str, list[str]]]
    nested: list[tuple[str, list[tuple[str, str]]]]  # … and what has parts of its own


def who(customer: Customer, *, shown: bool) -> Who:
    """Who the customer is. `shown` is for those who may see it, after `record`."""
    told = str if shown else mask
    plain, lists, nested = [], [], []
    for name, value in sorted(customer.attributes.items()):
        said = told if is_contact(name) else str
        if isinstance(value, list):
            lists.append((name, [said(as_text(one)) for one in value]))
        elif isinstance(value, dict):
            parts = ((part, as_text(one)) for part, one in sorted(value.items()))
            nested.append(
                (name, [(part, (told if is_contact(part) else said)(one)) for part, one in parts])
            )
        else:
            plain.append((name, told(as_text(value)) if is_contact(name) else value))
    return Who(
        told(customer.name),
        told(customer.email),
        told(customer.phone),
        _identifiers(customer, told),
        plain,
        lists,
        nested,
    )


def _identifiers(customer: Customer, told: Callable[[str], str]) -> dict[str, list[str]]:
    """How sources know the customer."""
    found: dict[str, list[str]] = defaultdict(list)
    kept = Identifier.objects.filter(customer=customer).order_by("kind", "value")
    for one in kept[:MOST_IDENTIFIERS]:
        found[one.kind].append(told(one.value) if one.kind in sealing.CONTACT_KINDS else one.value)
    return dict(found)


def property_value(name: str, value: Any) -> Any:
    """A property of an event; one that tells how to reach somebody is masked for everybody."""
    return mask(as_text(value)) if is_contact(name) else value


def as_text(value: Any) -> str:
    """A value as somebody would write it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def record(customer: Customer, *, by: Staff, what: Iterable[str]) -> None:
    """Note that somebody was shown these fields of a customer.

    Raises:
        NotAllowed: the role may not see them.
    """
    roles.require(by, ACTION)
    # By number: the log keeps who looked at whom, not what was seen.
    audit.log("customer.looked", by=by, customer=customer.pk, fields=sorted(what))
