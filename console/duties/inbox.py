"""Whose work it is: who sees it, what comes first, and what else waits for somebody."""

import datetime as dt

from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Q, QuerySet

from console import work
from console.duties import lifts
from console.models import RequestTurn, Staff, TeamRequest, WorkItem
from console.team_requests import seeing

ORDER = ("rank", F("due_on").asc(nulls_last=True), "pk")

BETWEEN_TWO = ("answer", "learning")


def visible_to(staff: Staff) -> QuerySet[WorkItem]:
    """The work that somebody may see: all, but what is about other teams' requests, and what
    is between two people: questions, and what somebody has to learn.

    Whose work it is, who gave it and who was told of it sees it all the same.
    """
    if staff.role == Staff.Role.ADMIN:
        return WorkItem.objects.all()
    about_request = Q(subject_type=ContentType.objects.get_for_model(TeamRequest))
    strange = about_request & ~Q(subject_id__in=seeing.visible_to(staff).values("pk"))
    strange |= Q(kind__in=BETWEEN_TWO)
    theirs = Q(owner=staff) | Q(given_by=staff) | Q(closed_by=staff)
    theirs |= Q(pk__in=staff.told_of_work.values("item"))
    if staff.team_id:
        theirs |= Q(team=staff.team_id)
    return WorkItem.objects.filter(~strange | theirs)


def of(staff: Staff, *, on: dt.date) -> QuerySet[WorkItem]:
    """What somebody has to do, what is raised first, then by deadline."""
    items = work.unfinished().filter(work.mine(staff)).select_related("owner", "team")
    return lifts.first(items, lifts.in_force(on)).order_by(*ORDER)


def told(staff: Staff) -> Q:
    """The late work of others of which somebody was told."""
    return Q(pk__in=staff.told_of_work.values("item"))


def requests_held(staff: Staff) -> int:
    """How many requests stand still until this person's team does something."""
    if staff.team_id is None:
        return 0
    held = RequestTurn.objects.filter(until=None, team=staff.team_id)
    held = held.exclude(holding=RequestTurn.Holding.WORK)
    return seeing.visible_to(staff).filter(pk__in=held.values("request")).count()
