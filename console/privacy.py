"""Carrying out an erasure: every place in order, searched again at the end, and certified.

Each part notes what it found before it removes anything, and that it is done afterwards. Killed
at any point, the next run goes on where this one was; beat looks for erasures that wait.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import forgetting as of_campaigns
from console import audit, clock, formats, jobs, states
from console.models import Job, MailboxMessage, WorkItem
from metrics import forgetting as of_metrics
from segments import erasure, forgetting, history, ingest, searching
from segments.forgetting import Place
from segments.models import Customer, Identifier, PrivacyRequest
from segments.sought import Sought

LOCK = 0x0E7A  # with the request's number: the advisory lock of who carries it out
GONE = "…"  # in the place of words
ROUNDS = 3  # of looking again; what comes in meanwhile is forgotten in the next one
FILES = "files"  # the part that waits until no reader needs the lake's old files
Status = PrivacyRequest.Status


def _mails(sought: Sought) -> QuerySet[MailboxMessage]:
    told = forgetting.speaks("raw", sought)
    return MailboxMessage.objects.filter(Q(recipient__in=sought.addresses) | told)


def _jobs(sought: Sought) -> QuerySet[Job]:
    """Jobs whose error quotes something of theirs."""
    return Job.objects.filter(forgetting.says("error", sought) | forgetting.says("note", sought))


def _work(sought: Sought) -> QuerySet[WorkItem]:
    """What people wrote in work about them; how it ended stays to be counted."""
    kind = ContentType.objects.get_for_model(Customer)
    theirs = WorkItem.objects.filter(subject_type=kind, subject_id__in=sought.numbers)
    return theirs.exclude(title=GONE, why="", plan="", outcome="", facts={})


PLACES = [
    *forgetting.PLACES,
    *of_campaigns.PLACES,
    *of_metrics.PLACES,
    Place(
        "mailbox",
        gettext_lazy("mails in the local mailbox"),
        lambda s: _mails(s).count(),
        lambda s: _mails(s).delete(),
    ),
    Place(
        "work",
        gettext_lazy("words of work that was about them"),
        lambda s: _work(s).count(),
        lambda s: _work(s).update(title=GONE, why="", plan="", outcome="", facts={}),
    ),
    Place(
        "jobs",
        gettext_lazy("errors of jobs"),
        lambda s: _jobs(s).count(),
        lambda s: _jobs(s).update(error="…", note=""),
    ),
]
LABELS: dict[str, str | Promise] = {
    **{place.key: place.label for place in PLACES},
    FILES: gettext_lazy("old files of the lake"),
}
# What stays, and why, as the certificate says it.
KEPT: list[str | Promise] = [
    gettext_lazy("The number, so that nobody else ever gets it. It leads to nobody."),
    gettext_lazy(
        "That messages went to this number, and when, without an address: for the counts."
    ),
    gettext_lazy("Numbers that were counted before: sizes, measurements, results of campaigns."),
    gettext_lazy("The audit log, which speaks of the number only."),
    gettext_lazy(
        "Keyed digests of the identifiers, so that events from before the erasure that arrive "
        "late are not taken, and of an address on the do-not-contact list."
    ),
    gettext_lazy("Backups made earlier: they are overwritten in their own time (docs/privacy.md)."),
]


def unfinished() -> list[int]:
    """Erasures that were ordered and are not at their end."""
    running = PrivacyRequest.objects.filter(kind=erasure.Kind.ERASE, status=Status.RUNNING)
    return list(running.order_by("pk").values_list("pk", flat=True))


def carry_out(request: PrivacyRequest, *, progress: jobs.Progress = jobs.silent) -> bool:
    """Go on with an erasure as far as it goes now; whether it is done.

    Not yet done: somebody else is at it, or readers may still need old files of the lake.
    """
    with _alone(request) as is_ours:
        request.refresh_from_db()
        if not is_ours or request.status != Status.RUNNING:
            return False
        try:
            return _go_on(request, progress)
        except Exception as problem:
            words = f"{type(problem).__name__}: {problem}"
            states.move(request, to=Status.FAILED, problem=words)
            raise


def _go_on(request: PrivacyRequest, progress: jobs.Progress) -> bool:
    sought = erasure.close(request, at=clock.now())
    for done, place in enumerate(PLACES):
        progress(done, len(PLACES) + 2, str(place.label))
        if "done" not in request.parts.get(place.key, {}):
            _forget(request, place, sought)
    progress(len(PLACES), len(PLACES) + 2, str(LABELS[FILES]))
    if not _purge(request):
        return False
    progress(len(PLACES) + 1, len(PLACES) + 2, _("looking everywhere again"))
    is_over = _verify(request, sought)
    progress(1, 1)
    return is_over


def _forget(request: PrivacyRequest, place: Place, sought: Sought) -> None:
    """Note what is there, remove it, note that it is done."""
    before = request.parts.get(place.key, {}).get("found", 0)
    left = place.left(sought)
    _note(request, place.key, found=max(before, left))
    if left:
        place.forget(sought)
    _note(request, place.key, found=max(before, left), done=timezone.now().isoformat())


def _note(request: PrivacyRequest, key: str, **what: Any) -> None:
    request.parts = {**request.parts, key: what}
    request.save(update_fields=["parts"])


def _purge(request: PrivacyRequest) -> bool:
    """Delete the files that held the events, as soon as no reader can need them."""
    from segments.lake import rewrite  # heavy: not in the web process

    path = history.place()
    with ingest.lake_lock(wait=True):
        noted = request.parts.get(FILES)
        if noted is None:
            until = (timezone.now() + rewrite.GRACE).isoformat()
            noted = {"names": sorted(rewrite.unused(path)), "until": until}
            noted["found"] = len(noted["names"])
            _note(request, FILES, **noted)
        rewrite.purge(path, grace=rewrite.GRACE)
        left = set(noted["names"]) & rewrite.unused(path)
    is_time = timezone.now() >= dt.datetime.fromisoformat(noted["until"])
    if left or not is_time:  # the log quotes old files as long
        return False
    _note(request, FILES, **{**noted, "done": timezone.now().isoformat()})
    return True


# --- the end ----------------------------------------------------------------


def _verify(request: PrivacyRequest, sought: Sought) -> bool:
    """Look everywhere again. What came in meanwhile is forgotten, too; whether it is done."""
    again = known_again(sought)
    texts = sought.without(again)
    for _round in range(ROUNDS):
        left = {place.key: place.left(sought) for place in PLACES}
        found = searching.everywhere(texts)
        if not any(left.values()) and not found:
            _certify(request, sought, again)
            return True
        for place in PLACES:
            if left[place.key]:
                place.forget(sought)
        if left["events"]:  # their files have to go as well
            request.parts = {key: one for key, one in request.parts.items() if key != FILES}
            request.save(update_fields=["parts"])
            return False
    where = formats.listed(found or (LABELS[key] for key, n in left.items() if n))
    words = _("Something of this person is still there: %(where)s.") % {"where": where}
    states.move(request, to=Status.FAILED, problem=words)
    return False


def known_again(sought: Sought) -> set[str]:
    """Those of the person's texts by which somebody is known since: a new beginning."""
    values = {value for _kind, value in sought.ids} | set(sought.addresses)
    named = Identifier.objects.exclude(customer__in=sought.numbers)
    return {
        one
        for one in named.filter(value__in=sought.forms).values_list("value", flat=True)
        if one in values
    }


@transaction.atomic
def _certify(request: PrivacyRequest, sought: Sought, again: set[str]) -> None:
    at = clock.now()
    request.certificate = _certificate(request, sought, again, at)
    request.digest = digest(request.certificate)
    request.wanted = ""
    request.save(update_fields=["certificate", "digest", "wanted"])
    states.move(request, to=Status.DONE, finished_at=at)
    audit.log("privacyrequest.certified", request, digest=request.digest)


def _certificate(
    request: PrivacyRequest, sought: Sought, again: set[str], at: dt.datetime
) -> dict[str, Any]:
    """What was done, in plain values that anybody can hash again."""
    texts = len(sought.texts)
    all_texts = {*(value for _kind, value in sought.ids), *sought.addresses}
    return {
        "request": request.pk,
        "customer": request.customer_id,
        "numbers": sought.numbers,
        "law": request.law,
        "asked_on": request.asked_on.isoformat(),
        "due_on": request.due_on.isoformat(),
        "reference": request.reference,
        "ordered_by": str(request.carried_out_by),
        "erased_at": sought.erased_at,
        "finished_at": at.isoformat(),
        "places": [
            {"key": key, "found": request.parts.get(key, {}).get("found", 0), "left": 0}
            for key in LABELS
        ],
        "tables_searched": len(searching.tables()),
        "texts_searched": texts,
        "texts_too_short": len(all_texts) - texts,
        "known_again": len(again),
        "files_waiting": _files_waiting(),
    }


def _files_waiting() -> int:
    """Files that people sent and nobody has loaded: loading them leaves out this person."""
    folder = Path(settings.UPLOADS_PATH)
    return sum(1 for one in folder.rglob("*") if one.is_file()) if folder.is_dir() else 0


def digest(certificate: dict[str, Any]) -> str:
    """SHA-256 of the certificate as JSON with sorted keys and without spaces."""
    text = json.dumps(certificate, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _alone(request: PrivacyRequest) -> Iterator[bool]:
    """Be the only one at this erasure; the database lets go of it should we die."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, request.pk])
        (is_ours,) = cursor.fetchone()
        try:
            yield is_ours
        finally:
            if is_ours:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, request.pk])
