"""Priority, room and order as deeds of a request's page: agreeing, urgency, what waits for what."""

import datetime as dt

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from console.admin.team_requests import deed_forms as forms
from console.admin.team_requests.deed import Deed, Given, for_taking, taking
from console.admin.team_requests.standing import Stand
from console.models import RequestDependency, TeamRequest
from console.states import NotAllowed
from console.team_requests import agreeing, capacity, depending, seeing, urgent

Status, Lane = TeamRequest.Status, TeamRequest.Lane


def _confirm(stand: Stand, given: Given) -> None:
    proposal = get_object_or_404(stand.request.proposals, pk=given.pop("number"))
    agreeing.confirm(proposal, by=stand.staff, at=stand.at, **given)


def _make_room(stand: Stand, given: Given) -> None:
    seen = {int(pk): dt.date.fromisoformat(day) for pk, day in given["seen"].items()}
    capacity.make_room(
        stand.request, seen=seen, because=given["because"], by=stand.staff, at=stand.at
    )


def _add(stand: Stand, given: Given) -> None:
    """A number that one may not see is the same as none."""
    try:
        needs = seeing.get_or_404(stand.staff, given["needs"].strip().removeprefix("#"))
    except Http404 as unknown:
        raise NotAllowed(_("There is no such request.")) from unknown
    depending.add(stand.request, needs=needs, because=given["because"], by=stand.staff, at=stand.at)


def _line(stand: Stand, given: Given) -> RequestDependency:
    return get_object_or_404(depending.lines_of(stand.request), pk=given["number"])


def _could_use_lane(stand: Stand) -> bool:
    is_theirs = stand.asks or stand.decides
    return is_theirs and stand.is_at(*TeamRequest.OPEN) and stand.request.lane == Lane.NORMAL


WEIGHING: dict[str, Deed] = {
    "confirm": Deed(
        label=_("Say yes to it"),
        done=_("Both teams agree on the priority."),
        is_open=lambda stand: stand.may_confirm,
        act=_confirm,
        form=forms.Confirm,
        tone="primary",
        where="agreement",
        look=lambda stand: stand.outlook_of_proposal,
    ),
    "propose": Deed(
        label=_("Propose impact, effort and priority"),
        done=_("Proposed. The other side says yes, or proposes something else."),
        is_open=lambda stand: (
            bool(stand.sides)
            and (stand.is_at(*TeamRequest.OPEN) or (stand.asks and stand.is_at(Status.DRAFT)))
        ),
        act=taking(agreeing.propose),
        form=forms.Propose,
        where="agreement",
    ),
    "make_room": Deed(
        label=_("Move these promises"),
        done=_("The other promises moved, with their cause. Everybody hears of it."),
        is_open=lambda stand: (
            stand.takes and stand.is_at(*TeamRequest.TAKEN) and bool(stand.outlook.moved)
        ),
        act=_make_room,
        form=forms.MakeRoom,
        where="room",
    ),
    "lift": Deed(
        label=_("Put it into the urgent lane"),
        done=_("It is in the urgent lane."),
        is_open=_could_use_lane,
        act=taking(urgent.lift),
        form=forms.Lift,
        where="room",
        look=lambda stand: stand.outlook_if_urgent,
    ),
    "lower": Deed(
        label=_("Take it out of the urgent lane"),
        done=_("It is in the normal lane."),
        is_open=lambda stand: (
            (stand.asks or stand.takes)
            and stand.is_at(*TeamRequest.OPEN)
            and stand.request.lane == Lane.URGENT
        ),
        act=taking(urgent.lower),
        form=forms.Because,
        where="room",
    ),
    "need": Deed(
        label=_("Let it wait for another request"),
        done=_("It waits until the other one is delivered."),
        is_open=lambda stand: stand.may_change,
        act=_add,
        form=forms.Needs,
        where="needs",
    ),
    "wait": Deed(
        _("We cannot go on before it"),
        _("Your clock stands until it is delivered."),
        for_taking(*TeamRequest.TAKEN),
        lambda stand, given: depending.wait(_line(stand, given), by=stand.staff, at=stand.at),
        form=forms.Numbered,
        where="needs",
        is_on_row=True,
    ),
    "unneed": Deed(
        label=_("It does not wait for it"),
        done=_("It does not wait for it any more."),
        is_open=lambda stand: stand.may_change,
        act=lambda stand, given: depending.remove(
            _line(stand, given), because=given["because"], by=stand.staff
        ),
        form=forms.NumberedPerhaps,
        where="needs",
        is_on_row=True,
    ),
    "waive": Deed(
        label=_("Decide that it need not wait"),
        done=_("Decided, in writing."),
        is_open=lambda stand: stand.may_waive,
        act=lambda stand, given: depending.waive(
            _line(stand, given), because=given["because"], by=stand.staff, at=stand.at
        ),
        form=forms.NumberedBecause,
        where="needs",
        is_on_row=True,
    ),
}
