"""The global holdout: a share of all customers that gets no marketing, with its history."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from pyroaring import BitMap

from campaigns import assignment
from campaigns.models import Holdout
from console import audit, roles
from console.models import Staff
from console.states import NotAllowed

ACTION = "policy.change"
MOST = assignment.WHOLE // 2


def at_the_moment(at: dt.datetime | None = None) -> Holdout | None:
    """The holdout that is open; with a moment, the one that was in force then."""
    if at is None:
        return Holdout.objects.filter(until=None).first()
    over = Q(until=None) | Q(until__gt=at)
    return Holdout.objects.filter(over, since__lte=at).order_by("-since").first()


def members(among: BitMap, holdout: Holdout | None) -> BitMap:
    """Those of a set who are held out."""
    if holdout is None:
        return BitMap()
    return assignment.share(among, holdout.part, salt=holdout.salt)


def held_out(customers: Collection[int]) -> set[int]:
    """Those of a few customers who are held out now."""
    found = at_the_moment()
    return assignment.in_share(customers, found.part, salt=found.salt) if found else set()


@transaction.atomic
def set_share(
    part: int, *, by: Staff | None, at: dt.datetime, note: str = "", anew: bool = False
) -> Holdout | None:
    """Hold out so many of 10,000 from now on; 0 ends it.

    Who was held out stays so when the share grows; `anew` draws other customers.

    Raises:
        NotAllowed: the role, more than a half, or nothing that is different.
    """
    if by is not None:
        roles.require(by, ACTION)
    if not 0 <= part <= MOST:
        raise NotAllowed(_("A holdout is 0 to 50 percent of the customers."))
    was = Holdout.objects.select_for_update().filter(until=None).first()
    if (was.part if was else 0) == part and not (anew and was):
        raise NotAllowed(_("Nothing is different from what is in force."))
    if was:
        was.until = at
        was.save(update_fields=["until"])
    made = Holdout.objects.create(
        part=part, salt=_salt(anew), note=note[:200], by=by, since=at
    ) if part else None  # fmt: skip
    audit.log("holdout.set", made or was, by=by, part=part, anew=anew)
    return made


def _salt(anew: bool) -> str:
    """The last one's, or the next one."""
    last = Holdout.objects.order_by("-pk").values_list("salt", flat=True).first()
    if last and not anew:
        return last
    drawn = Holdout.objects.values("salt").distinct().count()
    return f"holdout {drawn + 1}"
