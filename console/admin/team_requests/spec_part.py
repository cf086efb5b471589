"""What exactly: a request's words, every revision of them, and what changed in each."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from console import differences, kept_words
from console.admin.team_requests.standing import Stand
from console.models import RequestRevision, TeamRequest
from console.team_requests import kinds
from segments import catalogue

SHOWN = 20  # revisions on the page; all are a click away


def context(stand: Stand) -> dict[str, Any]:
    """What is asked for now, and its revisions, the newest with what it changed."""
    request = stand.request
    revisions = list(request.revisions.select_related("author").order_by("-number")[: SHOWN + 1])
    newest = revisions[0] if len(revisions) > 1 else None
    return {
        "answers": answers(request),
        "revisions": revisions[:SHOWN],
        "revision_count": revisions[0].number if revisions else 0,
        "newest": newest,
        "changes": between(request.kind, revisions[1].content, newest.content) if newest else [],
        "uncosted": [
            one for one in reversed(revisions) if one.after_yes and one.costs_days is None
        ],
    }


def answers(request: TeamRequest) -> list[tuple[str, str]]:
    """The questions of its kind that were answered."""
    given = request.details
    found = ((one, given[one.name]) for one in kinds.fields(request.kind) if given.get(one.name))
    titles = catalogue.titles() if given.get(kinds.EVENT) else {}
    return [
        (
            str(one.label),
            titles.get(text, text) if one.name == kinds.EVENT else kept_words.said(text),
        )
        for one, text in found
    ]


def between(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[dict[str, Any]]:
    """Field by field what went and what came, in the reader's language."""
    names = [*new, *(name for name in old if name not in new)]
    found = []
    for name in names:
        was, now = said(old.get(name, "")), said(new.get(name, ""))
        if was != now:
            parts = differences.folded(differences.between(was, now))
            found.append({"name": name, "label": label(kind, name), "parts": parts})
    return found


def label(kind: str, name: str) -> str:
    return _("kind") if name == "kind" else kinds.label(kind, name)


def said(text: object) -> str:
    return kept_words.said(str(text or ""))


def comparison(request: TeamRequest, number: int, against: int) -> dict[str, Any] | None:
    """Two revisions of a request, and what changed from one to the other; None: no such two."""
    rows = list(request.revisions.select_related("author"))
    by_number: dict[int, RequestRevision] = {one.number: one for one in rows}
    if number not in by_number or against not in by_number:
        return None
    new, old = by_number[number], by_number[against]
    return {
        "revisions": rows,
        "new": new,
        "old": old,
        "changes": between(request.kind, old.content, new.content),
    }
