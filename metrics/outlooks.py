"""What one more unit of money brings where: what campaigns say of it, and channels of acquisition.

Only campaigns with a control and a cost say what their money caused; the others are counted and
not believed. Channels of acquisition have no control: what they say stands by itself, and is
called what it is.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from campaigns import planning
from campaigns.models import Campaign, CampaignResult, ChannelAccount
from campaigns.precedents import likeness
from metrics import channel_months
from metrics.models import Proposal
from metrics.stats import reallocation, response
from metrics.stats.reallocation import Move, Standing
from metrics.stats.response import Response, Trial

LOOKED_AT, DAYS = 300, 730  # campaigns, the newest first, and how long ago
Dimension = Proposal.Dimension


@dataclass(frozen=True)
class Outlook:
    """One way to divide campaigns into groups, and what that says."""

    dimension: str
    response: Response | None
    standings: Sequence[Standing]
    moves: Sequence[Move]
    names: Mapping[str, str]  # of the groups
    trials: Sequence[Trial]
    basis: Mapping[str, Sequence[int] | Sequence[str]]  # the campaigns, or months, by group
    untold: int  # campaigns that are over and say nothing: without a control, or a cost


def outlook(dimension: str, *, at: dt.datetime) -> Outlook:
    """What the campaigns, or the channels' months, of the last two years say of their groups."""
    if dimension == Dimension.SOURCE:
        trials, names, months = channel_months.trials(at)
        return _outlook(dimension, trials, names, months, untold=0, runs=1)
    over = list(_over(at))
    told = [one for one in over if _tells(one)]
    trials, names = list[Trial](), dict[str, str]()
    campaigns: dict[str, list[int]] = {}
    for result in told:
        group = GROUPS[dimension](result.campaign)
        if group is None:
            continue
        key, names[group[0]] = group
        trials.append(_trial(key, result, at))
        campaigns.setdefault(key, []).append(result.campaign_id)
    return _outlook(dimension, trials, names, campaigns, untold=len(over) - len(told))


def _outlook(
    dimension: str,
    trials: Sequence[Trial],
    names: Mapping[str, str],
    basis: Mapping[str, Sequence[int] | Sequence[str]],
    *,
    untold: int,
    runs: int | None = None,
) -> Outlook:
    found = response.fit(trials)
    standings = reallocation.standings(found, trials, runs=runs) if found else []
    moves = reallocation.moves(found, standings) if found else []
    return Outlook(dimension, found, standings, moves, names, trials, basis, untold)


# --- what campaigns say -----------------------------------------------------------


def _over(at: dt.datetime) -> QuerySet[CampaignResult]:
    since = at - dt.timedelta(days=DAYS)
    real = CampaignResult.objects.filter(is_final=True, campaign__is_demonstration=False)
    over = real.filter(Q(campaign__finished_at__gte=since) | Q(campaign__finished_at=None))
    known = over.select_related("campaign__segment", "campaign__template", "campaign__budget")
    # Sets and bodies are large, and nobody asks for them here.
    lean = known.defer("campaign__segment__members", "campaign__template__body")
    return lean.order_by("-campaign__finished_at", "-campaign")[:LOOKED_AT]


def _tells(result: CampaignResult) -> bool:
    return bool(result.cost_minor and result.caused_error_minor) and result.caused_minor is not None


def _trial(group: str, result: CampaignResult, at: dt.datetime) -> Trial:
    ended = result.campaign.finished_at or at
    return Trial(
        group,
        result.cost_minor or 0,
        float(result.caused_minor or 0),
        result.caused_error_minor or 0.0,
        likeness.faded((at - ended).days),
    )


Group = tuple[str, str] | None  # key and name


def _channel(campaign: Campaign) -> Group:
    """Of a plan with several, all of them: nothing tells which of them did it."""
    channels = sorted(planning.of(campaign).channels())
    if not channels:
        return None
    labels = dict(ChannelAccount.Channel.choices)
    return "+".join(channels), " + ".join(str(labels.get(one, one)) for one in channels)


def _segment(campaign: Campaign) -> Group:
    segment = campaign.segment
    return None if segment is None else (str(segment.pk), str(segment))


def _budget(campaign: Campaign) -> Group:
    budget = campaign.budget
    return None if budget is None else (str(budget.pk), str(budget))


GROUPS: Mapping[str, Callable[[Campaign], Group]] = {
    Dimension.CHANNEL: _channel,
    Dimension.SEGMENT: _segment,
    Dimension.BUDGET: _budget,
}
