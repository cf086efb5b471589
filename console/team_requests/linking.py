"""What a request is about: records, and pages with what they showed at that moment."""

from collections.abc import Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from console import audit, kept_words
from console.models import RequestLink, Staff, TeamRequest
from console.states import NotAllowed
from console.team_requests import kinds, seeing

MOST_LINKS = 50


@transaction.atomic
def link(
    request: TeamRequest,
    *,
    by: Staff,
    subject: models.Model | None = None,
    path: str = "",
    title: str = "",
    shown: dict[str, Any] | None = None,
) -> RequestLink:
    """Say that it is about a record, or about a page of this console with what it shows now.

    Raises:
        NotAllowed: it leads nowhere or elsewhere, there are too many, or not theirs.
    """
    _require_change(request, by)
    # A path from outside could lead a colleague out of the console.
    if path and (not path.startswith("/") or path.startswith(("//", "/\\"))):
        raise NotAllowed(_("A link leads to a page of this console."))
    if subject is None and not path:
        raise NotAllowed(_("A link leads to a page of this console."))
    if request.links.count() >= MOST_LINKS:
        raise NotAllowed(_("A request has at most %(most)d links.") % {"most": MOST_LINKS})
    kept = RequestLink(
        request=request,
        path=path[:500],
        title=kept_words.as_kept(title)[:160],
        shown=shown,
        added_by=by,
    )
    if subject is not None:
        kept.subject_type = ContentType.objects.get_for_model(subject)
        kept.subject_id = subject.pk
        kept.title = kept.title or kept_words.as_kept(str(subject))[:160]
    kept.save(force_insert=True)
    audit.log("team_request.linked", request, by=by, to=kept.title or path)
    return kept


@transaction.atomic
def unlink(link: RequestLink, *, by: Staff) -> None:
    """It is not about that."""
    _require_change(link.request, by)
    audit.log("team_request.unlinked", link.request, by=by, to=link.title or link.path)
    link.delete()


def about(record: models.Model, *, seen_by: Staff) -> QuerySet[TeamRequest]:
    """The requests about a record that somebody may see, the newest first."""
    kind = ContentType.objects.get_for_model(record)
    links = RequestLink.objects.filter(subject_type=kind, subject_id=record.pk)
    found = seeing.visible_to(seen_by).filter(pk__in=links.values("request"))
    return found.select_related("from_team", "to_team", "owner").order_by("-pk")


def of_event(event: str, *, seen_by: Staff) -> QuerySet[TeamRequest]:
    """The features asked for whose use this event shows, that somebody may see, newest first."""
    features = seeing.visible_to(seen_by).filter(kind=TeamRequest.Kind.FEATURE)
    found = features.filter(**{f"details__{kinds.EVENT}": event})
    return found.select_related("from_team", "to_team").order_by("-pk")


def about_each(records: Sequence[models.Model], *, seen_by: Staff) -> dict[int, list[TeamRequest]]:
    """The same of records of one kind, by their numbers, in one query."""
    if not records:
        return {}
    kind = ContentType.objects.get_for_model(records[0])
    links = RequestLink.objects.filter(
        subject_type=kind,
        subject_id__in=[one.pk for one in records],
        request__in=seeing.visible_to(seen_by),
    )
    found: dict[int, list[TeamRequest]] = {}
    for link in links.select_related("request__to_team").order_by("-request"):
        mine = found.setdefault(link.subject_id or 0, [])
        mine += [link.request] if link.request not in mine else []
    return found


def _require_change(request: TeamRequest, by: Staff) -> None:
    if not seeing.may_change(request, by):
        raise NotAllowed(_("What is asked for cannot be changed by you now."))
