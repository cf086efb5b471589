"""What somebody saw of a record when they began to change it, told apart from what it is now."""

from collections.abc import Sequence
from hashlib import blake2b

from django.db.models import Model
from django.utils.translation import gettext as _

from console import kept_words
from console.states import Stale


def of(record: Model, names: Sequence[str]) -> str:
    """A mark of these fields as they are; nothing of a record that is not kept yet."""
    if record.pk is None:
        return ""
    columns = {one.name: one.attname for one in record._meta.concrete_fields}
    values = [kept_words.as_kept(getattr(record, columns[name])) for name in names]
    return blake2b(repr(values).encode(), digest_size=8).hexdigest()


def require(record: Model, names: Sequence[str], seen: str) -> None:
    """Refuse a change that began from something else; without a mark nothing is compared.

    Raises:
        Stale: somebody else changed the record since.
    """
    if seen and seen != of(record, names):
        raise Stale(
            _("%(what)s was changed by somebody else; load the page again.") % {"what": record}
        )
