"""Every deed about a request: when it is open, what it asks, and what is said afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.admin.team_requests import deed_forms as forms
from console.admin.team_requests.standing import Stand
from console.models import TeamRequest
from console.states import NotAllowed
from console.team_requests import (
    dates,
    drafting,
    files,
    linking,
    moving,
    talking,
    telling,
    turns,
)
from metrics import promises

Given = dict[str, Any]
Status = TeamRequest.Status


@dataclass(frozen=True)
class Deed:
    """One thing that somebody can do about a request."""

    label: Promise
    done: Promise
    is_open: Callable[[Stand], bool]
    act: Callable[[Stand, Given], Any]
    form: type[forms.DeedForm] = forms.DeedForm
    tone: str = ""  # `primary` for the step that the page waits for, `danger` for an end
    where: str = "next"  # the part of the page in which it stands
    is_on_row: bool = False  # a button beside what it is about, not a form of its own
    hint: Promise | str = ""


@dataclass(frozen=True)
class Offer:
    """A deed that is open, with its form."""

    name: str
    deed: Deed
    form: forms.DeedForm
    is_begun: bool = False  # sent and refused, or asked for by its name: unfolded


def _moving(verb: Callable[..., Any]) -> Callable[[Stand, Given], Any]:
    """A verb that takes what its form gives."""

    def act(stand: Stand, given: Given) -> None:
        verb(stand.request, by=stand.staff, at=stand.at, **given)

    return act


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


def _say(stand: Stand, given: Given) -> None:
    talking.comment(stand.request, text=given["text"], by=stand.staff, at=stand.at)


def _attach(stand: Stand, given: Given) -> None:
    file = given["file"]
    if file.size > files.LARGEST:  # not read into memory to be refused
        raise NotAllowed(_("A file has at most %(most)d MB.") % {"most": files.LARGEST >> 20})
    files.attach(stand.request, name=file.name, content=file.read(), by=stand.staff, at=stand.at)


def _remove_file(stand: Stand, given: Given) -> None:
    file = get_object_or_404(stand.request.files.defer("content"), pk=given["number"])
    files.remove(file, by=stand.staff)


def _unlink(stand: Stand, given: Given) -> None:
    linking.unlink(get_object_or_404(stand.request.links, pk=given["number"]), by=stand.staff)


def _always(_stand: Stand) -> bool:
    """Open to whoever sees the request."""
    return True


TALK: dict[str, Deed] = {
    "say": Deed(
        label=pgettext_lazy("a request", "Comment"),
        done=_("Said."),
        is_open=_always,
        act=_say,
        form=forms.Say,
        where="talk",
    ),
    "attach": Deed(
        label=_("Attach a file"),
        done=_("The file is attached."),
        is_open=_always,
        act=_attach,
        form=forms.Attach,
        where="files",
    ),
    "remove_file": Deed(
        label=_("Take the file away"),
        done=_("The file is gone."),
        is_open=_always,
        act=_remove_file,
        form=forms.Numbered,
        where="files",
        is_on_row=True,
    ),
    "unlink": Deed(
        label=_("It is not about that"),
        done=_("Taken away."),
        is_open=lambda stand: stand.may_change,
        act=_unlink,
        form=forms.Numbered,
        where="about",
        is_on_row=True,
    ),
    "listen": Deed(
        label=_("Hear of it"),
        done=_("You hear of what happens to it."),
        is_open=_always,
        act=lambda stand, _given: telling.listen(stand.request, by=stand.staff),
        where="talk",
        is_on_row=True,
    ),
    "mute": Deed(
        label=_("Hear no more of it"),
        done=_("You hear of it only when somebody means you."),
        is_open=_always,
        act=lambda stand, _given: telling.mute(stand.request, by=stand.staff),
        where="talk",
        is_on_row=True,
    ),
}
STEPS: dict[str, Deed] = {
    "ask": Deed(
        label=_("Ask the other team"),
        done=_("Asked. The other team answers now."),
        is_open=lambda stand: stand.asks and stand.is_at(Status.DRAFT),
        act=_moving(moving.ask),
        tone="primary",
    ),
    "accept": Deed(
        label=_("Accept, and promise a day"),
        done=_("Accepted. The baseline is kept as it is today."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.ASKED),
        act=_accept,
        form=forms.Accept,
        tone="primary",
    ),
    "start": Deed(
        label=_("Begin the work"),
        done=_("It is in progress."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.ACCEPTED),
        act=_moving(moving.start),
        tone="primary",
    ),
    "deliver": Deed(
        label=_("Deliver it"),
        done=_("Delivered. The asking team looks at it."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.STARTED),
        act=_moving(moving.deliver),
        form=forms.Deliver,
        tone="primary",
    ),
    "receive": Deed(
        label=_("It is what we asked for"),
        done=_("Taken. Whether it moved its number is judged once its time is over."),
        is_open=lambda stand: stand.asks and stand.is_at(Status.DELIVERED) and bool(stand.turn),
        act=_moving(moving.receive),
        tone="primary",
    ),
    "give_back": Deed(
        label=_("It is not what we asked for"),
        done=_("Given back, with your reason."),
        is_open=lambda stand: stand.asks and stand.is_at(Status.DELIVERED),
        act=_moving(moving.give_back),
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
        act=_moving(moving.hand_over),
        form=forms.HandOver,
    ),
    "send_back": Deed(
        label=_("Send it back with a question"),
        done=_("Sent back. It is a draft of the asking team again."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.ASKED),
        act=_moving(moving.send_back),
        form=forms.Because,
    ),
    "put_back": Deed(
        label=_("Stop the work for now"),
        done=_("Nobody works on it now. Its promise stays until you move it."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.STARTED),
        act=_moving(moving.put_back),
        form=forms.Because,
    ),
    "decline": Deed(
        label=pgettext_lazy("a request", "Decline"),
        done=_("Declined, with your reason."),
        is_open=lambda stand: stand.takes and stand.is_at(Status.ASKED, Status.ACCEPTED),
        act=_moving(moving.decline),
        form=forms.Because,
        tone="danger",
    ),
    "withdraw": Deed(
        label=pgettext_lazy("a request", "Withdraw"),
        done=_("Withdrawn."),
        is_open=lambda stand: stand.asks and stand.is_at(Status.DRAFT, *TeamRequest.OPEN),
        act=_moving(moving.withdraw),
        form=forms.Withdraw,
        tone="danger",
    ),
    "take_up": Deed(
        label=_("Take it up again"),
        done=_("It is a draft again."),
        is_open=lambda stand: stand.asks and stand.is_at(Status.DECLINED, Status.WITHDRAWN),
        act=_moving(moving.take_up),
    ),
    "promise": Deed(
        label=_("Promise another day"),
        done=_("The promise has moved, and everybody sees why."),
        is_open=lambda stand: stand.takes and stand.is_at(*TeamRequest.TAKEN),
        act=_moving(dates.promise),
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


DEEDS = {**STEPS, **TALK}


def named(name: str) -> Deed:
    """The deed of this name.

    Raises:
        Http404: there is none.
    """
    if name not in DEEDS:
        raise Http404
    return DEEDS[name]


def offers(
    stand: Stand, *, begun: forms.DeedForm | None = None, name: str = ""
) -> dict[str, list[Offer]]:
    """What is open to this person, by the part of the page; `begun` is a form that was refused."""
    found: dict[str, list[Offer]] = {}
    for key, deed in DEEDS.items():
        is_begun = key == name
        if deed.is_on_row or not deed.is_open(stand):
            continue
        form = begun if is_begun and begun is not None else deed.form(stand=stand, name=key)
        found.setdefault(deed.where, []).append(Offer(key, deed, form, is_begun))
    return found
