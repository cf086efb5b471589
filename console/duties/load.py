"""How much work lies with whom, and what became of work that was done."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from console import work_kinds
from console.models import Staff, Team, TeamRequest, WorkItem

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Load:
    """Unfinished work of one person, or of a team that nobody of it has taken."""

    staff: Staff | None
    team: Team | None
    overdue: int = 0
    soon: int = 0  # due within seven days
    later: int = 0
    undated: int = 0
    requests: int = 0  # of other teams, that this person has promised

    @property
    def items(self) -> int:
        return self.overdue + self.soon + self.later + self.undated


def by_person(
    items: QuerySet[WorkItem], requests: QuerySet[TeamRequest], *, on: dt.date, team: Team | None
) -> list[Load]:
    """Everybody who has something to do, and all of a chosen team; the most first.

    Two counts for all of them, however many there are.
    """
    found = _of_work(items, on, team)
    owned = requests.filter(status__in=TeamRequest.TAKEN, owner__isnull=False)
    if team is not None:
        owned = owned.filter(owner__team=team)
    promised = dict(owned.order_by().values_list("owner").annotate(Count("pk")))
    people = Staff.objects.filter(is_active=True)
    has = Q(pk__in=[pk for pk, _team in found if pk] + [*promised])
    people = people.filter(Q(team=team) | has if team else has).select_related("team")
    rows = [
        Load(one, one.team, **found.get((one.pk, None), {}), requests=promised.get(one.pk, 0))
        for one in people
    ]
    free = {pk: counts for (owner, pk), counts in found.items() if owner is None}
    teams = Team.objects.in_bulk([pk for pk in free if pk])
    rows += [Load(None, teams.get(pk or 0), **counts) for pk, counts in free.items()]
    return sorted(rows, key=lambda one: (-one.items - one.requests, str(one.staff or one.team)))


def _of_work(
    items: QuerySet[WorkItem], on: dt.date, team: Team | None
) -> dict[tuple[int | None, int | None], dict[str, int]]:
    """By owner; what nobody owns by its team."""
    mine = items.filter(status__in=WorkItem.UNFINISHED)
    if team is not None:
        mine = mine.filter(team=team)
    soon = on + WEEK
    counts_of = {
        "overdue": Count("pk", filter=Q(due_on__lt=on)),
        "soon": Count("pk", filter=Q(due_on__gte=on, due_on__lt=soon)),
        "later": Count("pk", filter=Q(due_on__gte=soon)),
        "undated": Count("pk", filter=Q(due_on=None)),
    }
    grouped = mine.order_by().values("owner", "team").annotate(**counts_of)
    rows = grouped.values_list("owner", "team", *counts_of)
    found: dict[tuple[int | None, int | None], Counter[str]] = defaultdict(Counter)
    for owner, whose, *counts in rows:
        key = (owner, None if owner else whose)
        found[key].update(dict(zip(counts_of, counts, strict=True)))
    return {key: dict(counts) for key, counts in found.items()}


# --- what came of it ------------------------------------------------------------


@dataclass(frozen=True)
class Outcomes:
    """Work of one kind that was closed: how often it ended which way."""

    kind: work_kinds.Kind
    done: int = 0
    dropped: int = 0
    results: dict[str, int] = field(default_factory=dict)

    def share(self, key: str) -> float | None:
        return self.results.get(key, 0) / self.done if self.done else None


def outcomes(items: QuerySet[WorkItem], *, since: dt.datetime) -> list[Outcomes]:
    """By kind, the most frequent first: what was closed from a moment on."""
    rows = (
        items.filter(closed_at__gte=since)
        .exclude(status__in=WorkItem.UNFINISHED)
        .order_by()
        .values_list("kind", "status", "result")
        .annotate(Count("pk"))
    )
    done: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    results: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, status, result, many in rows:
        (done if status == WorkItem.Status.DONE else dropped)[kind] += many
        if result and status == WorkItem.Status.DONE:
            results[kind][result] += many
    found = [
        Outcomes(work_kinds.of(key), done[key], dropped[key], dict(results[key]))
        for key in {*done, *dropped}
    ]
    return sorted(found, key=lambda one: (-one.done - one.dropped, one.kind.key))
