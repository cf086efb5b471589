"""What a row would change: the file's side beside ours, under the policy that was chosen."""

from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from segments import sealing
from segments.customer_imports.cells import Given
from segments.customer_imports.mapping import CustomerMapping, Policy
from segments.models import Customer, CustomerImportRow
from segments.models.fields import SealedCharField

Outcome = CustomerImportRow.Outcome
SEALED = {f.name for f in Customer._meta.concrete_fields if isinstance(f, SealedCharField)}
NOTHING: dict[str, Any] = {
    **dict.fromkeys(("name", "email", "phone", "language"), ""),
    "attributes": {},
}


@dataclass(frozen=True)
class Known:
    """What we have of the customers of some rows: columns as the table holds them."""

    customers: dict[str, int]  # by the row's key
    columns: dict[int, dict[str, Any]]
    consents: dict[tuple[int, str], tuple[bool, Any]]  # by customer and channel: granted, when
    owners: dict[tuple[str, str], int]  # by field and value as it is kept: whose it is
    erased: set[str]  # keys of people who were erased


@dataclass(frozen=True)
class Plan:
    """What becomes of one row."""

    outcome: str
    customer: int | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    consents: dict[str, dict[str, bool | None]] | None = None
    reason: str = ""


def plan(given: Given, known: Known, mapping: CustomerMapping) -> Plan:
    """The row's outcome; one that nobody can decide says why."""
    if given.problem:
        return Plan(Outcome.BAD, reason=given.problem)
    customer = known.customers.get(given.key)
    if given.key in known.erased and not mapping.erased_too:
        return Plan(
            Outcome.CONFLICT,
            reason=_("This person was erased on request; bring them in only if they came back."),
        )
    before = known.columns[customer] if customer else NOTHING
    policy = mapping.policy if customer else Policy.OVERWRITE
    after = _after(given, before, policy)
    if taken := _taken(after, customer, known):
        return Plan(Outcome.CONFLICT, customer, reason=taken)
    consents, refused = _consents(given, customer, known, policy)
    if refused:
        return Plan(Outcome.CONFLICT, customer, reason=refused)
    if customer is None:
        return Plan(Outcome.NEW, None, None, after, consents or None)
    if after or consents:
        return Plan(Outcome.CHANGED, customer, before, after, consents or None)
    return Plan(Outcome.SAME, customer)


def kept_form(name: str, value: str) -> str:
    """A field's value as its column keeps it."""
    return sealing.seal(value) if name in SEALED else value


def _after(given: Given, before: dict[str, Any], policy: str) -> dict[str, Any]:
    """The columns that change."""
    if policy == Policy.LEAVE:
        return {}
    after: dict[str, Any] = {}
    for name, value in given.fields.items():
        kept = kept_form(name, value)
        if kept != before[name] and (policy == Policy.OVERWRITE or not before[name]):
            after[name] = kept
    attributes = _attributes(given, before["attributes"], policy)
    if attributes != before["attributes"]:
        after["attributes"] = attributes
    return after


def _attributes(given: Given, before: dict[str, Any], policy: str) -> dict[str, Any]:
    attributes = dict(before)
    for name, value in given.attributes.items():
        if policy == Policy.OVERWRITE or attributes.get(name) in (None, "", []):
            attributes[name] = value
    if given.tags:  # tags are added, never taken away: the file need not know all of them
        had = attributes.get("tags", [])
        had = had if isinstance(had, list) else [had]
        attributes["tags"] = [*had, *(tag for tag in given.tags if tag not in had)]
    return attributes


def _taken(after: dict[str, Any], customer: int | None, known: Known) -> str:
    """In words, if an address would become a second customer's."""
    for name in ("email", "phone"):
        owner = known.owners.get((name, after.get(name, "")))
        if owner and owner != customer:
            words = {
                "email": _("This e-mail address is customer #%(number)d's."),
                "phone": _("This telephone number is customer #%(number)d's."),
            }
            return words[name] % {"number": owner}
    return ""


def _consents(
    given: Given, customer: int | None, known: Known, policy: str
) -> tuple[dict[str, dict[str, bool | None]], str]:
    """What changes by channel. A file never says yes for somebody who told us no."""
    changes: dict[str, dict[str, bool | None]] = {}
    for channel, now in given.consents.items():
        was, at = known.consents.get((customer or 0, channel), (None, None))
        if was is False and now:
            return {}, _("They withdrew their consent on %(day)s; a file cannot bring it back.") % {
                "day": date_format(at, "Y-m-d") if at else "–"
            }
        if was is not now and not (policy == Policy.LEAVE and now):
            changes[channel] = {"was": was, "now": now}
    return changes, ""
