"""The forms about budgets: what one is, money in and out, its rule, and asking for money."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import budgets, roles, seen
from console.models import Budget, BudgetRule, Team
from metrics.admin.spend_forms import AmountField

DATE = forms.DateInput(attrs={"type": "date"})


def why() -> forms.CharField:
    """The reason, which everybody reads later."""
    return forms.CharField(label=_("Why"), max_length=300)


class ShareField(forms.DecimalField):
    """A share as people write it, in percent; its value is from 0 to 1."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=100, decimal_places=1, **kwargs)

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return None if found is None else float(found) / 100


class BudgetForm(forms.Form):
    """A budget; its rule is asked for with the first version only."""

    name = forms.CharField(label=_("name"), max_length=120)
    purpose = forms.CharField(label=_("purpose"), max_length=300, required=False)
    team = forms.ModelChoiceField(label=_("team"), queryset=Team.objects.all())
    since = forms.DateField(label=pgettext_lazy("a period", "from"), widget=DATE)
    until = forms.DateField(label=pgettext_lazy("a period", "until"), widget=DATE)
    over = forms.ChoiceField(label=_("when it does not reach"), choices=BudgetRule.Over.choices)
    warn_share = ShareField(label=_("warn when less is available (percent)"), initial=20)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: Any, of: Budget | None = None, **kwargs: Any) -> None:
        if of is not None:
            kwargs["initial"] = {name: getattr(of, name) for name in budgets.EDITABLE}
            kwargs["initial"] |= {"seen": seen.of(of, budgets.EDITABLE)}
        super().__init__(*args, **kwargs)
        if of is not None:
            for name in ("team", "over", "warn_share"):
                del self.fields[name]
            return
        del self.fields["seen"]
        if by.role != roles.AD:
            self.fields["team"].queryset = Team.objects.filter(pk=by.team_id)  # type: ignore[attr-defined]
            self.fields["team"].initial = by.team_id


class Keyed(forms.Form):
    """A form that is sent twice by a double click, and counts once."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = f"form:{get_random_string(20)}"


class MoneyForm(Keyed):
    """Money in or out."""

    amount = AmountField(label=_("amount"))
    because = why()


class RuleForm(forms.Form):
    """What happens when the money does not reach."""

    over = forms.ChoiceField(label=_("when it does not reach"), choices=BudgetRule.Over.choices)
    warn_share = ShareField(label=_("warn when less is available (percent)"))
    because = why()
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, of: BudgetRule, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "over": of.over,
            "warn_share": round(of.warn_share * 100, 1),
            "seen": of.number,
        }
        super().__init__(*args, **kwargs)


def _named(budget: Budget) -> str:
    """A budget as one tells it from another team's of the same name."""
    return " · ".join(str(part) for part in (budget, budget.team) if part)


class TransferForm(Keyed):
    """Asking for money; somebody else decides."""

    source = forms.ModelChoiceField(
        label=_("from the budget"), queryset=Budget.objects.none(), required=False
    )
    amount = AmountField(label=_("amount"))
    because = why()

    def __init__(self, *args: Any, of: Budget, day: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Budget.objects.filter(archived_at=None, since__lte=day, until__gte=day)
        source: Any = self.fields["source"]
        others = others.exclude(pk=of.pk).filter(currency=of.currency)
        source.queryset = others.select_related("team")
        source.label_from_instance = _named  # teams may call theirs the same
        may_ask = budgets.room(of, 0, on=day).may_ask
        source.required = not may_ask
        source.empty_label = _("new money") if may_ask else "–"
