"""Whom what happens to a request is told, and who hears of it from then on."""

import datetime as dt
from collections.abc import Collection

from django.db.models import Q, QuerySet

from console import kept_words
from console.models import RequestNews, RequestWatch, Staff, TeamRequest
from console.team_requests import seeing

MOST_WORDS = 300


def watch(request: TeamRequest, *people: Staff) -> None:
    """They hear of it from now on, unless they said that they do not want to."""
    RequestWatch.objects.bulk_create(
        [RequestWatch(request=request, staff=one) for one in people], ignore_conflicts=True
    )


def listen(request: TeamRequest, *, by: Staff) -> None:
    """Somebody wants to hear of it. What one reads is one's own affair: no line in the log."""
    RequestWatch.objects.update_or_create(request=request, staff=by, defaults={"is_muted": False})


def mute(request: TeamRequest, *, by: Staff) -> None:
    """Somebody wants to hear of it only when they are spoken to."""
    RequestWatch.objects.update_or_create(request=request, staff=by, defaults={"is_muted": True})


def tell(
    request: TeamRequest,
    what: str,
    *,
    by: Staff | None,
    at: dt.datetime,
    words: str = "",
    also: Collection[int] = (),
    but: Collection[int] = (),
) -> None:
    """News for who watches it and for these others, of those who may see it and did not do it.

    `what` is the audit action; `also` and `but` are numbers of staff.
    """
    watches = RequestWatch.objects.filter(request=request)
    muted = watches.filter(is_muted=True).values("staff")
    heard = Q(pk__in=watches.values("staff")) | Q(pk__in=list(also))
    people = seeing.viewers(request).filter(heard).exclude(pk__in=muted).exclude(pk__in=list(but))
    _write(people, request, what, by=by, at=at, words=words)


def speak_to(
    people: Collection[Staff],
    request: TeamRequest,
    what: str,
    *,
    by: Staff | None,
    at: dt.datetime,
    words: str = "",
) -> None:
    """News for these people, also for who muted it: they are meant."""
    may = seeing.viewers(request).filter(pk__in=[one.pk for one in people])
    _write(may, request, what, by=by, at=at, words=words)


def _write(
    people: QuerySet[Staff],
    request: TeamRequest,
    what: str,
    *,
    by: Staff | None,
    at: dt.datetime,
    words: str,
) -> None:
    RequestNews.objects.bulk_create(
        RequestNews(
            request=request,
            to=one,
            what=what,
            by=by,
            words=kept_words.as_kept(words)[:MOST_WORDS],
            at=at,
        )
        for one in people
        if by is None or one.pk != by.pk
    )


def who_answers(team_id: int) -> list[int]:
    """Who hears for a team of what nobody there has taken yet: its lead, or else everybody."""
    people = Staff.objects.filter(team=team_id, is_active=True)
    leads = people.filter(pk__in=people.values("team__lead"))
    return list((leads if leads.exists() else people).values_list("pk", flat=True))
