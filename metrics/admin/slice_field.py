"""Choosing a slice by its words, of those that the chosen metric is measured by."""

from typing import Any, ClassVar

from django import forms
from django.forms.widgets import Script
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from metrics import history, slices, slicing

OF = "data-metrics"  # of an option: the numbers of the metrics that have the slice


class SliceSelect(forms.Select):
    """Every option knows its metrics; a script leaves those of the chosen metric."""

    metrics: dict[str, str] = {}

    class Media:
        js: ClassVar = [Script("console/slices.js", type="module")]

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        option = super().create_option(name, value, *args, **kwargs)
        if value:
            option["attrs"][OF] = self.metrics.get(str(value), "")
        return option


class UnfoldSliceSelect(SliceSelect, UnfoldAdminSelectWidget):
    """The same as the forms of Unfold have it."""


def offer(field: forms.Field, chosen: str, widget: SliceSelect) -> None:
    """Let a field of text offer slices; one that is set stays on offer, measured or not."""
    found = slices.offered(until=history.last_closed_day())
    known = {one.part: one for _title, some in found for one in some}
    widget.metrics = {part: " ".join(map(str, sorted(one.metrics))) for part, one in known.items()}
    choices: list[Any] = [("", _("everybody"))]
    if chosen and chosen not in known:
        choices.append((chosen, slicing.names([chosen]).get(chosen, chosen)))
    choices += [(title, [(one.part, one.label) for one in some]) for title, some in found]
    widget.choices = choices
    field.widget = widget
