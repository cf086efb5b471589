"""What the forms of period rules and watches share: thresholds and slices as people write them."""

from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from console import clock, figures, seen
from console.states import NotAllowed, Stale
from metrics import slices
from metrics.admin import slice_field
from metrics.models import Metric

MOST_DIGITS = 15
capfirst_lazy = lazy(capfirst, str)
# What a Chinese keyboard writes counts as what it looks like.
TYPED = str.maketrans({",": "", "\uff0c": "", "\uff05": "%", "\u3002": "."})


class RuleForm(forms.ModelForm):
    """A metric, a slice and a threshold; two who change one at once are told so."""

    fields_seen: ClassVar[tuple[str, ...]] = ()

    threshold = forms.CharField(
        label=capfirst_lazy(_("threshold")), required=False, widget=UnfoldAdminTextInputWidget()
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = seen.of(self.instance, self.fields_seen)
        if "slice" in self.fields:
            widget = slice_field.UnfoldSliceSelect()
            slice_field.offer(self.fields["slice"], self.instance.slice, widget)
        self.explain("slice", _("Everybody, or one of the parts by which the metric is measured."))
        # Metrics, people and teams have their own screens; a form of rules is no way to them.
        for name in ("metric", "benchmark", "owner", "team", "raises"):
            wrapper = self.fields[name].widget if name in self.fields else None
            for deed in ("add", "change", "delete", "view"):
                if hasattr(wrapper, f"can_{deed}_related"):
                    setattr(wrapper, f"can_{deed}_related", False)

    def explain(self, name: str, words: Any) -> None:
        """Say beside a field what belongs into it; who only reads has no such field."""
        if name in self.fields:
            self.fields[name].help_text = words

    def clean_threshold(self) -> Decimal | None:
        return read(self.cleaned_data["threshold"])

    def clean_seen(self) -> str:
        """Told while what was typed is still there; the verb asks again under a lock."""
        mark = str(self.cleaned_data["seen"])
        try:
            seen.require(self.instance, self.fields_seen, mark if self.instance.pk else "")
        except Stale as problem:
            raise forms.ValidationError(str(problem)) from problem
        return mark

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        metric, part = found.get("metric"), found.get("slice", "")
        if metric and not slices.is_measured(metric, part):
            self.add_error("slice", gettext("This metric is not measured by this slice."))
        return found

    def _post_clean(self) -> None:
        """Refusals in words, instead of the names of the database's constraints."""
        super()._post_clean()  # type: ignore[misc]  # the stubs leave it out
        if set(self.errors) - {NON_FIELD_ERRORS}:
            return
        try:
            self.check()
        except NotAllowed as refused:
            self.add_error(None, str(refused))

    def check(self) -> None:
        """Refuse what cannot be judged."""
        raise NotImplementedError


def read(text: str) -> Decimal | None:
    """A number as people write it; a percentage is a share."""
    plain = text.strip().translate(TYPED)
    if not plain:
        return None
    try:
        number = Decimal(plain.removesuffix("%"))
    except InvalidOperation as wrong:
        raise forms.ValidationError(gettext("This is no number.")) from wrong
    if not number.is_finite() or number.adjusted() > MOST_DIGITS:
        raise forms.ValidationError(gettext("This is no number."))
    return number / 100 if plain.endswith("%") else number


def in_unit(metric: Metric, number: Decimal, typed: str, *, is_share: bool = False) -> Decimal:
    """Money in minor units; a plain 28 for a share, such as a change is one, means 28%."""
    if is_share or metric.unit == Metric.Unit.SHARE:
        is_plain = "%" not in typed.translate(TYPED)
        return number / 100 if is_plain and abs(number) > 1 else number
    if metric.unit == Metric.Unit.MONEY:
        return number.scaleb(figures.decimals(clock.project().currency))
    return number


def as_typed(metric: Metric, number: Decimal | None, *, is_share: bool) -> str:
    """A number in its unit as one types it; `is_share`: whatever the unit, it is a share."""
    if number is None:
        return ""
    if is_share or metric.unit == Metric.Unit.SHARE:
        return f"{(number * 100).normalize():f}%"
    if metric.unit == Metric.Unit.MONEY:
        number = figures.major(number, clock.project().currency)
    return f"{number.normalize():f}"
