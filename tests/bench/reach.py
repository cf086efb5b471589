"""Who can be reached: a segment minus who has no address or consent, is suppressed, held out, full.

The sets are at hand in the process, as in a worker; each round asks whether they are still so.
"""

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench import console, day_sets
from tests.bench.harness import Contest, at_most, contest

CUSTOMERS, CHANGED, COMPLAINTS = day_sets.CUSTOMERS, 50, 500


@contest("audience algebra, 1M", peer="5 ms", goal=1)
def dividing(folder: Path) -> Contest:
    segment = _world()
    from campaigns.contact import reach
    from segments.models import LiveSetChange

    def ours() -> bool:
        known = reach.now("email")
        rest, left_out = known.divide(segment)
        assert all(left_out.values()), "every reason has somebody"
        return len(rest) > len(known.waiting(rest)) > 0

    first = CUSTOMERS // 2  # some changed since the sets were gathered
    for name in ("suppressed:email", "consent:email:marketing"):
        who = list(range(first, first + CHANGED))
        LiveSetChange.objects.create(name=name, customers=who, added=True)
    return at_most(0.005, ours, "with the questions to PostgreSQL for the versions of ten sets")


def _world() -> Any:
    """A million customers, most of whom can be written to."""
    console.start()
    from campaigns.contact import holdouts, policies, reach
    from console import clock
    from console.models import Project
    from segments import bitmaps, live_sets
    from segments.models import LiveSet

    at = clock.now()
    Project.objects.update(today_on=None)
    caps = [
        {"most": 1, "window": window, "channel": channel}
        for window, channel in itertools.product(("day", "week", "month"), ("", "email"))
    ]
    policies.change({"caps": caps}, based_on=0, note="bench", by=None, at=at)
    holdouts.set_share(500, by=None, at=at)
    full = reach.full_names(policies.current(), "email", clock.day_of(at))
    shares = {
        live_sets.EVERYONE: 1.0,
        "address:email": 0.95,
        live_sets.consent("email", "marketing"): 0.8,
        "suppressed:email": 0.03,
        **dict.fromkeys(full, 0.05),
    }
    chance = np.random.default_rng(6)
    for name, share in shares.items():
        members = bitmaps.from_mask(chance.random(CUSTOMERS) < share)
        LiveSet.objects.update_or_create(name=name, defaults={"members": members})
    _complain(chance.choice(CUSTOMERS - 1, COMPLAINTS, replace=False) + 1)
    return bitmaps.from_mask(chance.random(CUSTOMERS) < 0.6)


def _complain(numbers: Any) -> None:
    """So many customers reported spam, and are left alone until somebody lifts it."""
    from campaigns.models import ContactHold
    from console import clock
    from segments.models import Customer

    customers = Customer.objects.bulk_create([Customer(pk=int(one)) for one in numbers])
    ContactHold.objects.bulk_create(
        [ContactHold(customer=one, reason="complaint", since=clock.now()) for one in customers]
    )
