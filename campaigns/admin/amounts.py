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

    parts = 0  # decimals of the smallest unit
    most = MOST_MINOR

    def __init__(self, **kwargs: Any) -> None:
        box = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"})
        super().__init__(**{"max_length": 20, "required": False, "widget": box} | kwargs)

    def clean(self, value: Any) -> Any:
        if isinstance(value, int | Decimal):  # a disabled field's value, which nobody wrote
            return value
        text = super().clean(value)
        if not text:
            return None
        try:
            minor = Decimal(figures.without_groups(text)).scaleb(
                figures.decimals(clock.project().currency)
            )
            is_fine = minor.is_finite() and minor == round(minor, self.parts)
        except (
            ArithmeticError,
            ValueError,
        ) as problem:  # also of what has more digits than can be rounded
            raise ValidationError(_("Write an amount, such as 20 or 19.90.")) from problem
        if not is_fine:
            raise ValidationError(_("Write an amount, such as 20 or 19.90."))
        if not 0 <= minor <= self.most:
            raise ValidationError(_("This amount is out of range."))
        return minor if self.parts else int(minor)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """10 and 10.00 are the same."""
        try:
            return not self.disabled and self.clean(data) != initial
        except ValidationError:
            return True

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int | Decimal):
            return value
        amount = figures.major(value, clock.project().currency)
        return f"{amount.normalize() if self.parts else amount:f}"


class RateField(MoneyField):
    """What one of many costs, such as 0.045: also parts of the smallest coin."""

    parts = 3
    most = 10**6 - 1
