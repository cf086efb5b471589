"""The only writer of statuses: compare, set, and say so in the audit log."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Protocol

from django.db import models, transaction
from django.utils.translation import gettext as _

from console import audit


class NotAllowed(Exception):
    """The deed is not open to this person, or not from the record's present status."""


class Stale(Exception):
    """Somebody else moved the record since it was read."""


class HasStatus(Protocol):
    """A model with a `status` and, beside it, the table of its moves."""

    MOVES: ClassVar[dict[str, set[str]]]
    status: Any
    pk: Any


def can_move(record: HasStatus, *, to: str) -> bool:
    """Whether the table of moves leads from the record's status to this one."""
    return to in record.MOVES.get(record.status, set())


@transaction.atomic
def move(record: Any, *, to: str, line: Mapping[str, Any] | None = None, **also: Any) -> None:
    """Take a record to another status, together with the fields in `also`.

    The row changes only if it still has the status that the record was read with. `line` is
    what the audit line says besides. It begins with the model's `NOUN`, else with its name.

    Raises:
        NotAllowed: the table `MOVES` does not lead there.
        Stale: somebody else was first.
    """
    was = record.status
    if not can_move(record, to=to):
        raise NotAllowed(
            _("%(what)s cannot go from “%(was)s” to “%(to)s”.")
            % {
                "what": record,
                "was": record.get_status_display(),
                "to": type(record).Status(to).label,
            }
        )
    model: type[models.Model] = type(record)
    changed = model._default_manager.filter(pk=record.pk, status=was).update(status=to, **also)
    if not changed:
        raise Stale(
            _("%(what)s was changed by somebody else; load the page again.") % {"what": record}
        )
    for field, value in {"status": to, **also}.items():
        setattr(record, field, value)
    noun = getattr(model, "NOUN", model._meta.model_name)
    audit.log(f"{noun}.{to}", record, **{"was": was, **(line or {})})


def move_many(
    model: type[models.Model], ids: Collection[int], *, frm: str, to: str, **also: Any
) -> int:
    """Move rows of a work list, those that still have the status `frm`; how many there were.

    Such rows come by the thousand, so they get no audit line each: their record's moves do.
    """
    if to not in model.MOVES[frm]:  # type: ignore[attr-defined]
        raise NotAllowed(f"{model._meta.label}: {frm} → {to}")
    rows = model._default_manager.filter(pk__in=ids, status=frm)
    return rows.update(status=to, **also)
