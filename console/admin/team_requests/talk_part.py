"""What people said of a request, its files and links, who hears of it, and what happened to it."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.template.defaultfilters import filesizeformat
from django.urls import NoReverseMatch, reverse
from django.utils.translation import pgettext, pgettext_lazy

from console.admin.team_requests.standing import Stand
from console.models import AuditEntry, RequestWatch, Staff, TeamRequest
from console.team_requests import file_kinds, files, news

COMMENTS, LINES = 100, 60
MOST_PEOPLE = 1000
WORDS = ("because", "note", "file")  # what an audit line says besides, in words


def context(stand: Stand, *, before: int = 0) -> dict[str, Any]:
    """`before`: the comments that were said before the one of this number."""
    request = stand.request
    said = request.comments.select_related("author").order_by("-pk")
    comments = list((said.filter(pk__lt=before) if before else said)[: COMMENTS + 1])
    watches = RequestWatch.objects.filter(request=request).select_related("staff")
    mine = next((one for one in watches if one.staff_id == stand.staff.pk), None)
    return {
        "comments": comments[:COMMENTS][::-1],
        "older_than": comments[COMMENTS - 1].pk if len(comments) > COMMENTS else 0,
        "are_older": bool(before),
        "files": [
            _file(one, stand) for one in request.files.defer("content").select_related("added_by")
        ],
        "file_endings": ", ".join(file_kinds.ENDINGS),
        "most_in_file": filesizeformat(files.LARGEST),
        "people": _people(),
        "watchers": [one.staff for one in watches if not one.is_muted],
        "is_watched": mine is not None and not mine.is_muted,
        "course": course(request),
    }


def _people() -> list[str]:
    """Whom one may mean by `@name`, offered while one writes."""
    people = Staff.objects.filter(is_active=True).order_by("username")
    return list(people.values_list("username", flat=True)[:MOST_PEOPLE])


def _file(file: Any, stand: Stand) -> dict[str, Any]:
    return {
        "file": file,
        "size": filesizeformat(file.size),
        "may_remove": files.may_remove(file, by=stand.staff),
    }


def course(request: TeamRequest) -> list[dict[str, Any]]:
    """What happened to it, from the audit log, the newest first."""
    kind = ContentType.objects.get_for_model(TeamRequest)
    lines = AuditEntry.objects.filter(subject_type=kind, subject_id=str(request.pk))
    return [
        {
            "at": line.at,
            "who": line.staff or pgettext("news", "The console"),
            "deed": deed(line),
            "words": next((line.details[name] for name in WORDS if line.details.get(name)), ""),
        }
        for line in lines.select_related("staff")[:LINES]
    ]


def deed(line: AuditEntry) -> str:
    """One line of the log as the end of a sentence that begins with who did it."""
    name = str(line.details.get("deed") or line.action.rpartition(".")[2])
    return str(news.DEEDS.get(name, OWN.get(name, pgettext("news", "changed it"))))


# Deeds of which nobody is told.
OWN: dict[str, Any] = {
    "made": pgettext_lazy("news", "wrote it down"),
    "readdressed": pgettext_lazy("news", "means another team now"),
    "not_needed": pgettext_lazy("news", "let something wait for it no longer"),
    "linked": pgettext_lazy("news", "added what it is about"),
    "unlinked": pgettext_lazy("news", "took away what it is not about"),
    "file_removed": pgettext_lazy("news", "took a file away"),
}


def page_of(record: Any) -> str:
    """The screen of a record; nothing where it has none."""
    if record is None:
        return ""
    meta = record._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])
    except NoReverseMatch:
        return ""
