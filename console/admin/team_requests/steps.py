"""The steps of a request's life as deeds of its page, and what moves its promise."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.admin.team_requests import deed_forms as forms
from console.admin.team_requests.deed import Deed, Given, for_asking, for_taking, taking
from console.admin.team_requests.standing import Stand
from console.models import TeamRequest
from console.team_requests import dates, drafting, moving, turns
from metrics import promises

Status = TeamRequest.Status


def _accept(stand: Stand, given: Given) -> None:
    promises.accept(stand.request, on=stand.today, by=stand.staff, at=stand.at, **given)


def _judge(stand: Stand, given: Given) -> None:
    promises.say(stand.request, on=stand.today, by=stand.staff, at=stand.at, **given)


def _may_judge(stand: Stand) -> bool:
    """Both sides may; who built it only once who asked has looked at it."""
    if not stand.is_at(Status.DELIVERED, Status.JUDGED):
        return False
    return stand.asks or (stand.takes and not stand.turn)


def _cost(stand: Stand, given: Given) -> None:
    given.pop("edition")
    revision = get_object_or_404(stand.request.revisions, number=given.pop("revision"))
    drafting.cost(revision, by=stand.staff, at=stand.at, **given)


def _hand(stand: Stand, given: Given) -> None:
    given.pop("edition")
    turns.hand(stand.request, by=stand.staff, at=stand.at, **given)


STEPS: dict[str, Deed] = {
    "ask": Deed(
        _("Ask the other team"),
        _("Asked. The other team answers now."),
        for_asking(Status.DRAFT),
        taking(moving.ask),
        tone="primary",
    ),
    "accept": Deed(
        _("Accept, and promise a day"),
        _("Accepted. The day is the first promise; a metric is kept as it stands today."),
        for_taking(Status.ASKED),
        _accept,
        form=forms.Accept,
        look=lambda stand: stand.outlook,
        tone="primary",
    ),
    "start": Deed(
        _("Begin the work"),
        _("It is in progress."),
        for_taking(Status.ACCEPTED),
        taking(moving.start),
        tone="primary",
        bar=lambda stand: moving.too_early(stand.request, seen_by=stand.staff),
    ),
    "deliver": Deed(
        _("Deliver it"),
        _("Delivered. The asking team looks at it."),
        for_taking(Status.STARTED),
        taking(moving.deliver),
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
        _("It is not what we asked for"),
        _("Given back, with your reason."),
        for_asking(Status.DELIVERED),
        taking(moving.give_back),
        form=forms.Because,
    ),
    "judge": Deed(
        label=_("Judge whether it kept its promise"),
        done=_("Judged. What was measured is kept beside your word."),
        is_open=_may_judge,
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
        _("Let a colleague do it"),
        _("Handed over."),
        for_taking(*TeamRequest.TAKEN),
        taking(moving.hand_over),
        form=forms.HandOver,
    ),
    "send_back": Deed(
        _("Send it back with a question"),
        _("Sent back. It is a draft of the asking team again."),
        for_taking(Status.ASKED),
        taking(moving.send_back),
        form=forms.Because,
    ),
    "put_back": Deed(
        _("Stop the work for now"),
        _("Nobody works on it now. Its promise stays until you move it."),
        for_taking(Status.STARTED),
        taking(moving.put_back),
        form=forms.Because,
    ),
    "decline": Deed(
        pgettext_lazy("a request", "Decline"),
        _("Declined, with your reason."),
        for_taking(Status.ASKED, Status.ACCEPTED),
        taking(moving.decline),
        form=forms.Because,
        tone="danger",
    ),
    "withdraw": Deed(
        pgettext_lazy("a request", "Withdraw"),
        _("Withdrawn."),
        for_asking(Status.DRAFT, *TeamRequest.OPEN),
        taking(moving.withdraw),
        form=forms.Withdraw,
        tone="danger",
    ),
    "take_up": Deed(
        _("Take it up again"),
        _("It is a draft again."),
        for_asking(Status.DECLINED, Status.WITHDRAWN),
        taking(moving.take_up),
    ),
    "promise": Deed(
        _("Promise another day"),
        _("The promise has moved, and everybody sees why."),
        for_taking(*TeamRequest.TAKEN),
        taking(dates.promise),
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
