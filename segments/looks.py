"""Looks at who somebody is: names and addresses are masked until one asks, and asking is noted."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from console import audit, roles
from console.models import Staff
from segments import sealing
from segments.models import Customer, Identifier

ACTION = "customers.contact"
MOST_IDENTIFIERS = 100  # that are told of one customer
# What such attributes are called, without their punctuation.
CONTACT_WORDS = (
    "address",
    "email",
    "fullname",
    "firstname",
    "idcard",
    "lastname",
    "mobile",
    "phone",
    "realname",
    "wechat",
    "地址",
    "姓名",
    "手机",
    "电话",
    "身份证",
    "邮箱",
)


def mask(text: str) -> str:
    """`h•••@shop.example`, `138•••27`: enough to recognise, too little to write to."""
    name, at, host = text.partition("@")
    if at:
        return f"{name[:1]}•••@{host}"
    if sum(letter.isdigit() for letter in text) >= 7:  # a telephone number
        return f"{text[:3]}•••{text[-2:]}"
    return f"{text[:1]}•••" if text else ""


def is_contact(name: str) -> bool:
    """Whether an attribute of this name says who somebody is, or how to reach them."""
    plain = re.sub(r"[\W_]", "", name.lower())
    return any(word in plain for word in CONTACT_WORDS)


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
