"""Money in forms: written in whole units of the project's currency, kept in minor ones."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from console import clock, figures

MOST_MINOR = 10**15


class MoneyField(forms.CharField):
    """An amount such as 20 or 19.90; empty is None."""

    def __init__(self, **kwargs: Any) -> None:
        box = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"})
        super().__init__(**{"max_length": 20, "required": False, "widget": box} | kwargs)

    def clean(self, value: Any) -> Any:
        if isinstance(value, int):  # a disabled field's value, which nobody wrote
            return value
        text = super().clean(value).replace(",", "").replace("，", "")
        if not text:
            return None
        try:
            minor = Decimal(text).scaleb(figures.decimals(clock.project().currency))
        except ArithmeticError as problem:
            raise ValidationError(_("Write an amount, such as 20 or 19.90.")) from problem
        if not minor.is_finite() or minor != minor.to_integral_value():
            raise ValidationError(_("Write an amount, such as 20 or 19.90."))
        if not 0 <= minor <= MOST_MINOR:
            raise ValidationError(_("This amount is out of range."))
        return int(minor)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int):
            return value
        return f"{figures.major(value, clock.project().currency):f}"
