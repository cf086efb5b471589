"""Who looks after a definition: what ships is nobody's until somebody says whose it is."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from console import audit, roles
from console.models import Staff
from console.states import NotAllowed, Stale


def may_name(row: Any, staff: Any, action: str) -> bool:
    """Whether this person may say it: of what ships whoever may change such things."""
    if row.is_shipped:
        return roles.allows(staff, action)
    return roles.may_change(staff, row, action)


def offered() -> list[Staff]:
    """Whom one may choose."""
    return list(Staff.objects.filter(is_active=True).order_by("username"))


@transaction.atomic
def name(row: Any, owner: Staff | None, *, by: Staff, action: str) -> None:
    """Write down who looks after it from now on; what is somebody's own goes to their team too.

    `row` has `is_shipped`, `owner` and `team`, and is what `action` is about.

    Raises:
        NotAllowed: the role, another team's, nobody for what is somebody's own, or who left.
        Stale: it is no more.
    """
    kept = type(row).objects.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if kept is None:
        raise Stale(_("Somebody else has removed it."))
    roles.require(by, action, record=None if kept.is_shipped else kept)
    if owner is None and not kept.is_shipped:
        raise NotAllowed(_("Choose who looks after it."))
    if owner is not None and not owner.is_active:
        raise NotAllowed(_("%(who)s does not work here any more.") % {"who": owner})
    if kept.owner_id == (owner.pk if owner else None):
        return
    was, kept.owner = kept.owner_id, owner
    if owner is not None and not kept.is_shipped:
        kept.team = owner.team
    type(row).objects.filter(pk=kept.pk).update(owner=kept.owner, team=kept.team)
    audit.log(f"{row._meta.model_name}.owner", row, by=by, was=was, owner=kept.owner_id)
    row.owner, row.team = kept.owner, kept.team


def read(number: str) -> Staff | None:
    """Whom a form names; nobody where it names nobody.

    Raises:
        NotAllowed: there is no such person.
    """
    if not number:
        return None
    found = Staff.objects.filter(pk=number).first() if number.isdecimal() else None
    if found is None:
        raise NotAllowed(_("There is no such person."))
    return found
