"""The steps of a request's life as deeds of its page, and what moves its promise."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.admin.team_requests import deed_forms as forms
from console.admin.team_requests.deed import Deed, Given, taking
from console.admin.team_requests.standing import Stand
from console.models import TeamRequest
from console.team_requests import dates, drafting, moving, turns
from metrics import promises

Status = TeamRequest.Status


def _accept(stand: Stand, given: Given) -> None:
    baseline = promises.baseline(stand.request, on=stand.today)
    moving.accept(stand.request, baseline=baseline, by=stand.staff, at=stand.at, **given)


def _judge(stand: Stand, given: Given) -> None:
    """A person's word stands beside what the console measured."""
    measured: dict[str, Any] = {}
    if stand.request.metric:
        _outcome, measured = promises.judge(stand.request, on=stand.today)
    moving.judge(stand.request, measured=measured, by=stand.staff, at=stand.at, **given)


def _cost(stand: Stand, given: Given) -> None:
    given.pop("edition")
    revision = get_object_or_404(stand.request.revisions, number=given.pop("revision"))
    drafting.cost(revision, by=stand.staff, at=stand.at, **given)


def _hand(stand: Stand, given: Given) -> None:
    given.pop("edition")
    turns.hand(stand.request, by=stand.staff, at=stand.at, **given)


STEPS: dict[str, Deed] = {
    "ask": Deed(
        label=_("Ask the other team"),
        done=_("Asked. The other team answers now."),
        is_open=lambda stand: stand.asks and stand.is_at(Status.DRAFT),
        act=taking(moving.ask),
        tone="primary",
    ),
    "accept": Deed(
        label=_("Accept, and promise a day"),
        done=_("Accepted. The baseline is kept as it is today."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.ASKED),
        act=_accept,
        form=forms.Accept,
        look=lambda stand: stand.outlook,
        tone="primary",
    ),
    "start": Deed(
        label=_("Begin the work"),
        done=_("It is in progress."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.ACCEPTED),
        act=taking(moving.start),
        tone="primary",
    ),
    "deliver": Deed(
        label=_("Deliver it"),
        done=_("Delivered. The asking team looks at it."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.STARTED),
        act=taking(moving.deliver),
        form=forms.Deliver,
        tone="primary",
    ),
    "receive": Deed(
        label=_("It is what we asked for"),
        done=_("Taken. Whether it moved its number is judged once its time is over."),
        is_open=lambda stand: stand.asks and stand.is_at(Status.DELIVERED) and bool(stand.turn),
        act=taking(moving.receive),
        tone="primary",
    ),
    "give_back": Deed(
        label=_("It is not what we asked for"),
        done=_("Given back, with your reason."),
        is_open=lambda stand: stand.asks and stand.is_at(Status.DELIVERED),
        act=taking(moving.give_back),
        form=forms.Because,
    ),
    "judge": Deed(
        label=_("Judge whether it kept its promise"),
        done=_("Judged. What was measured is kept beside your word."),
        is_open=lambda stand: (
            (stand.asks or stand.takes) and stand.is_at(Status.DELIVERED, Status.JUDGED)
        ),
        act=_judge,
        form=forms.Judge,
        where="verdict",
    ),
    "hand": Deed(
        label=_("Hand it to another team, such as with a question"),
        done=_("Handed over. Your clock stands until it comes back."),
        is_open=lambda stand: stand.holds and stand.is_at(Status.ASKED, *TeamRequest.TAKEN),
        act=_hand,
        form=forms.Hand,
    ),
    "hand_over": Deed(
        label=_("Let a colleague do it"),
        done=_("Handed over."),
        is_open=lambda stand: stand.takes and stand.is_at(*TeamRequest.TAKEN),
        act=taking(moving.hand_over),
        form=forms.HandOver,
    ),
    "send_back": Deed(
        label=_("Send it back with a question"),
        done=_("Sent back. It is a draft of the asking team again."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.ASKED),
        act=taking(moving.send_back),
        form=forms.Because,
    ),
    "put_back": Deed(
        label=_("Stop the work for now"),
        done=_("Nobody works on it now. Its promise stays until you move it."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.STARTED),
        act=taking(moving.put_back),
        form=forms.Because,
    ),
    "decline": Deed(
        label=pgettext_lazy("a request", "Decline"),
        done=_("Declined, with your reason."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.ASKED, Status.ACCEPTED),
        act=taking(moving.decline),
        form=forms.Because,
        tone="danger",
    ),
    "withdraw": Deed(
        label=pgettext_lazy("a request", "Withdraw"),
        done=_("Withdrawn."),
        is_open=lambda stand: stand.asks and stand.is_at(Status.DRAFT, *TeamRequest.OPEN),
        act=taking(moving.withdraw),
        form=forms.Withdraw,
        tone="danger",
    ),
    "take_up": Deed(
        label=_("Take it up again"),
        done=_("It is a draft again."),
        is_open=lambda stand: stand.asks and stand.is_at(Status.DECLINED, Status.WITHDRAWN),
        act=taking(moving.take_up),
    ),
    "promise": Deed(
        label=_("Promise another day"),
        done=_("The promise has moved, and everybody sees why."),
        is_open=lambda stand: stand.takes and stand.is_at(*TeamRequest.TAKEN),
        act=taking(dates.promise),
        form=forms.Move,
        where="dates",
    ),
    "cost": Deed(
        label=_("Say what the change costs"),
        done=_("Kept. The promise moved by what it costs."),
        is_open=lambda stand: stand.takes and drafting.uncosted(stand.request).exists(),
        act=_cost,
        form=forms.Cost,
        where="spec",
        tone="primary",
    ),
}
