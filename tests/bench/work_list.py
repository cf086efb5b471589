"""The work list of a campaign: an audience of a million, let in and put before its first step."""

import functools
import itertools
from pathlib import Path
from typing import Any

from tests.bench import console as bench
from tests.bench.harness import Contest, at_most, contest

MILLION, SHARE = 1_000_000, 100  # the peer writes one in so many of them


@contest("a work list of 1M", peer="bulk_create of 10,000 of them", goal=1)
def filling(folder: Path) -> Contest:
    fill, numbers = _filler(), itertools.count(1)
    campaign, people = _campaign(), _people()
    return Contest(
        ours=lambda: fill() // SHARE,
        peer=lambda: _one_row_each(campaign, people, next(numbers)),
        note="as long as the peer for a hundredth is 100 times as fast; each commit is synced",
    )


@contest("a work list of 1M in a second", peer="1 s", goal=1)
def filling_in_time(folder: Path) -> Contest:
    return at_most(1, _filler(), "and a second time, which changes nothing, in the same second")


@functools.cache
def _filler() -> Any:
    """Lets a million in, twice; how many of them wait for their first step then."""
    campaign, rounds = _campaign(), itertools.count(1)
    from django.db.models import Sum

    from campaigns.journeys import intakes, waves
    from console import clock
    from segments import bitmaps

    members = bitmaps.from_ids(range(1, MILLION + 1))

    def fill() -> int:
        key = f"{intakes.START} {next(rounds)}"
        intake = intakes.let_in(campaign, key, members, at=clock.now())
        assert intake
        assert intakes.let_in(campaign, key, members, at=clock.now()) is None
        waiting = waves.to_do(campaign).filter(occurrence=intake.number)
        return int(waiting.aggregate(all=Sum("size"))["all"])

    return fill


def _one_row_each(campaign: Any, people: list[Any], occurrence: int) -> int:
    from campaigns.models import Message

    rows = (Message(campaign=campaign, customer=one, occurrence=occurrence) for one in people)
    return len(Message.objects.bulk_create(rows, batch_size=1000))


@functools.cache
def _campaign() -> Any:
    bench.start()
    from tests.campaigns import factories

    return factories.campaign_at("sending", 1)


@functools.cache
def _people() -> list[Any]:
    from tests.campaigns import factories

    made: list[Any] = factories.people(MILLION // SHARE, prefix="list-", consent=False)
    return made
