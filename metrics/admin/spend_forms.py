"""The forms about money: an amount for days, a file, a channel, and how channels are told."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from console import clock, figures
from metrics import attribution, spend_files
from metrics.models import Attribution, Channel

DATE = forms.DateInput(attrs={"type": "date"})


class AmountField(forms.CharField):
    """Money as people write it; its value is in minor units."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=30, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **kwargs
        )

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        found = spend_files.minor(text, clock.project().currency)
        if found is None:
            raise forms.ValidationError(_("Write an amount such as 1200.50."))
        return found


class SpendForm(forms.Form):
    """One amount, on a day or in equal parts over days."""

    since = forms.DateField(label=_("day, or the first of several"), widget=DATE)
    until = forms.DateField(
        label=_("the last of several days"),
        required=False,
        widget=DATE,
        help_text=_("Empty: one day. Otherwise the amount is booked in equal parts."),
    )
    channel = forms.ModelChoiceField(
        label=_("channel"),
        required=False,
        queryset=Channel.objects.filter(archived_at=None),
        empty_label=_("without a channel"),
    )
    amount_minor = AmountField(label=_("amount"))
    campaign = forms.ModelChoiceField(
        label=_("campaign"),
        required=False,
        queryset=Campaign.objects.order_by("-id"),
        empty_label="–",
        help_text=_("If a campaign cost it."),
    )
    note = forms.CharField(label=_("note"), required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        return {**given, "until": given.get("until") or given.get("since")}


class FileForm(forms.Form):
    """A file of spend; it is shown before it is booked."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("The first line names the columns: day, channel, amount, note, currency."),
    )


class ChannelForm(forms.Form):
    """A channel: its name, the words that stand for it, and what a customer may cost."""

    name = forms.CharField(label=_("name"), max_length=80)
    words = forms.CharField(
        label=_("words in events"),
        required=False,
        max_length=2000,
        help_text=_("Separated by commas, such as: douyin, dy, 抖音."),
    )
    cap_minor = AmountField(
        label=_("most that a new customer may cost"),
        required=False,
        help_text=_("Empty: the limit for all channels."),
    )

    def __init__(self, *args: Any, of: Channel | None = None, **kwargs: Any) -> None:
        if of is not None:
            kwargs["initial"] = {
                "name": of.name,
                "words": ", ".join(of.words),
                "cap_minor": written(of.cap_minor),
            }
        super().__init__(*args, **kwargs)

    def clean_words(self) -> list[str]:
        return listed(self.cleaned_data["words"])


class AttributionForm(forms.Form):
    """By what the channel of a new customer is told."""

    channel_properties = forms.CharField(
        label=_("properties that tell the channel"),
        required=False,
        max_length=1000,
        help_text=_("Of the events of a customer's first day; the first that is there counts."),
    )
    trait = forms.ChoiceField(label=_("or a trait of words"), required=False)
    device_properties = forms.CharField(
        label=_("properties that tell the device"), required=False, max_length=1000
    )
    app_words = forms.CharField(label=_("words that mean the app"), required=False, max_length=1000)
    cap_minor = AmountField(label=_("most that a new customer may cost"), required=False)
    note = forms.CharField(label=_("Why"), max_length=300)
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, of: Attribution, **kwargs: Any) -> None:
        lists = ("channel_properties", "device_properties", "app_words")
        kwargs["initial"] = {name: ", ".join(getattr(of, name)) for name in lists} | {
            "trait": of.trait,
            "cap_minor": written(of.cap_minor),
            "seen_version": of.version,
        }
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["trait"].choices = [("", "–"), *attribution.choices().items()]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in ("channel_properties", "device_properties", "app_words"):
            given[name] = listed(given.get(name) or "")
        return given


def listed(text: str) -> list[str]:
    """Words that somebody separated by commas."""
    return [one.strip() for one in text.replace("，", ",").split(",") if one.strip()]


def written(minor: int | None) -> str:
    """An amount as the form shows it."""
    return "" if minor is None else f"{figures.major(minor, clock.project().currency):f}"
