"""Giving work about what not everybody may see: who is to do it has to see it too."""

import datetime as dt
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from console import work, work_kinds
from console.models import Staff, TeamRequest, WorkItem
from console.states import NotAllowed
from console.team_requests import seeing


def hand_out(
    kind: str,
    title: str,
    *,
    subject: models.Model | None = None,
    owner: Staff | None = None,
    due_on: dt.date | None = None,
    on: dt.date,
    by: Staff,
    **values: Any,
) -> WorkItem:
    """Work that a person gives; without a day it is due as is usual for its kind.

    Raises:
        NotAllowed: it is not theirs to give, makes no sense, or is about a request that who is
            to do it does not see.
    """
    if isinstance(subject, TeamRequest):
        seeing.require_seen(subject, by=by)
        if owner is not None and not seeing.may_see(subject, owner):
            raise NotAllowed(_("%(who)s does not see this request.") % {"who": owner})
    due_on = due_on or work_kinds.usual_deadline(kind, on=on)
    said = {"subject": subject, "owner": owner, "due_on": due_on, **values}
    return work.hand_out(kind, title, on=on, by=by, **said)
