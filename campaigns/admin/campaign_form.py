"""The form of a campaign: who comes in and when, what they get, and what counts as success."""

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from campaigns import drafts, expectations, planning
from campaigns.admin.amounts import MoneyField
from campaigns.admin.percents import PercentField
from campaigns.models import Campaign
from campaigns.plans import moments, tree, triggers
from campaigns.plans.nodes import PlanError
from console import formats
from console.widgets import HourWidget
from segments import vocabulary
from segments.models import EventType

SECTIONS: list[tuple[Any, dict[str, Any]]] = [
    (None, {"fields": ["name", "goal", "occasion"]}),
    (
        gettext_lazy("Who comes in"),
        {
            "fields": [
                "entry",
                "event",
                "where",
                "every",
                "at_time",
                "on_days",
                "segment",
                "present",
                "starts_at",
                "ends_at",
                "again_after_days",
                "most_a_day",
                "most_in_all",
            ]
        },
    ),
    (gettext_lazy("What they get"), {"fields": ["template", "offer", "leave_at"]}),
    (
        gettext_lazy("What counts as success"),
        {"fields": ["conversion_event", "conversion_days", "control_share"]},
    ),
    (
        gettext_lazy("When it stops by itself"),
        {
            "fields": [
                "expected_roi",
                "roi_period",
                "periods_below",
                "most_unsubscribed",
                "most_complained",
                "most_left",
                "guarded_from",
            ]
        },
    ),
    (pgettext_lazy("campaign", "Money"), {"fields": ["budget", "limit_minor"]}),
    (gettext_lazy("Among other campaigns"), {"fields": ["purpose", "priority"]}),
]

Entry = Campaign.Entry
EVERY = [
    ("day", gettext_lazy("every day")),
    ("week", gettext_lazy("on days of the week")),
    ("month", gettext_lazy("on days of the month")),
]
# Fields that only some ways of coming in need, as Unfold's form asks for it.
SHOWN = {
    "every": "entry == 'recurring'",
    "at_time": "entry == 'recurring'",
    "on_days": "entry == 'recurring' && every != 'day'",
    "event": "entry == 'event'",
    "where": "entry == 'event'",
    "present": "entry == 'segment'",
    "ends_at": "entry != 'once'",
    "again_after_days": "entry != 'once'",
    "most_a_day": "entry != 'once'",
    "most_in_all": "entry != 'once'",
    "expected_roi": "entry != 'once'",
    "roi_period": "entry != 'once'",
    "periods_below": "entry != 'once'",
}

NUMBERS = ("roi_period", "periods_below", "guarded_from")


class CampaignForm(forms.ModelForm):
    """What an operator decides about a draft."""

    every = forms.ChoiceField(
        label=gettext_lazy("How often"),
        choices=EVERY,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    at_time = forms.TimeField(
        label=gettext_lazy("At"),
        required=False,
        initial=dt.time(10),
        widget=HourWidget,
    )
    on_days = forms.CharField(
        label=gettext_lazy("On which days"),
        required=False,
        help_text=gettext_lazy("1 is Monday and 7 Sunday, or days of the month: 1, 15."),
        widget=UnfoldAdminTextInputWidget,
    )
    event = forms.ChoiceField(
        label=gettext_lazy("When this happens"), required=False, widget=UnfoldAdminSelectWidget
    )
    where = forms.JSONField(
        label=gettext_lazy("Only if"),
        required=False,
        help_text=gettext_lazy("What its properties have to be; none: whenever it happens."),
        widget=forms.Textarea(attrs={"class": "rb-json", "rows": 3}),
    )
    present = forms.BooleanField(
        label=gettext_lazy("Also who is in the segment at the start"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )
    leave_at = forms.MultipleChoiceField(
        label=gettext_lazy("Leave the plan when this happens"),
        required=False,
        help_text=gettext_lazy("Whoever does it gets nothing more of this campaign."),
        widget=UnfoldAdminSelect2MultipleWidget,
    )
    conversion_event = forms.ChoiceField(
        label=gettext_lazy("Aims at"),
        initial="order_paid",
        help_text=gettext_lazy("The event that counts as success."),
        widget=UnfoldAdminSelectWidget,
    )
    limit_minor = MoneyField(
        label=gettext_lazy("May spend at most"),
        help_text=gettext_lazy("Empty: what it costs at most, of a campaign that runs once."),
    )
    expected_roi = PercentField(
        label=gettext_lazy("Expected ROI (percent)"),
        required=False,
        min_value=-100,
        max_value=100 * expectations.MOST_ROI,
        help_text=Campaign._meta.get_field("expected_roi").help_text,
    )
    most_unsubscribed = PercentField(
        label=gettext_lazy("Unsubscribe, at most (percent)"), required=False, max_value=100
    )
    most_complained = PercentField(
        label=gettext_lazy("Report spam, at most (percent)"), required=False, max_value=100
    )
    most_left = PercentField(
        label=gettext_lazy("Uninstall or switch messages off, at most (percent)"),
        required=False,
        max_value=100,
        help_text=gettext_lazy("A share that is empty is not looked at."),
    )
    control_share = PercentField(
        label=gettext_lazy("Control (percent)"),
        max_value=90,
        initial=0.0,
        help_text=gettext_lazy("So many of the audience get nothing, to tell what it brought."),
    )
    plan = forms.JSONField(
        label=pgettext_lazy("campaign", "plan"),
        required=False,
        widget=forms.Textarea(attrs={"class": "rb-json", "rows": 12}),
    )

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)  # drawn with the plan

    class Meta:
        model = Campaign
        fields = [
            name for name in drafts.EDITABLE if name not in {"timetable", "trigger", "exit_events"}
        ]
        help_texts: ClassVar = {
            "goal": gettext_lazy("In one sentence: what should be different afterwards?"),
            "template": gettext_lazy("Of a campaign of one message; steps name their own."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = _events(self.instance)
        for name in ("conversion_event", "event", "leave_at"):
            if name in self.fields:
                field: Any = self.fields[name]
                field.choices = [("", "–"), *choices] if name == "event" else choices
        for name in NUMBERS:
            if name in self.fields:
                self.fields[name].required = False
        self._begin(self.instance)

    def _begin(self, campaign: Campaign) -> None:
        """Show what was decided in the fields that stand for it."""
        timetable, trigger = campaign.timetable or {}, campaign.trigger or {}
        shown = {
            "every": timetable.get("every", "day"),
            "on_days": ", ".join(map(str, timetable.get("days", []))),
            "event": trigger.get("event", ""),
            "where": trigger.get("where", []),
            "present": trigger.get("present", False),
            "leave_at": campaign.exit_events,
            "plan": campaign.plan,  # drawn below the form, so that it is in none of its parts
        }
        if at := timetable.get("at"):
            shown["at_time"] = at
        if campaign.pk is None:
            shown |= expectations.BEGINS
        else:
            last = drafts.changes(campaign).values_list("pk", flat=True).first()
            shown["seen"] = last or 0
        self.initial.update(shown)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        self._look_who_was_there(said.get("seen"))
        said["plan"] = said.get("plan") or []
        for name in NUMBERS:  # left empty: as it was
            if said.get(name) in {None, ""}:
                said[name] = self.initial.get(name, getattr(Campaign(), name))
                self._put(name, said[name])
        self._put("exit_events", said.pop("leave_at", []))
        timetable, trigger = self._timetable(said), self._trigger(said)
        self._put("timetable", timetable)
        self._put("trigger", trigger)
        for name in ("every", "at_time", "on_days", "event", "where", "present"):
            said.pop(name, None)
        if said.get("entry") == Entry.ONCE:  # its audience is frozen, so nothing limits it
            said |= {"most_a_day": None, "most_in_all": None}
            # Nor has it periods; what was agreed of another kind of campaign goes with it.
            blank = Campaign()
            said |= {name: getattr(blank, name) for name in expectations.PERIODS}
        self._read_plan(said)
        if said.get("segment") is None and said.get("entry") != Entry.EVENT:
            self.add_error("segment", _("Choose a segment first."))
        return (
            said
            | {"timetable": timetable, "trigger": trigger}
            | {"exit_events": self.instance.exit_events}
        )

    def _look_who_was_there(self, seen: int | None) -> None:
        """Tell of what a colleague changed since the form was opened; saved again, it counts."""
        if seen is None or not (found := drafts.changed_since(self.instance, seen)):
            return
        who, fields = found
        called: Any = Campaign._meta.get_field
        names = [str(called(name).verbose_name) for name in sorted(fields)]
        words = _(
            "%(who)s changed this draft since you opened it: %(fields)s. Nothing was saved. Look "
            "at the draft in another window; save again to have it as it stands here."
        )
        self.add_error(None, words % {"who": who, "fields": formats.listed(names)})
        sent: Any = self.data  # which nobody may change
        sent = sent.copy()
        sent[self.add_prefix("seen")] = str(self.initial["seen"])
        self.data = sent

    def _put(self, name: str, value: Any) -> None:
        """On the instance as well, so that its constraints are asked about the whole."""
        setattr(self.instance, name, value)

    def _read_plan(self, said: dict[str, Any]) -> None:
        if not said["plan"]:
            if said.get("template") is None and "template" not in self.errors:
                self.add_error("template", _("Choose a template first."))
            return
        try:
            tree.parse(said["plan"], planning.known())
        except PlanError as problem:
            self.add_error("plan", problem.said(_))

    def _timetable(self, said: dict[str, Any]) -> dict[str, Any]:
        if said.get("entry") != Entry.RECURRING:
            return {}
        at, days = said.get("at_time"), _numbers(said.get("on_days") or "")
        raw: dict[str, Any] = {"every": said.get("every"), "at": at and f"{at:%H:%M}"}
        if raw["every"] != "day":
            raw["days"] = days
        try:
            moments.read(raw)
        except PlanError as problem:
            self.add_error("every", problem.said(_))
        return raw

    def _trigger(self, said: dict[str, Any]) -> dict[str, Any]:
        if said.get("entry") == Entry.SEGMENT:
            return {"present": True} if said.get("present") else {}
        if said.get("entry") != Entry.EVENT:
            return {}
        raw: dict[str, Any] = {"event": said.get("event") or ""}
        if where := said.get("where"):
            raw["where"] = where
        try:
            triggers.read(raw, vocabulary.current())
        except PlanError as problem:
            self.add_error("where" if where else "event", problem.said(_))
        return raw


def _events(campaign: Campaign) -> list[tuple[str, str]]:
    """What customers do, by what it is called."""
    ours = Q(name__startswith="message_") | Q(name__startswith="campaign_")  # not the customer's
    theirs = EventType.objects.filter(taken_as=None).exclude(ours)
    titles = {one.name: one.label for one in theirs.only("name", "title")}
    chosen = ["order_paid", campaign.conversion_event, *campaign.exit_events]
    for name in [*chosen, (campaign.trigger or {}).get("event")]:
        if name:
            titles.setdefault(name, EventType(name=name).label)
    return sorted(titles.items(), key=lambda one: one[1])


def _numbers(text: str) -> list[Any]:
    """The whole numbers of a list; what is none stays what it is, to be refused in words."""
    parts = [one.strip() for one in text.replace("，", ",").split(",") if one.strip()]
    return [int(one) if one.isascii() and one.isdigit() else one for one in parts]
