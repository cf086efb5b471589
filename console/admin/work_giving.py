"""Giving work by hand, and the work that a customer gave cause to."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from console import clock, roles, work, work_kinds
from console.duties import giving
from console.models import Staff, Team, TeamRequest
from console.states import NotAllowed
from console.team_requests import seeing
from console.widgets import DayWidget
from metrics.admin import responses
from metrics.models import Alert, Metric
from segments.models import Customer

# What work can be about when it is given by hand, and who may look at it.
ABOUT: dict[str, tuple[type[Model], str]] = {
    "customer": (Customer, "customers.view"),
    "campaign": (Campaign, "campaigns.view"),
    "request": (TeamRequest, seeing.VIEW),
    "alert": (Alert, "metrics.view"),
    "metric": (Metric, "metrics.view"),
}
SHOWN = 5  # of a customer


class GiveForm(forms.Form):
    """What somebody is to do."""

    kind = forms.ChoiceField(label=_("kind"), choices=lambda: work_kinds.choices(given=True))
    title = forms.CharField(
        label=_("what"),
        max_length=160,
        help_text=_("Without names and addresses: colleagues read it, and the customer is linked."),
    )
    why = forms.CharField(
        label=_("why"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    plan = forms.CharField(
        label=_("playbook"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What is to be done, a step a line."),
    )
    to = forms.ChoiceField(label=_("to whom"))
    due_on = forms.DateField(label=_("due on"), required=False, widget=DayWidget)

    def __init__(self, staff: Staff, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = takers(staff)  # type: ignore[attr-defined]


def takers(staff: Staff) -> list[tuple[str, Any]]:
    """To whom somebody may give work: to themselves, and managers to their team."""
    found: list[tuple[str, Any]] = [(f"staff {staff.pk}", gettext("me"))]
    if not roles.allows(staff, work.GIVE):
        return found
    people = Staff.objects.filter(is_active=True).exclude(pk=staff.pk).select_related("team")
    teams = Team.objects.all()
    if staff.role != Staff.Role.ADMIN:
        people = people.filter(team=staff.team_id or 0)
        teams = teams.filter(pk=staff.team_id or 0)
    found += [
        (f"team {one.pk}", gettext("%(team)s, whoever takes it") % {"team": one}) for one in teams
    ]
    return found + [(f"staff {one.pk}", str(one)) for one in people.order_by("username")]


def show(page: Any, request: Any) -> HttpResponse:
    """The form, and giving what it says."""
    roles.require(request.user, work.DO)
    subject = _subject(request)
    form = GiveForm(request.user, request.POST or None, initial=_initial(request, subject))
    if request.method == "POST" and form.is_valid():
        try:
            item = _give(form.cleaned_data, subject, by=request.user)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, gettext("It is in the inbox of who has to do it."))
            address = reverse("admin:console_workitem_change", args=[item.pk])
            return HttpResponseRedirect(address)
    title = gettext("Give work")
    if subject is not None:
        title = gettext("Give work about %(what)s") % {"what": subject}
    context = {"form": form, "button": gettext("Give it"), "title": title}
    return page.show(request, "console/form.html", context)


def _give(said: dict[str, Any], subject: Model | None, *, by: Staff) -> Any:
    what, _space, number = said["to"].partition(" ")
    whose: dict[str, Any] = (
        {"team": Team.objects.get(pk=number)}
        if what == "team"
        else {"owner": Staff.objects.get(pk=number)}
    )
    return giving.hand_out(
        said["kind"],
        said["title"],
        why=said["why"],
        plan=said["plan"],
        due_on=said["due_on"],
        subject=subject,
        on=clock.today(),
        by=by,
        **whose,
    )


def _subject(request: Any) -> Model | None:
    """The record that the address names, if this person may look at it."""
    for name, (model, action) in ABOUT.items():
        number = request.GET.get(name, "")
        if number:
            roles.require(request.user, action)
            if not number.isdecimal() or len(number) > 18:
                raise Http404
            if model is TeamRequest:
                return seeing.get_or_404(request.user, number)
            return get_object_or_404(model, pk=number)
    return None


def _initial(request: Any, subject: Model | None) -> dict[str, Any]:
    kind = request.GET.get("kind", "")
    if kind not in dict(work_kinds.choices(given=True)):
        kind = "callback" if isinstance(subject, Customer) else "other"
    filled = responses.begin(subject) if isinstance(subject, Metric) else {}
    return {"kind": kind, **filled}


def about_customer(page: Any, request: Any, pk: int) -> HttpResponse:
    """A customer's work on their page; loaded into it."""
    roles.require(request.user, "customers.view")
    roles.require(request.user, work.VIEW)
    customer = get_object_or_404(Customer, pk=pk)
    context = {"customer": customer, "items": work.about(customer)[:SHOWN]}
    return page.show(request, "console/work/of_customer.html", context)
