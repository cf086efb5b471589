"""The contact policy in force, and how people change it: each change is a new version."""

import datetime as dt
import json
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from campaigns.models import ContactPolicy
from campaigns.policy import reading
from campaigns.policy.nodes import DOWNGRADE, Policy, PolicyError, Way
from console import audit, once, roles
from console.models import Staff
from console.states import NotAllowed, Stale

ACTION = "policy.change"
_AS_TEXT = Cast("content", TextField())
NO_POLICY = Policy()  # before anybody wrote one: nothing is limited


def newest() -> ContactPolicy | None:
    """The version in force."""
    return ContactPolicy.objects.select_related("by").first()


def version() -> int:
    """The number of the version in force; 0 before there is one."""
    found = ContactPolicy.objects.values_list("version", flat=True).first()
    return 0 if found is None else found


@once.a_page_asks
def current() -> Policy:
    """What is in force; nothing is limited before there is a version."""
    return read(ContactPolicy.objects.values_list(_AS_TEXT, flat=True).first())


def lower() -> dict[str, str]:
    """The channels that messages may be moved from, and which one to."""
    return {channel: way.lower for channel, way in current().ways.items() if _downgrades(way)}


def lower_when_barred(channel: str) -> str | None:
    """Which channel is tried for those who have no address or no consent on this one."""
    way = current().way(channel)
    return way.lower if way.when_barred == DOWNGRADE else None


def _downgrades(way: Way) -> bool:
    return DOWNGRADE in {way.when_barred, way.when_capped, way.when_quiet}


@lru_cache(maxsize=8)
def read(content: str | None) -> Policy:
    """The policy of a version's content, as text; none says nothing."""
    return NO_POLICY if content is None else reading.parse(json.loads(content))


@transaction.atomic
def change(
    content: Any, *, based_on: int, note: str, by: Staff | None, at: dt.datetime
) -> ContactPolicy:
    """Put another version in force, at once, for everything that is not claimed yet.

    Raises:
        NotAllowed: the role, no reason, what cannot be read, or nothing that is different.
        Stale: somebody else changed the version that this is based on.
    """
    if by is not None:
        roles.require(by, ACTION)
    if not note.strip():
        raise NotAllowed(_("Say why."))
    try:
        written = reading.written(reading.parse(content))
    except PolicyError as problem:
        raise NotAllowed(_("The policy cannot be read: %(why)s.") % {"why": problem}) from problem
    was = newest()
    if (was.version if was else 0) != based_on:
        raise Stale(_("Somebody else changed the policy; load the page again."))
    if was and was.content == written:
        raise NotAllowed(_("Nothing is different from the version in force."))
    try:
        with transaction.atomic():
            made = ContactPolicy.objects.create(
                version=based_on + 1, content=written, note=note.strip()[:200], by=by, since=at
            )
    except IntegrityError as twice:
        raise Stale(_("Somebody else changed the policy; load the page again.")) from twice
    audit.log("contactpolicy.changed", made, by=by, version=made.version)
    return made
