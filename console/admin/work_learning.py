"""The learning path of newcomers: who is how far, and giving it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from console import clock, roles, work
from console.duties import learning
from console.models import Staff
from console.states import NotAllowed, Stale


def show(page: Any, request: Any) -> HttpResponse:
    """Managers see their team, administrators everybody, others themselves."""
    roles.require(request.user, work.VIEW)
    refused = ""
    if request.method == "POST":
        try:
            return _give(request)
        except (NotAllowed, Stale) as problem:
            refused = str(problem)
    people = _people(request.user)
    today = clock.today()
    context = {
        "title": _("Learning path"),
        "progress": [
            {
                "one": one,
                "steps": [(item, item.is_overdue(today)) for item in one.items],
            }
            for one in learning.progress(people)
        ],
        "path": [
            (step, request.POST.get(f"plan{step.days}", str(step.plan))) for step in learning.PATH
        ],
        "people": people.filter(is_active=True) if roles.allows(request.user, work.GIVE) else [],
        "today": today,
        "typed": request.POST,
        "refused": refused,
    }
    status = 409 if refused else 200
    return page.show(request, "console/work/learning.html", context, status=status)


def _people(staff: Staff) -> Any:
    found = Staff.objects.order_by("username")
    if staff.role == Staff.Role.ADMIN:
        return found
    if roles.allows(staff, work.GIVE):
        return found.filter(team=staff.team_id or 0)
    return found.filter(pk=staff.pk)


def _give(request: Any) -> HttpResponse:
    given = request.POST
    who = given.get("to", "")
    if not who.isdecimal() or len(who) > 9:
        raise Http404
    begins_on = clock.read_day(given.get("begins_on", ""))
    if begins_on is None:
        raise NotAllowed(_("Write the day as 2018-01-31."))
    to = get_object_or_404(Staff, pk=who)
    plans = {step.days: given.get(f"plan{step.days}", "") for step in learning.PATH}
    usual = {step.days: str(step.plan) for step in learning.PATH}
    own = {days: text for days, text in plans.items() if text.strip() != usual[days].strip()}
    learning.give(to, begins_on=begins_on, plans=own, on=clock.today(), by=request.user)
    messages.success(request, _("%(who)s has three pieces of work now.") % {"who": to})
    return HttpResponseRedirect(reverse("admin:console_workitem_learning"))
