"""What each deed about a request asks of the person who does it."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import clock
from console.admin.team_requests.standing import Stand
from console.models import (
    PriorityProposal,
    RequestSlip,
    RequestTurn,
    RequestVerdict,
    Staff,
    Team,
    TeamRequest,
)
from console.team_requests import drafting
from console.widgets import DayWidget

Holding = RequestTurn.Holding


def words(label: Any, *, is_needed: bool = True, most: int = 300) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, max_length=most, required=is_needed, widget=widget)


def day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DayWidget(), **more)


def with_it() -> forms.DateField:
    return day(
        _("promised for, with it"),
        required=False,
        help_text=_("Only if the date moves with the priority; it is kept as a slip by priority."),
    )


def may_move(form: forms.Form, stand: Stand) -> None:
    """Only who promised moves the promise."""
    if not (stand.takes and stand.is_at(*TeamRequest.TAKEN)):
        del form.fields["promised_on"]


class DeedForm(forms.Form):
    """A deed that asks nothing; the edition tells whether somebody was there meanwhile."""

    short: ClassVar[set[str]] = {"promised_on", "to", "days", "impact", "effort_days", "priority"}
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, files: Any = None, *, stand: Stand, name: str) -> None:
        super().__init__(data, files, auto_id=f"{name}-%s")
        self.fields["edition"].initial = stand.request.edition
        self.stand = stand
        self.prepare(stand)

    def prepare(self, stand: Stand) -> None:
        """Fill in what depends on the request."""

    def renew(self, stand: Stand) -> None:
        """Sent once more, it is about the request as it is now."""
        data: Any = self.data
        self.data = data.copy()
        self.data["edition"] = str(stand.request.edition)  # type: ignore[index]


class Because(DeedForm):
    because = words(_("Why"))


class Withdraw(Because):
    """Once another team was asked, they are told why not any more."""

    def prepare(self, stand: Stand) -> None:
        self.fields["because"].required = stand.request.asked_on is not None


class Accept(DeedForm):
    owner = forms.ModelChoiceField(label=_("done by"), queryset=Staff.objects.none())
    promised_on = day(_("promised for"))

    def prepare(self, stand: Stand) -> None:
        owner: Any = self.fields["owner"]
        owner.queryset = stand.takers()
        owner.initial = stand.staff.pk
        self.fields["promised_on"].initial = stand.outlook.ends_on


class HandOver(DeedForm):
    owner = forms.ModelChoiceField(label=_("done by"), queryset=Staff.objects.none())

    def prepare(self, stand: Stand) -> None:
        owner: Any = self.fields["owner"]
        owner.queryset = stand.takers().exclude(pk=stand.request.owner_id or 0)


class Deliver(DeedForm):
    """Late, it says what made it late."""

    note = words(_("what is delivered, and where one finds it"), is_needed=False)
    cause = forms.ChoiceField(label=_("what made it late"), choices=RequestSlip.Cause.choices)
    because = words(_("Why it is late"))

    def prepare(self, stand: Stand) -> None:
        if not stand.is_late:
            del self.fields["cause"], self.fields["because"]


class Hand(DeedForm):
    """A question to the other team, or work that is theirs for now."""

    team = forms.ModelChoiceField(label=_("team"), queryset=Team.objects.none(), empty_label=None)
    holding = forms.ChoiceField(
        label=_("for what"),
        choices=[
            (one.value, one.label) for one in (Holding.QUESTION, Holding.WORK, Holding.REVIEW)
        ],
    )
    note = words(_("what they are to do"))

    def prepare(self, stand: Stand) -> None:
        team: Any = self.fields["team"]
        team.queryset = stand.others()


class Move(DeedForm):
    """Another promised day."""

    to = day(_("promised for"))
    cause = forms.ChoiceField(label=_("cause"), choices=RequestSlip.Cause.choices)
    because = words(_("Why"))

    def prepare(self, stand: Stand) -> None:
        self.fields["to"].initial = stand.request.promised_on


class Cost(DeedForm):
    """What a change costs; the promise moves by it."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    days = forms.DecimalField(
        label=_("working days that it costs"), min_value=0, max_value=500, decimal_places=1
    )
    promised_on = day(
        _("promised for"),
        required=False,
        help_text=_("Empty: later by these days."),
    )

    def prepare(self, stand: Stand) -> None:
        first = drafting.uncosted(stand.request).first()
        self.fields["revision"].initial = first.number if first else None


class Judge(DeedForm):
    outcome = forms.ChoiceField(
        label=_("verdict"), choices=[("", "–"), *RequestVerdict.Outcome.choices]
    )
    words = words(_("in words"), is_needed=False, most=2000)


class Propose(DeedForm):
    """One side's view of what it brings and costs."""

    priority = forms.TypedChoiceField(
        coerce=int,
        label=_("priority"),
        choices=[
            (0, pgettext_lazy("priority", "P0: everything else waits")),
            (1, pgettext_lazy("priority", "P1: next")),
            (2, pgettext_lazy("priority", "P2: planned")),
            (3, pgettext_lazy("priority", "P3: when there is room")),
        ],
        initial=2,
    )
    impact = forms.TypedChoiceField(
        coerce=int,
        label=_("impact"),
        choices=[
            (1, pgettext_lazy("impact", "1: hardly noticed")),
            (2, pgettext_lazy("impact", "2: small")),
            (3, pgettext_lazy("impact", "3: clear")),
            (4, pgettext_lazy("impact", "4: large")),
            (5, pgettext_lazy("impact", "5: decides the quarter")),
        ],
        initial=3,
    )
    effort_days = forms.DecimalField(
        label=_("effort in days"), min_value=0.5, max_value=500, decimal_places=1
    )
    because = words(_("Why"), is_needed=False)
    promised_on = with_it()

    def prepare(self, stand: Stand) -> None:
        may_move(self, stand)
        last: PriorityProposal | None = stand.proposals[-1] if stand.proposals else None
        for name in ("priority", "impact", "effort_days"):
            if last is not None:
                self.fields[name].initial = getattr(last, name)
        self.fields["because"].required = stand.request.priority is not None


class Confirm(DeedForm):
    """A yes to what the other side proposed; who promised may move the day with it."""

    number = forms.IntegerField(widget=forms.HiddenInput)
    promised_on = with_it()

    def prepare(self, stand: Stand) -> None:
        self.fields["number"].initial = stand.waiting and stand.waiting.pk
        may_move(self, stand)


class MakeRoom(DeedForm):
    """The promises of others that no longer fit; `seen` is what was shown."""

    seen = forms.JSONField(widget=forms.HiddenInput)
    because = words(_("Why"))

    def prepare(self, stand: Stand) -> None:
        moved = stand.outlook.moved
        self.fields["seen"].initial = {
            str(one.request.pk): one.to.isoformat() for one in moved if one.request
        }

    def clean_seen(self) -> dict[str, str]:
        """A browser may send anything."""
        seen = self.cleaned_data["seen"]
        is_read = isinstance(seen, dict) and all(
            pk.isdecimal() and len(pk) < 19 and isinstance(day, str) and clock.read_day(day)
            for pk, day in seen.items()
        )
        if not is_read:
            raise forms.ValidationError(_("Look at what moves out now."))
        return seen


class Lift(DeedForm):
    cause = forms.ChoiceField(label=_("cause"), choices=TeamRequest.Cause.choices)
    because = words(_("Why"))


class Say(DeedForm):
    text = forms.CharField(
        label=_("comment"),
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3, "data-mentions": "mentionable"}),
        help_text=_("@name tells somebody of it."),
    )


class LinkTo(DeedForm):
    """A page of the console, by its address."""

    address = forms.CharField(
        label=_("address of its page"),
        max_length=2000,
        help_text=_(
            "Of a report, metric, warning, segment, campaign or comparison. A chart is kept as it "
            "is now; the control of a comparison or campaign tells whether the number moved."
        ),
    )


class Attach(DeedForm):
    file = forms.FileField(label=_("file"))


class Numbered(DeedForm):
    """A deed about one row of the page."""

    number = forms.IntegerField(widget=forms.HiddenInput)


class NumberedPerhaps(Numbered):
    because = words(_("Why"), is_needed=False)


class NumberedBecause(Numbered):
    because = words(_("Why"))


class Needs(DeedForm):
    """What has to be delivered first."""

    needs = forms.CharField(
        label=_("number of the request that has to be delivered first"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "#12"}),
    )
    because = words(_("Why"), is_needed=False)
