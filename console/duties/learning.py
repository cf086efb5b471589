"""The learning path of who is new here: after 30, 60 and 90 days one shows what one can do."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import audit, kept_words, roles, work
from console.models import Staff, WorkItem
from console.states import NotAllowed

KIND = "learning"
LONGEST = 2000


@dataclass(frozen=True)
class Step:
    """What is to be learnt within so many days, and how it is shown."""

    days: int
    title: Any
    plan: Any


PATH = (
    Step(
        30,
        gettext_lazy("First 30 days: know the customers"),
        gettext_lazy(
            "Read the definitions, the stages and the segments. Make a portrait of one segment: "
            "who they are, what they do, what they are worth, what they need. Show it to the team."
        ),
    ),
    Step(
        60,
        gettext_lazy("First 60 days: design a trial"),
        gettext_lazy(
            "Write down a hypothesis, the metric, the control and how many customers it takes. "
            "Run it as a campaign with two variants, and read the result with its interval."
        ),
    ),
    Step(
        90,
        gettext_lazy("First 90 days: lead a growth experiment"),
        gettext_lazy(
            "Find a drop-off, agree with another team on what to change, carry it out, and judge "
            "it against its baseline. File it as a case, with what was learnt."
        ),
    ),
)


@dataclass(frozen=True)
class Progress:
    """How far one person is: the work of each step, where it was given."""

    staff: Staff
    began_on: dt.date
    items: Sequence[WorkItem]

    @property
    def done(self) -> int:
        return sum(one.status == WorkItem.Status.DONE for one in self.items)


@transaction.atomic
def give(
    to: Staff, *, begins_on: dt.date, plans: Mapping[int, str], on: dt.date, by: Staff
) -> list[WorkItem]:
    """Give somebody the path; `plans`: by days, what the manager wrote in place of the usual.

    Raises:
        NotAllowed: not of their team, has it already, or it makes no sense.
    """
    roles.require(by, work.GIVE, record=to)
    if not to.is_active:
        raise NotAllowed(_("%(who)s does not work here any more.") % {"who": to})
    if abs((begins_on - on).days) > 90:
        raise NotAllowed(_("Begin within three months."))
    Staff.objects.select_for_update().get(pk=to.pk)  # two managers at once give it once
    if unfinished(to).exists():
        raise NotAllowed(_("%(who)s is on the path already.") % {"who": to})
    found = [_step(to, step, begins_on, plans.get(step.days, ""), on, by) for step in PATH]
    audit.log("learning.given", to, by=by, begins_on=begins_on)
    return found


def _step(to: Staff, step: Step, begins_on: dt.date, plan: str, on: dt.date, by: Staff) -> WorkItem:
    if len(plan) > LONGEST:
        raise NotAllowed(_("Write at most %(most)d letters.") % {"most": LONGEST})
    due_on = max(begins_on + dt.timedelta(days=step.days), on)
    item = work.give(
        KIND,
        kept_words.keep(step.title),
        on=on,
        plan=plan.strip() or kept_words.keep(step.plan),
        owner=to,
        due_on=due_on,
        subject=to,
        by=by,
    )
    assert item is not None  # without `once` it is always given
    return item


def unfinished(staff: Staff) -> QuerySet[WorkItem]:
    return work.unfinished().filter(kind=KIND, owner=staff)


def progress(people: QuerySet[Staff]) -> list[Progress]:
    """Everybody of these who was given the path, the newest first; three steps are one path."""
    rows = WorkItem.objects.filter(kind=KIND, owner__in=people.values("pk"))
    by_start: dict[tuple[int, dt.date], list[WorkItem]] = {}
    for one in rows.select_related("owner").order_by("-given_on", "owner", "pk"):
        by_start.setdefault((one.owner_id or 0, one.given_on), []).append(one)
    return [
        Progress(items[0].owner, given_on, items)
        for (_pk, given_on), items in by_start.items()
        if items[0].owner is not None
    ]
