"""Columns that Django does not have: a set of customers."""

from typing import Any

from django.db import models
from pyroaring import BitMap

from segments import bitmaps


class BitmapField(models.BinaryField):
    """A roaring set of customer ids, stored in the portable format."""

    description = "A set of customers"
    # What mypy is told to read and write here; BinaryField would say bytes.
    _pyi_private_set_type: BitMap
    _pyi_private_get_type: BitMap  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", BitMap)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("default", None)
        return name, path, args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> BitMap:
        return bitmaps.load(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, BitMap):
            value = bitmaps.dump(value)
        return super().get_prep_value(value)
