"""A request's row under its lock: each change makes another edition of it, and says who made it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, states
from console.models import AuditEntry, Staff, TeamRequest
from console.states import Stale

MOST_NAMED = 5


@dataclass(frozen=True)
class Change:
    """One deed that made another edition."""

    who: str
    action: str  # as in the audit log, such as `team_request.revised`
    at: dt.datetime
    fields: tuple[str, ...]  # of the content, where that changed


class Conflict(Stale):
    """Somebody else made another edition; `changes` says who did what, newest first."""

    def __init__(self, request: TeamRequest, changes: list[Change]) -> None:
        self.request, self.changes = request, changes
        names = list(dict.fromkeys(one.who for one in changes if one.who)) or [_("Somebody else")]
        super().__init__(
            _("%(who)s changed “%(what)s” meanwhile; look at it before you go on.")
            % {"who": ", ".join(names), "what": request}
        )


def lock(request: TeamRequest, *, edition: int | None = None) -> None:
    """Read the row anew and hold it until the end of the transaction.

    `edition` is the one that the person had before them; without it, what the caller read counts
    for the status alone. Rows that only point to the request do not wait.

    Raises:
        Conflict: it is another edition by now, or has another status.
    """
    seen, read, was = edition, request.edition, request.status
    rows = TeamRequest.objects.select_for_update(of=("self",), no_key=True)
    request.refresh_from_db(from_queryset=rows)
    if seen is None and was != request.status:
        seen = read
    if seen is not None and seen != request.edition:
        raise Conflict(request, since(request, seen))


def write(
    request: TeamRequest, action: str, *, by: Staff | None, line: dict[str, Any], **fields: Any
) -> None:
    """Write fields of a locked row, which makes another edition, with one line in the log."""
    for name, value in fields.items():
        setattr(request, name, value)
    request.edition += 1
    request.save(update_fields=[*fields, "edition", "changed_at"])
    audit.log(f"team_request.{action}", request, by=by, edition=request.edition, **line)


def move(
    request: TeamRequest, *, to: str, by: Staff | None, line: dict[str, Any], **fields: Any
) -> None:
    """Take a locked row to another status, which makes another edition."""
    who, edition = audit.actor(), request.edition + 1
    with audit.acting(staff=by or who.staff, via=who.via, ref=who.ref):
        states.move(
            request,
            to=to,
            line={"edition": edition, **line},
            edition=edition,
            changed_at=timezone.now(),
            **fields,
        )


def since(request: TeamRequest, edition: int) -> list[Change]:
    """What made the editions after this one, newest first."""
    lines = AuditEntry.objects.filter(
        subject_type=ContentType.objects.get_for_model(TeamRequest),
        subject_id=str(request.pk),
        details__edition__gt=edition,
    ).select_related("staff")
    return [
        Change(
            who=str(one.staff or ""),
            action=one.action,
            at=one.at,
            fields=tuple(one.details.get("fields", ())),
        )
        for one in lines[:MOST_NAMED]
    ]
