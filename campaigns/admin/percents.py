"""A share as a form has it: in percent."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget


class PercentField(forms.FloatField):
    """Shown and typed in percent, kept from 0 to 1."""

    widget = UnfoldAdminDecimalFieldWidget

    def __init__(self, *, min_value: float = 0, max_value: float, **more: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, step_size=None, **more)

    def prepare_value(self, value: Any) -> Any:
        """What is kept in percent; what somebody typed as it is."""
        return round(value * 100, 6) if isinstance(value, int | float) else value

    def clean(self, value: Any) -> float | None:
        found = super().clean(value)
        return None if found is None else round(found / 100, 8)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
