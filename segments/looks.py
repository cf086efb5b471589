"""Looks at who somebody is: names and addresses are masked until one asks, and asking is noted."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from console import audit, roles
from console.models import Staff
from segments.masking import in_text, is_contact, mask, masked
from segments.models import Customer, Identifier

__all__ = [
    "ACTION",
    "Who",
    "as_text",
    "attributes",
    "identifier",
    "is_contact",
    "mask",
    "masked",
    "record",
    "who",
]

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
    said = str if shown else mask
    told = customer.attributes if shown else attributes(customer.attributes)
    plain, lists, nested = [], [], []
    for name, value in sorted(told.items()):
        if isinstance(value, list):
            lists.append((name, [as_text(one) for one in value]))
        elif isinstance(value, dict):
            nested.append((name, [(part, as_text(one)) for part, one in sorted(value.items())]))
        else:
            plain.append((name, value))
    return Who(
        said(customer.name),
        said(customer.email),
        said(customer.phone),
        _identifiers(customer, shown),
        plain,
        lists,
        nested,
    )


def attributes(of: dict[str, Any]) -> dict[str, Any]:
    """A customer's attributes as everybody may see them, however deep an address stands."""
    found: dict[str, Any] = masked(of, of_person=True)
    return found


def identifier(kind: str, value: str) -> str:
    """An id as everybody may see it: shops give out addresses and numbers as ids of their own."""
    return mask(value) if is_contact(kind) else in_text(value)


def _identifiers(customer: Customer, shown: bool) -> dict[str, list[str]]:
    """How sources know the customer."""
    found: dict[str, list[str]] = defaultdict(list)
    kept = Identifier.objects.filter(customer=customer).order_by("kind", "value")
    for one in kept[:MOST_IDENTIFIERS]:
        found[one.kind].append(one.value if shown else identifier(one.kind, one.value))
    return dict(found)


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
