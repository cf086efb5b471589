"""A person's copy of everything that we know of them: made, fetched for a day, and deleted."""

import datetime as dt
import os
import zipfile
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import copying as of_campaigns
from console import audit, clock, jobs, roles, states
from console.models import MailboxMessage, Staff
from console.states import NotAllowed
from segments import copying as of_segments
from segments import erasure
from segments.models import PrivacyRequest
from segments.sought import Sought

HOURS = 24  # that a copy can be fetched
FOLDER = "copies"  # below the console's home
Status = PrivacyRequest.Status


def make(request: PrivacyRequest, *, progress: jobs.Progress = jobs.silent) -> None:
    """Gather everything into one file; the request is done when it can be fetched."""
    if request.status != Status.RUNNING:  # delivered twice
        return
    sought = Sought.of(request.customer)
    progress(0, 3, _("customers"))
    sections = of_segments.sections(sought)
    progress(1, 3, _("messages"))
    sections |= of_campaigns.sections(sought) | _mails(sought)
    progress(2, 3, _("writing"))
    path = _write(request, sections)
    until = timezone.now() + dt.timedelta(hours=HOURS)
    states.move(request, to=Status.DONE, path=str(path), until=until, finished_at=clock.now())
    progress(3, 3)


@transaction.atomic
def start(request: PrivacyRequest, *, by: Staff, at: dt.datetime) -> None:
    """Order the copy.

    Raises:
        NotAllowed: the role.
    """
    roles.require(by, erasure.REQUEST)
    if request.kind != erasure.Kind.EXPORT:
        raise NotAllowed(_("This is not a request for a copy."))
    states.move(request, to=Status.RUNNING, carried_out_by=by, started_at=at, problem="")


@transaction.atomic
def fetch(request: PrivacyRequest, *, by: Staff, at: dt.datetime) -> Path:
    """The file, for whoever asked for it.

    Raises:
        NotAllowed: somebody else's, or it is gone.
    """
    roles.require(by, erasure.REQUEST)
    if by.pk not in {request.requested_by_id, request.carried_out_by_id}:
        raise NotAllowed(_("Only who asked for this copy can fetch it."))
    path = Path(request.path)
    if not request.path or not request.until or request.until <= at or not path.is_file():
        raise NotAllowed(_("This copy is gone; ask for another one."))
    PrivacyRequest.objects.filter(pk=request.pk).update(fetched_at=at)
    audit.log("privacyrequest.fetched", request, by=by, customer=request.customer_id)
    return path


def tidy(*, at: dt.datetime) -> int:
    """Delete copies whose time is over, and tell how many."""
    over = list(PrivacyRequest.objects.exclude(path="").filter(until__lte=at))
    for request in over:
        Path(request.path).unlink(missing_ok=True)
        PrivacyRequest.objects.filter(pk=request.pk).update(path="")
        audit.log("privacyrequest.copy_deleted", request)
    return len(over)


def unfinished() -> list[int]:
    """Copies that were ordered and are not made."""
    running = PrivacyRequest.objects.filter(kind=erasure.Kind.EXPORT, status=Status.RUNNING)
    return list(running.order_by("pk").values_list("pk", flat=True))


def _mails(sought: Sought) -> dict[str, list[dict[str, Any]]]:
    mails = MailboxMessage.objects.filter(recipient__in=sought.addresses).order_by("pk")
    found = mails.values("received_at", "sender", "recipient", "subject")
    return {"local_mailbox": [*map(dict, found)]}


def _write(request: PrivacyRequest, sections: dict[str, list[dict[str, Any]]]) -> Path:
    """JSON for machines and a page for people, in one file that only the console can read."""
    folder = Path(settings.HOME_DIR) / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"copy-{request.pk}.zip"
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as kept:
        kept.writestr("everything.json", orjson.dumps(sections, option=orjson.OPT_INDENT_2))
        kept.writestr("everything.html", _page(request, sections))
    draft.replace(path)
    return path


def _page(request: PrivacyRequest, sections: dict[str, list[dict[str, Any]]]) -> str:
    tables = [
        {
            "name": name.replace("_", " "),
            "columns": list(rows[0]) if rows else [],
            "rows": [list(row.values()) for row in rows],
        }
        for name, rows in sections.items()
    ]
    context = {
        "number": request.customer_id,
        "made_at": clock.now(),
        "business": clock.project().name,
        "tables": tables,
    }
    return render_to_string("console/privacy/copy.html", context)
