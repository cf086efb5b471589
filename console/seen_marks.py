"""Marks of what was seen, sent along with a change: by forms, and by callers of the API."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

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


@extend_schema_field(OpenApiTypes.STR)
class SeenField(serializers.Field):
    """A mark of these fields as they were read. Sent back with a change that began from them,
    nobody else's is overwritten: after such a one the answer is a 409."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(source="*", required=False)
        self.names = names

    def to_representation(self, record: Any) -> str:
        return seen.of(record, self.names)

    def to_internal_value(self, said: Any) -> dict[str, str]:
        return {"seen": str(said)}


def unseen(given: dict[str, Any]) -> dict[str, Any]:
    """What is said of a record that there was not before."""
    return {name: value for name, value in given.items() if name != "seen"}
