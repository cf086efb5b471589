"""The contact policy as a form: its fields, a row a cap, and a row a channel."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.contact import policy_words
from campaigns.policy import reading
from campaigns.policy.nodes import DEFER, DOWNGRADE, DROP, WINDOWS, Policy

EMPTY_ROWS = 3  # for more caps
ACTIONS = [(one, policy_words.ACTIONS[one]) for one in (DEFER, DROP, DOWNGRADE)]
TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class LimitsForm(forms.Form):
    """What is said once for all channels."""

    quiet_from = forms.TimeField(label=_("quiet from"), required=False, widget=TIME)
    quiet_until = forms.TimeField(
        label=_("quiet until"),
        required=False,
        widget=TIME,
        help_text=_("By the customer's clock; the project's where theirs is not known."),
    )
    days_off = forms.ChoiceField(label=_("days off"), choices=policy_words.DAYS_OFF.items())
    which_days = forms.ChoiceField(
        label=_("which days are off"),
        choices=policy_words.WHICH_DAYS.items(),
        help_text=_("Weekends worked as make-up days do not count."),
    )
    country = forms.CharField(
        label=_("country of the holidays"), max_length=2, help_text=_("ISO 3166, such as CN.")
    )
    off_from = forms.TimeField(label=_("quiet on days off from"), required=False, widget=TIME)
    off_until = forms.TimeField(label=_("quiet on days off until"), required=False, widget=TIME)
    longest_wait_hours = forms.IntegerField(
        label=_("waits at most (hours)"),
        min_value=0,
        max_value=reading.LONGEST_HOURS,
        help_text=_("What cannot leave by then is dropped."),
    )
    complaint_days = forms.IntegerField(
        label=_("contact paused after a spam report (days)"),
        min_value=0,
        max_value=reading.LONGEST_DAYS,
        help_text=_("0: until somebody lifts it."),
    )
    important_from = forms.IntegerField(
        label=_("important from priority"),
        min_value=0,
        max_value=100,
        help_text=_("Such campaigns may use what caps reserve."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for since, until in (("quiet_from", "quiet_until"), ("off_from", "off_until")):
            if not self.errors and (given[since] is None) != (given[until] is None):
                self.add_error(since, gettext("Give both times, or none."))
            elif not self.errors and given[since] is not None and given[since] == given[until]:
                self.add_error(since, gettext("The two times have to differ."))
        return given


class CapForm(forms.Form):
    """At most so many in a window; without a number there is no cap."""

    most = forms.IntegerField(
        label=_("at most"), required=False, min_value=0, max_value=reading.MOST
    )
    window = forms.ChoiceField(
        label=_("counted over"),
        initial="day",
        choices=[(one, policy_words.WINDOWS[one]) for one in WINDOWS],
    )
    channel = forms.ChoiceField(label=_("channel"), required=False)
    stage = forms.ChoiceField(label=_("stage"), required=False)
    reserved = forms.IntegerField(
        label=_("reserved for important ones"), required=False, min_value=0, max_value=reading.MOST
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {"": _("all channels"), **policy_words.CHANNELS}
        self.fields["channel"].choices = list(known.items())  # type: ignore[attr-defined]
        stages = {"": _("all stages"), **policy_words.stage_names()}
        if kept := self.initial.get("stage"):
            stages.setdefault(kept, kept)
        self.fields["stage"].choices = list(stages.items())  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if (given.get("reserved") or 0) > (given.get("most") or 0):
            self.add_error("reserved", gettext("No more than the cap itself."))
        return given


class EachOnce(forms.BaseFormSet):
    """No two caps of the same channel, window and stage."""

    def clean(self) -> None:
        rows = [one.cleaned_data for one in self.forms if one.is_valid()]
        places = [
            (row["channel"], row["window"], row["stage"])
            for row in rows
            if row.get("most") is not None
        ]
        if len(set(places)) < len(places):
            raise forms.ValidationError(
                gettext("Two caps are of the same channel, window and stage.")
            )


class WayForm(forms.Form):
    """What becomes of messages of one channel that may not leave.

    Another channel is one that the message has words for as well, as its step says.
    """

    channel = forms.CharField(widget=forms.HiddenInput)
    when_capped = forms.ChoiceField(label=_("over a cap"), choices=ACTIONS)
    when_quiet = forms.ChoiceField(label=_("in quiet hours"), choices=ACTIONS)
    when_barred = forms.ChoiceField(
        label=_("no address, no consent or suppressed"), choices=ACTIONS[1:], required=False
    )
    lower = forms.ChoiceField(
        label=_("the other channel"),
        choices=[("", "–"), *policy_words.CHANNELS.items()],
        required=False,
    )
    keeps_quiet = forms.BooleanField(label=_("keeps quiet hours"), required=False)
    needs_consent = forms.BooleanField(label=_("needs consent"), required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        given["when_barred"] = given.get("when_barred") or DROP
        asks = DOWNGRADE in {given.get(name) for name in ("when_capped", "when_quiet")}
        asks |= given["when_barred"] == DOWNGRADE
        if asks and given.get("lower") in {"", given.get("channel")}:
            self.add_error("lower", gettext("Choose another channel."))
        if not asks:
            given["lower"] = ""
        return given

    @property
    def named(self) -> str:
        key = self["channel"].value()
        return str(policy_words.CHANNELS.get(key, key))


Caps = forms.formset_factory(CapForm, formset=EachOnce, extra=EMPTY_ROWS)
Ways = forms.formset_factory(WayForm, extra=0)


class PolicyForms:
    """The three together; `content` is the policy that they say, as JSON."""

    def __init__(self, data: QueryDict | None, *, of: Policy) -> None:
        raw = reading.written(of)
        quiet, off = raw["quiet"] or {}, raw["quiet_off"] or {}
        initial = raw | {
            "quiet_from": quiet.get("from"),
            "quiet_until": quiet.get("until"),
            "off_from": off.get("from"),
            "off_until": off.get("until"),
        }
        ways = {one: of.way(one) for one in (*policy_words.CHANNELS, *of.ways)}
        self.limits = LimitsForm(data, initial=initial)
        self.caps = Caps(data, initial=raw["caps"], prefix="caps")
        self.ways = Ways(
            data,
            prefix="ways",
            initial=[
                {"channel": one, **reading.written_way(way)} for one, way in ways.items()
            ],
        )  # fmt: skip

    def is_valid(self) -> bool:
        return all([self.limits.is_valid(), self.caps.is_valid(), self.ways.is_valid()])

    def content(self) -> dict[str, Any]:
        given = self.limits.cleaned_data
        plain = ("days_off", "which_days", "longest_wait_hours", "complaint_days", "important_from")
        return {
            **{name: given[name] for name in plain},
            "country": given["country"].upper(),
            "quiet": _hours(given["quiet_from"], given["quiet_until"]),
            "quiet_off": _hours(given["off_from"], given["off_until"]),
            "caps": [
                {**row, "reserved": row["reserved"] or 0}
                for row in (one.cleaned_data for one in self.caps)
                if row.get("most") is not None
            ],
            "ways": {
                row["channel"]: {name: row[name] for name in row if name != "channel"}
                for row in (one.cleaned_data for one in self.ways)
                if _says_something(row)
            },
        }


def _hours(since: Any, until: Any) -> dict[str, str] | None:
    if since is None and until is None:
        return None
    return {
        name: f"{one:%H:%M}" if one else "" for name, one in (("from", since), ("until", until))
    }


def _says_something(row: dict[str, Any]) -> bool:
    """Whether it is other than what holds for a channel of which nothing is said."""
    usual = reading.written_way(Policy().way(row["channel"]))
    return any(usual[name] != row[name] for name in row if name != "channel")
