"""Columns that Django does not have: a set of customers, and contacts that are sealed."""

from typing import Any

from django import forms
from django.core.validators import validate_email
from django.db import models
from django.db.models import F, Func
from django.db.models.lookups import StartsWith
from pyroaring import BitMap

from segments import bitmaps, sealing


class BitmapField(models.BinaryField):
    """A roaring set of customer ids, stored in the portable format."""

    description = "A set of customers"
    # What mypy is told to read and write here; BinaryField would say bytes.
    _pyi_private_set_type: BitMap
    _pyi_private_get_type: BitMap  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not kwargs.get("null"):  # there nothing is another thing than nobody
            kwargs.setdefault("default", BitMap)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("default", None)
        return name, path, args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> BitMap | None:
        return None if value is None else bitmaps.load(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, BitMap):
            value = bitmaps.dump(value)
        return super().get_prep_value(value)


class DaysField(BitmapField):
    """A roaring set of days since 1970-01-01: nobody is in it, whatever their number."""

    description = "A set of days"


def digest_of(column: str) -> models.GeneratedField:
    """A column that the database fills with the SHA-256 of another: whoever has kept a set under
    it never has to ask whether it is still the same."""
    return models.GeneratedField(
        expression=Func(F(column), function="sha256"),
        output_field=models.BinaryField(max_length=32),
        db_persist=True,
    )


class SealedCharField(models.CharField):
    """A text that is sealed on its way into the database, where `CONTACT_KEY` is set.

    Equality works as ever; a beginning only finds the whole text. `max_length` is the plain
    text's: the column itself has room for the sealed one.
    """

    description = "A sealed text"

    def db_type(self, connection: Any) -> str:
        return "text"

    def cast_db_type(self, connection: Any) -> str:
        return "text"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return sealing.open_(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return sealing.seal(value) if isinstance(value, str) else value


@SealedCharField.register_lookup
class Begins(StartsWith):
    """The beginning of a plain text; of a sealed one the whole, because it is sealed as well."""

    prepare_rhs = True


class SealedEmailField(SealedCharField):
    """An e-mail address, sealed, in the one form in which addresses are compared."""

    default_validators = [validate_email]

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(sealing.address(value) if isinstance(value, str) else value)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": forms.EmailField, **kwargs})


class SealedIdentifierField(SealedCharField):
    """An identifier's value, sealed when its row's kind is one of `sealing.CONTACT_KINDS`.

    A query cannot know the kind: it passes `sealing.seal_id(kind, value)`.
    """

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return sealing.peek(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        return models.CharField.get_prep_value(self, value)

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        return sealing.seal_id(model_instance.kind, value)
