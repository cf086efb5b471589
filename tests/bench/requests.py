"""Requests between teams: the list and the board over 100,000 of them."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import console as bench
from tests.bench.harness import Contest, at_most, contest

MANY, TEAMS, PEOPLE = 100_000, 12, 120
FILL = """
    INSERT INTO console_teamrequest (kind, title, why, for_whom, details, spec, status,
        from_team_id, to_team_id, asked_by_id, owner_id, metric, expected_by, lane,
        urgent_cause, impact, effort_days, priority, is_reopened, asked_on, accepted_on,
        promised_on, first_promised_on, delivered_on, edition, created_at, changed_at, once)
    SELECT
        (ARRAY['feature', 'data', 'fix', 'creative', 'analysis'])[1 + n %% 5],
        'Request ' || n, 'Because of ' || n, '', '{}', '',
        stands.status,
        teams.ids[1 + n %% 12], teams.ids[1 + (n / 12) %% 12],
        people.ids[1 + n %% 120],
        CASE WHEN stands.place BETWEEN 3 AND 6 THEN people.ids[1 + (n / 7) %% 120] END,
        '', date '2018-06-01' + n %% 90,
        CASE WHEN n %% 50 = 0 THEN 'urgent' ELSE 'normal' END,
        CASE WHEN n %% 50 = 0 THEN 'churn' ELSE '' END,
        1 + n %% 5, 1 + n %% 9, n %% 4, false,
        CASE WHEN stands.place > 1 THEN date '2017-01-01' + n %% 500 END,
        CASE WHEN stands.place BETWEEN 3 AND 6 THEN date '2017-01-03' + n %% 500 END,
        CASE WHEN stands.place BETWEEN 3 AND 6 THEN date '2018-01-10' + n %% 300 END,
        CASE WHEN stands.place BETWEEN 3 AND 6 THEN date '2018-01-05' + n %% 300 END,
        CASE WHEN stands.place BETWEEN 5 AND 6 THEN date '2018-01-09' + n %% 300 END,
        1, now() - n * interval '1 minute', now() - n * interval '1 minute', ''
    FROM generate_series(1, %(many)s) AS n
    CROSS JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM console_team) AS teams
    CROSS JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM console_staff) AS people
    CROSS JOIN LATERAL (
        SELECT place, (ARRAY['draft', 'asked', 'accepted', 'started', 'delivered', 'judged',
            'declined', 'withdrawn'])[place] AS status
        FROM (SELECT 1 + n * 7 %% 8 AS place) AS places
    ) AS stands
"""
SLIP = """
    INSERT INTO console_requestslip (request_id, was, "to", days, cause, because, by_id, at)
    SELECT id, first_promised_on, promised_on, 3, 'spec', 'Changed', asked_by_id, now()
    FROM console_teamrequest WHERE promised_on IS NOT NULL
"""
HOLD = """
    INSERT INTO console_requestturn (request_id, team_id, holding, note, since, by_id)
    SELECT id, to_team_id, 'work', '', now(), asked_by_id
    FROM console_teamrequest WHERE status IN ('asked', 'accepted', 'started')
"""


@contest("the list over 100k requests", peer="0.3 s", goal=1)
def listing(folder: Path) -> Contest:
    return at_most(0.3, _page("changelist"), "one of 120 people in twelve teams, who sees 15k")


@contest("the board over 100k requests", peer="0.3 s", goal=1)
def board(folder: Path) -> Contest:
    return at_most(0.3, _page("board"), "90 cards in six columns, with their counts")


@contest("the board over 100k requests for who sees all", peer="0.3 s", goal=1)
def whole_board(folder: Path) -> Contest:
    return at_most(0.3, _page("board", "boss"), "an administrator")


@contest("a search over 100k requests for who sees all", peer="0.3 s", goal=1)
def search(folder: Path) -> Contest:
    page = _page("changelist", "boss", asked="?q=eques+98765&state=any", least=1)
    return at_most(0.3, page, "an administrator, for words that one title has")


@contest("a team's promises, of 100k requests", peer="0.3 s", goal=1)
def promises(folder: Path) -> Contest:
    return at_most(0.3, _page("promises"), "of a team that took on 2,000 and has thousands late")


def _page(name: str, who: str = "p1", *, asked: str = "", least: int = 40) -> Callable[[], Any]:
    """A page as its reader gets it, through all of the console; that nothing failed."""
    bench.start()
    from django.test import Client
    from django.urls import reverse

    from console.models import Staff

    _fill()
    client = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")
    backend = "django.contrib.auth.backends.ModelBackend"
    client.force_login(Staff.objects.get(username=who), backend=backend)
    address = reverse(f"admin:console_teamrequest_{name}") + asked

    def ask() -> Any:
        answer = client.get(address)
        return answer.status_code, answer.content.count(b"/change/") >= least

    return ask


@functools.cache
def _fill() -> None:
    """100,000 requests of twelve teams, in all statuses alike."""
    from django.db import connection

    from console.models import Staff, Team

    teams = [Team.objects.create(name=f"Team {n}") for n in range(TEAMS)]
    for n in range(PEOPLE):
        Staff.objects.create(username=f"p{n}", role="operator", team=teams[n % TEAMS])
    Staff.objects.create(username="boss", role="admin")
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"many": MANY})
        cursor.execute(SLIP)
        cursor.execute(HOLD)
        cursor.execute("VACUUM ANALYZE")
