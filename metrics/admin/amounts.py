"""Values as people write them: money in whole units, shares in percent, anything else as it is."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from console import clock, figures
from metrics.models import Metric

Unit = Metric.Unit
MOST_DIGITS = 15
HINT = _("Money in whole units, shares in percent.")


class ValueField(forms.CharField):
    """A number; of which unit is known only with the metric, so `stored` makes it one."""

    def __init__(self, **kwargs: Any) -> None:
        box = forms.TextInput(attrs={"inputmode": "decimal"})
        super().__init__(max_length=30, widget=box, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            found = Decimal(figures.without_groups(text).rstrip("% ").strip())
        except (InvalidOperation, ValueError):
            found = Decimal("NaN")
        if not found.is_finite() or found.adjusted() >= MOST_DIGITS:
            raise forms.ValidationError(_("Write a number."))
        return found


def stored(value: Decimal, metric: Metric) -> Decimal:
    """As it is kept: money in minor units, a share from 0 to 1."""
    if metric.unit == Unit.MONEY:
        return value.scaleb(figures.decimals(clock.project().currency))
    return value / 100 if metric.unit == Unit.SHARE else value


def written(value: Decimal, metric: Metric) -> str:
    """As somebody would write it."""
    if metric.unit == Unit.MONEY:
        value = figures.major(value, clock.project().currency)
    elif metric.unit == Unit.SHARE:
        value *= 100
    return f"{value.normalize():f}"
