"""The browser's own pickers of days and hours, in the dress of the other fields."""

from django import forms
from django.forms.widgets import DateTimeBaseInput
from unfold.widgets import INPUT_CLASSES


class _Picker(DateTimeBaseInput):
    picked = ""  # how the browser writes it

    def __init__(self) -> None:
        super().__init__(attrs={"class": " ".join(INPUT_CLASSES)}, format=self.picked)


class DayWidget(_Picker, forms.DateInput):
    """A day."""

    input_type, picked = "date", "%Y-%m-%d"


class HourWidget(_Picker, forms.TimeInput):
    """A time of day."""

    input_type, picked = "time", "%H:%M"


class MomentWidget(_Picker, forms.DateTimeInput):
    """A day and a time of day, in the project's zone."""

    input_type, picked = "datetime-local", "%Y-%m-%dT%H:%M"
