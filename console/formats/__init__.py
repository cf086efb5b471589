"""How dates, numbers and enumerations are written."""

from collections.abc import Iterable

from django.utils.translation import gettext as _


def listed(some: Iterable[object]) -> str:
    """Things one after the other, with the comma of the active language."""
    return _(", ").join(map(str, some))
