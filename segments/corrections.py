"""Correcting what we have written down about a customer."""

import hashlib
import json
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from console import audit, roles
from console.models import Staff
from console.states import NotAllowed, Stale
from segments.models import Customer

ACTION = "customers.change"
FIELDS = ("name", "email", "phone", "language", "attributes")
MOST_ATTRIBUTES, LONGEST_ATTRIBUTES = 200, 32_000  # how many, and how long as JSON
_PHONE = re.compile(r"\+?[\d\s()./-]{3,39}")


class Wrong(NotAllowed):
    """A value that cannot be right, in words."""


def version(customer: Customer) -> str:
    """What the fields are now, as a short text that an editor gives back."""
    said = json.dumps([getattr(customer, field) for field in FIELDS], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:20]


@transaction.atomic
def correct(customer: Customer, *, by: Staff, seen: str, **values: Any) -> list[str]:
    """Write the fields that differ; gives their names.

    Raises:
        NotAllowed: the role, or the customer is merged or erased.
        Stale: somebody else changed the customer since `seen`.
        Wrong: a value that cannot be right.
    """
    roles.require(by, ACTION)
    kept = Customer.objects.select_for_update().get(pk=customer.pk)
    if kept.merged_into_id or kept.erased_at:
        raise NotAllowed(_("This customer is not kept any more."))
    if version(kept) != seen:
        raise Stale(_("Somebody else changed this customer meanwhile; look again."))
    for field, value in values.items():
        values[field] = CHECKS[field](value)
    changed = [
        field for field in FIELDS if field in values and values[field] != getattr(kept, field)
    ]
    for field in changed:
        setattr(kept, field, values[field])
    if changed:
        kept.save(update_fields=sorted(changed))
        # Which fields, not what was or is in them: the log is never erased.
        audit.log("customer.corrected", by=by, customer=kept.pk, fields=sorted(changed))
    return changed


# --- what a value may be ----------------------------------------------------


def a_name(text: str) -> str:
    """Raises Wrong when longer than the column."""
    return _short(text, 120)


def an_email(text: str) -> str:
    """Raises Wrong when it is no address."""
    text = _short(text, 254).lower()
    if text:
        try:
            validate_email(text)
        except ValidationError as problem:
            raise Wrong(_("This is not an e-mail address.")) from problem
    return text


def a_phone(text: str) -> str:
    """Raises Wrong when it is no number."""
    text = _short(text, 40)
    if text and not _PHONE.fullmatch(text):
        raise Wrong(_("This is not a telephone number."))
    return text


def a_language(text: str) -> str:
    """Raises Wrong when it is no code of a language."""
    text = _short(text, 16)
    if text and not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", text):
        raise Wrong(_("Write a language as its code, such as zh-hans or en."))
    return text


def attributes(values: dict[str, Any]) -> dict[str, Any]:
    """Raises Wrong when there are too many or too long ones, or one without a name."""
    said = json.dumps(values, ensure_ascii=False)
    if len(values) > MOST_ATTRIBUTES or len(said) > LONGEST_ATTRIBUTES:
        raise Wrong(_("These attributes are too many or too long."))
    if "\\u0000" in said or not all(0 < len(name.strip()) <= 80 for name in values):
        raise Wrong(_("An attribute needs a name of at most 80 characters."))
    return values


CHECKS: dict[str, Any] = {
    "name": a_name,
    "email": an_email,
    "phone": a_phone,
    "language": a_language,
    "attributes": attributes,
}


def _short(text: str, most: int) -> str:
    text = " ".join(text.replace("\0", "").split())
    if len(text) > most:
        raise Wrong(_("This has more than %(most)d characters.") % {"most": most})
    return text
