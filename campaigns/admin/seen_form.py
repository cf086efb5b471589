"""Forms by which a record is changed, and whoever began from what it was is told so."""

from typing import Any, ClassVar

from django import forms

from console import seen
from console.states import Stale


class SeenForm(forms.ModelForm):
    """A form that knows what it began from; what was typed stays when it is refused."""

    fields_seen: ClassVar[tuple[str, ...]] = ()

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = seen.of(self.instance, self.fields_seen)

    def clean_seen(self) -> str:
        """Told while what was typed is still there; the verb asks again under a lock."""
        mark = str(self.cleaned_data["seen"])
        try:
            seen.require(self.instance, self.fields_seen, mark if self.instance.pk else "")
        except Stale as problem:
            self.add_error(None, str(problem))
        return mark
