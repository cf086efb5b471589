"""What winning a customer back costs, by what the customers were chosen by (R113).

A win-back is somebody who had been quiet before and became active (`activations`). Campaigns
differ in more than in whom they chose, so this tells where to look, and a comparison by chance
tells which way is better.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from campaigns.models import Audience, Campaign, CampaignResult
from campaigns.models.result import Z95
from metrics.outlooks import DAYS, LOOKED_AT
from segments import grounds
from segments.grounds import Ground
from segments.recipes.nodes import Recipe
from segments.rules import tree


@dataclass(frozen=True)
class Way:
    """The campaigns whose customers were chosen by the same kinds of knowledge.

    Sums over campaigns; costs in minor units. Those `more` than would have come anyway are told
    by campaigns with a control alone, and so is what these cost.
    """

    grounds: frozenset[Ground]
    campaigns: int
    asleep: int
    woken: int
    cost: int
    controlled: int  # campaigns with a control
    controlled_cost: int
    more: float
    variance: float

    @property
    def share(self) -> float:
        return self.woken / self.asleep

    @property
    def each(self) -> float | None:
        """What one who woke cost, whether or not they would have anyway."""
        return self.cost / self.woken if self.woken else None

    @property
    def each_more(self) -> float | None:
        """What one cost who would not have woken otherwise; None where none is seen."""
        return self.controlled_cost / self.more if self.controlled and self.more > 0 else None

    @property
    def bounds(self) -> tuple[float, float | None] | None:
        """The 95 % bounds of that; without an upper one where it may have woken nobody more."""
        half = Z95 * math.sqrt(self.variance)
        if not self.controlled or self.more + half <= 0:
            return None
        least = self.more - half
        return self.controlled_cost / (self.more + half), (
            self.controlled_cost / least if least > 0 else None
        )


def ways(*, at: dt.datetime) -> list[Way]:
    """By what customers were chosen in the last two years, the cheapest win-back first."""
    known, found = grounds.recipes(), defaultdict[frozenset[Ground], list[CampaignResult]](list)
    for result in _over(at):
        found[_chosen_by(result.campaign, known)].append(result)
    told = [_way(by, results) for by, results in found.items()]
    return sorted(told, key=lambda one: (one.each is None, one.each or 0, sorted(one.grounds)))


def _over(at: dt.datetime) -> Iterable[CampaignResult]:
    """Those that are over, cost something known, and reached somebody who was asleep."""
    since = at - dt.timedelta(days=DAYS)
    real = CampaignResult.objects.filter(
        is_final=True,
        campaign__kind=Campaign.Kind.OURS,
        campaign__is_demonstration=False,
        asleep__gt=0,
        cost_minor__isnull=False,
    )
    late = real.filter(Q(campaign__finished_at__gte=since) | Q(campaign__finished_at=None))
    lean = late.select_related("campaign__audience").defer(
        "campaign__audience__members", "campaign__audience__no_room", "campaign__audience__body"
    )
    return lean.order_by("-campaign__finished_at", "-campaign")[:LOOKED_AT]


def _chosen_by(campaign: Campaign, known: Mapping[str, Recipe]) -> frozenset[Ground]:
    """As it was frozen: what its segment asks, and those that its rule speaks of."""
    begins = {Ground.BEHAVIOUR} if campaign.entry == Campaign.Entry.EVENT else set[Ground]()
    audience: Audience | None = getattr(campaign, "audience", None)
    if audience is None:
        return frozenset(begins)
    said: list[Any] = [audience.segment_rule]
    seen = set[int]()
    while new := tree.segments_in(said) - seen:
        seen |= new
        said += [audience.rules.get(str(one)) for one in sorted(new)]
    return grounds.of(said, known) | begins


def _way(by: frozenset[Ground], results: list[CampaignResult]) -> Way:
    controlled = [one for one in results if one.control_asleep and one.treated_asleep]
    effects = [_more(one) for one in controlled]
    return Way(
        grounds=by,
        campaigns=len(results),
        asleep=sum(one.asleep or 0 for one in results),
        woken=sum(one.activated or 0 for one in results),
        cost=sum(one.cost_minor or 0 for one in results),
        controlled=len(controlled),
        controlled_cost=sum(one.cost_minor or 0 for one in controlled),
        more=math.fsum(more for more, _variance in effects),
        variance=math.fsum(variance for _more, variance in effects),
    )


def _more(one: CampaignResult) -> tuple[float, float]:
    """How many more woke than the control makes one expect, and the variance of that: of the
    difference of two shares, times those who were asleep."""
    n, m = one.treated_asleep or 0, one.control_asleep or 0
    p, q = (one.treated_activated or 0) / n, (one.control_activated or 0) / m
    return n * (p - q), n * n * (p * (1 - p) / n + q * (1 - q) / m)
