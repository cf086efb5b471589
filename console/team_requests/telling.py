"""Whom what happens to a request is told, and who hears of it from then on."""

import datetime as dt
from collections.abc import Collection

from django.db.models import Q

from console import kept_words
from console.models import RequestNews, RequestWatch, Staff, TeamRequest
from console.team_requests import seeing

MOST_WORDS = 300


def watch(request: TeamRequest, *people: Staff) -> None:
    """They hear of it from now on, unless they said that they do not want to."""
    RequestWatch.objects.bulk_create(
        [RequestWatch(request=request, staff=one) for one in people], ignore_conflicts=True
    )


def tell(
    request: TeamRequest,
    what: str,
    *,
    by: Staff | None,
    at: dt.datetime,
    words: str = "",
    also: Collection[int] = (),
) -> None:
    """News for who watches it and for these others, of those who may see it and did not do it.

    `what` is the audit action; `also` are numbers of staff.
    """
    watches = RequestWatch.objects.filter(request=request)
    muted = watches.filter(is_muted=True).values("staff")
    heard = Q(pk__in=watches.values("staff")) | Q(pk__in=list(also))
    people = seeing.viewers(request).filter(heard).exclude(pk__in=muted)
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
