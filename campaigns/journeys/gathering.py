"""Putting tiny waves together: many that wait for a sender go faster as few."""

import datetime as dt
from collections import defaultdict

from django.db import transaction

from campaigns.journeys import loads, waves
from campaigns.models import Campaign, Wave

ENOUGH = 20  # tiny waves, before it is worth the while
APART = dt.timedelta(minutes=1)  # that they may have become due, because messages expire by it


@transaction.atomic
def gather(campaign: Campaign) -> int:
    """Put those together that wait for the same message since the same minute; how many there were.

    Those that a sender has, or that failed before, stay as they are.
    """
    tiny = waves.to_do(campaign).filter(
        waves.due(), kind=waves.MESSAGE, status=Wave.Status.WAITING, size__lt=loads.FEW, tries=0
    )
    if tiny.count() < ENOUGH or waves.hold(campaign, wait=False) is None:
        return 0
    rows = list(tiny.select_for_update(skip_locked=True).order_by("pk")[: waves.AT_A_TIME])
    alike: dict[tuple[str, bool, int], list[Wave]] = defaultdict(list)
    for one in rows:
        alike[one.step, one.goes_on, int(one.due_at.timestamp() // APART.total_seconds())].append(
            one
        )
    gathered = [those for those in alike.values() if len(those) > 1]
    made = [one for those in gathered for one in _together(those)]
    Wave.objects.filter(pk__in=[one.pk for those in gathered for one in those]).delete()
    Wave.objects.bulk_create(made, batch_size=1000)
    return sum(map(len, gathered))


def _together(those: list[Wave]) -> list[Wave]:
    """Fewer waves of the same members, due when the first of them was."""
    first = min(those, key=lambda one: one.due_at)
    parts = [{number: members} for one in those for number, members in one.by_intake.items()]
    return [
        waves.made(
            load,
            campaign=first.campaign,
            step=first.step,
            kind=first.kind,
            due_at=first.due_at,
            goes_on=first.goes_on,
        )
        for load in loads.packed(parts)
    ]
