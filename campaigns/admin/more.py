"""Asking for more money for a campaign under way, and what whoever decides about it sees."""

from typing import Any

from django import forms
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy

from campaigns import additions
from campaigns.admin import precedents, quotes
from campaigns.admin.amounts import MoneyField
from campaigns.models import Addition, Campaign, Evidence, Quote
from console import clock
from console.states import NotAllowed


class MoreForm(forms.Form):
    """How much more, and why; sent twice by a double click, it is asked for once."""

    amount = MoneyField(label=gettext_lazy("How much more"), required=True)
    because = forms.CharField(
        label=gettext_lazy("Why"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = f"form:{get_random_string(20)}"


def ask(campaign: Campaign, form: MoreForm, staff: Any) -> bool:
    """Ask for what the form says; whether it was asked for. A refusal stands beside the form."""
    if not form.is_valid():
        return False
    given = dict(form.cleaned_data)
    try:
        additions.ask(campaign, given.pop("amount"), by=staff, at=clock.now(), **given)
    except NotAllowed as problem:
        form.add_error(None, str(problem))
        return False
    return True


def asked(addition: Addition) -> dict[str, Any]:
    """Evidence and price as they were when it was asked for."""
    found, price = addition.evidence, addition.price
    low, expected, worst = price["cost_minor"]
    evidence = Evidence(
        campaign=addition.campaign,
        precedents=found["precedents"],
        expected=found["expected"],
        found_at=addition.asked_at,
    )
    quote = Quote(
        campaign=addition.campaign,
        size=price["size"],
        lines=price["lines"],
        low_minor=low,
        expected_minor=expected,
        worst_minor=worst,
        made_at=addition.asked_at,
    )
    return {
        "evidence": precedents.shown(evidence),
        "quote": quotes.shown(quote, addition.campaign),
    }
