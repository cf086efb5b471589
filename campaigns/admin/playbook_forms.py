"""The forms of playbooks: how one is run, what a play gives, and what ships to begin with."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns import beginnings, playbooks, recipes
from campaigns.admin import money
from campaigns.admin.amounts import MoneyField
from campaigns.admin.percents import PercentField
from campaigns.models import Campaign, CouponBatch, MessageTemplate, Playbook
from campaigns.plans import nodes
from campaigns.recipes import Journey
from console import figures, kept_words, work_kinds
from console.models import Staff, Team
from console.seen_marks import SeenForm
from segments import definitions
from segments.models import EventType, Segment


class PlaybookForm(SeenForm):
    """How it is run and measured."""

    fields_seen = playbooks.SETTINGS

    control_share = PercentField(
        label=_("Control (percent)"),
        max_value=50,
        initial=0.1,
        help_text=_("So many get none of its plays, to tell what the rest did because of them."),
    )
    budget_minor = MoneyField(
        label=_("Costs at most"),
        help_text=_("Nobody more comes in than it bears if every coupon is used."),
    )
    wake_event = forms.ChoiceField(label=_("Comes back by"), required=False)

    class Meta:
        model = Playbook
        fields = playbooks.SETTINGS

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        budget: Any = self.fields["budget"]
        budget.queryset = money.open_budgets(by, with_=self.instance.budget_id)
        budget.label_from_instance = money.named
        field: Any = self.fields["wake_event"]
        chosen = self.instance.wake_event
        field.choices = [("", gettext("anything that counts as being active")), *_deeds(chosen)]
        if self.instance.pk:
            for name in {*self.fields} - playbooks.WHILE_RUNNING - {"seen"}:
                self.fields[name].disabled = not self.instance.is_draft


def _link() -> forms.URLField:
    return forms.URLField(
        label=_("Where the buttons lead"),
        assume_scheme="https",
        max_length=300,
        # A browser would want https:// in front, which we add ourselves.
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
        help_text=_(
            "Your shop or app; each template's words can be changed before anybody gets them."
        ),
    )


class _Through(forms.ChoiceField):
    """Through which of the ways out that there are."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Said through"),
            choices=lambda: [*beginnings.channels().items()],
            initial=recipes.EMAIL,
            help_text=_("Words for it come along; more channels appear once they have an account."),
        )


class ShipForm(forms.Form):
    """What the warnings' rules speak of, as it is called here."""

    login = forms.ChoiceField(label=_("Signing in"))
    interacted = forms.ChoiceField(label=_("Interacting"))
    channel = _Through()
    link = _link()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", gettext("Choose an event")), *_deeds()]
        for name, first in (("login", recipes.LOGIN), ("interacted", recipes.INTERACTED)):
            field: Any = self.fields[name]
            field.choices, field.initial = choices, first


def _deeds(chosen: str = "") -> list[tuple[str, str]]:
    """What customers do, by what it is called; `chosen` stays, whatever it is."""
    events = EventType.objects.filter(taken_as=None).only("name", "title")
    theirs = (one for one in events if one.name == chosen or definitions.is_a_deed(one.name))
    return sorted(((one.name, one.label) for one in theirs), key=lambda one: one[1])


def _duties() -> list[tuple[str, str]]:
    return [(key, str(work_kinds.of(key).label)) for key in nodes.DUTIES]


EMPTY = {
    "level": _("Choose a segment"),
    "value": pgettext_lazy("play", "everybody"),
    "template": _("no message"),
    "coupon": _("no coupon"),
}


def _segments() -> QuerySet[Segment]:
    """What one chooses from; sets are large, and nobody reads them here."""
    in_use = Segment.objects.filter(archived_at=None)
    return in_use.order_by(kept_words.by_name("name")).defer("members")


def _with_size(segment: Segment) -> str:
    return f"{segment} · {figures.whole(segment.size)}"


class PlayForm(forms.Form):
    """One line of the matrix: who, and what they get."""

    level = forms.ModelChoiceField(
        label=pgettext_lazy("play", "Who"), queryset=Segment.objects.none()
    )
    value = forms.ModelChoiceField(
        label=pgettext_lazy("play", "Value"),
        queryset=Segment.objects.none(),
        required=False,
        help_text=_("Only those who are in this segment, too; empty: everybody."),
    )
    template = forms.ModelChoiceField(
        label=_("Message"), queryset=MessageTemplate.objects.none(), required=False
    )
    coupon = forms.ModelChoiceField(
        label=_("Coupon"), queryset=CouponBatch.objects.none(), required=False
    )
    task = forms.CharField(
        label=pgettext_lazy("play", "Work"),
        required=False,
        max_length=160,
        help_text=_("Such as “Call and ask why”; one for each customer."),
    )
    task_days = forms.IntegerField(
        label=_("Due after (days)"), min_value=0, max_value=90, initial=3, required=False
    )
    duty = forms.ChoiceField(
        label=_("Kind of work"),
        required=False,
        choices=lambda: [("", gettext("any work")), *_duties()],
        help_text=_("Whoever does it answers the form of this kind."),
    )
    owner = forms.ModelChoiceField(
        label=_("Done by"), queryset=Staff.objects.filter(is_active=True), required=False
    )
    team = forms.ModelChoiceField(
        label=_("or by the team"), queryset=Team.objects.all(), required=False
    )
    limit_minor = MoneyField(
        label=_("May spend at most"),
        help_text=_("Empty: an equal part of what the playbook costs at most."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("level", "value"):
            self._offer(name, _segments())
        by_name = kept_words.by_name("name")
        for name, model in (("template", MessageTemplate), ("coupon", CouponBatch)):
            self._offer(name, model.objects.filter(archived_at=None).order_by(by_name))

    def _offer(self, name: str, found: Any) -> None:
        field: Any = self.fields[name]
        field.queryset = found
        field.empty_label = EMPTY[name]
        if name in {"level", "value"}:
            field.label_from_instance = _with_size


class MixForm(forms.Form):
    """How often, and through which channels, to whom and for how long."""

    segment = forms.ModelChoiceField(
        label=_("Segment"), queryset=Segment.objects.filter(archived_at=None)
    )
    templates = forms.ModelMultipleChoiceField(
        label=_("Templates"),
        queryset=MessageTemplate.objects.filter(archived_at=None),
        help_text=_("One for each channel that is tried."),
    )
    times = forms.TypedMultipleChoiceField(
        label=_("How often a week"),
        choices=[(one, one) for one in (1, 2, 3, 5)],
        coerce=int,
        initial=[1, 3],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The caps of the contact policy hold here as well."),
    )
    weeks = forms.IntegerField(label=_("Weeks"), min_value=1, max_value=8, initial=2)


class JourneyForm(forms.Form):
    """Whom one journey is for, what is done on its way, and where its buttons lead."""

    segment = forms.ModelChoiceField(
        label=_("For customers who enter"), queryset=Segment.objects.none()
    )
    event = forms.ChoiceField(label=_("When this happens"))
    channel = _Through()
    link = _link()

    def __init__(self, *args: Any, journey: Journey, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"auto_id": f"{journey.key}-%s"})
        self.deeds = [*journey.deeds]
        for name, deed in journey.deeds.items():
            choices = [("", gettext("Choose an event")), *_deeds()]
            self.fields[f"deed_{name}"] = forms.ChoiceField(
                label=str(deed.label), choices=choices, initial=deed.event
            )
        self.order_fields(["segment", "event", *(f"deed_{name}" for name in self.deeds)])
        if journey.entry == Campaign.Entry.EVENT:
            del self.fields["segment"]
            field: Any = self.fields["event"]
            field.choices = [("", gettext("Choose an event")), *_deeds()]
            field.initial = journey.event
            sources = reverse("admin:segments_eventsource_changelist")
            field.help_text = format_html(
                gettext(
                    "Not in the list? Send it first, under any name such as {name}: {sources}."
                ),
                name=journey.event,
                sources=format_html('<a href="{}">{}</a>', sources, gettext("Sources")),
            )
            return
        del self.fields["event"]
        segment: Any = self.fields["segment"]
        segment.queryset = _segments()
        segment.empty_label = EMPTY["level"]
        segment.label_from_instance = _with_size
        if journey.entry == Campaign.Entry.RECURRING:
            segment.label = _("For the customers in")

    def said(self) -> dict[str, Any]:
        """What `beginnings.journey` wants to know."""
        given = {"segment": None} | self.cleaned_data
        deeds = {name: given.pop(f"deed_{name}") for name in self.deeds}
        return given | {"deeds": deeds}
