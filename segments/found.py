"""Customers whom a report found, kept as a list or as a segment that campaigns can use."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import roles, states
from console.models import Staff
from console.states import NotAllowed
from segments import collection, lists, live_sets
from segments.models import CustomerList, Segment
from segments.pasted import NUMBER


@transaction.atomic
def as_list(members: BitMap, *, name: str, source: str, by: Staff, at: dt.datetime) -> CustomerList:
    """A list of these customers; `source` says where they were found, for the audit log.

    Raises:
        NotAllowed: the role, the name is taken, or there is nobody.
    """
    roles.require(by, lists.ACTION)
    here = members & live_sets.everyone()
    if not here:
        raise NotAllowed(_("There is nobody to put on a list."))
    made = CustomerList(name=lists.checked(name), kind=NUMBER, by=by, team=by.team, at=at)
    made.save(force_insert=True)
    line = {"customers": len(here), "source": source}
    size = len(here)
    states.move(made, to=CustomerList.Status.READY, line=line, members=here, size=size, rows=size)
    return made


@transaction.atomic
def as_segment(
    members: BitMap, *, name: str, source: str, by: Staff, at: dt.datetime, about: str
) -> Segment:
    """A segment of these customers, over a list of the same name.

    Raises:
        NotAllowed: the role, the name is taken, or there is nobody.
    """
    made = as_list(members, name=name, source=source, by=by, at=at)
    rule = {"list": made.pk}
    return collection.add(name=made.name, rule=rule, description=about, by=by, note=source)
