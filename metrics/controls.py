"""Controls that tell what a request moved: a comparison or a campaign that counts what it promised.

What a control counts has to be what the metric counts, or a campaign on coupons would prove a
promise about sign-ups.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.contenttypes.models import ContentType

from campaigns.models import Campaign, Evaluation
from console.models import RequestLink, TeamRequest
from metrics import library, lift
from metrics.models import Comparison, Metric
from metrics.recipes import nodes
from metrics.stats import differences
from metrics.stats.differences import Difference
from metrics.stats.samples import Proportion
from segments import catalogue, definitions

CAMPAIGN, COMPARISON = "campaign", "comparison"
LOOSE = (definitions.ACTIVE, definitions.INTERACTION)


def of(request: TeamRequest, metric: Metric) -> dict[str, Any] | None:
    """What the first control says of it, a comparison before a campaign; None without any."""
    counted = _counted(metric)
    for comparison in _linked(request, Comparison):
        if (found := _of_comparison(comparison, metric, counted)) is not None:
            return found
    for campaign in _linked(request, Campaign):
        if (found := _of_campaign(campaign, metric, counted)) is not None:
            return found
    return None


def _linked(request: TeamRequest, model: type[Any]) -> Iterator[Any]:
    links = RequestLink.objects.filter(
        request=request, subject_type=ContentType.objects.get_for_model(model)
    )
    yield from model.objects.filter(pk__in=links.values("subject_id")).order_by("-pk")


def _of_comparison(
    comparison: Comparison, metric: Metric, counted: set[str]
) -> dict[str, Any] | None:
    """The best variant; the bounds of several are wide enough for choosing among them."""
    if not comparison.is_random or catalogue.canonical(comparison.goal_event) not in counted:
        return None
    groups = list(comparison.groups.defer("members"))
    days = lift.course(comparison, groups)
    if comparison.counted_through != comparison.until or comparison.until not in days:
        return None
    outcome = lift.outcome(comparison, groups, days[comparison.until])
    if outcome.is_broken:
        return None
    measure = lift.REVENUE if metric.unit == Metric.Unit.MONEY else lift.CONVERSION
    lines = [one for one in outcome.lines if one.measure == measure and one.found.relative]
    sign = -1 if metric.direction == Metric.Direction.LESS else 1
    best = max(lines, key=lambda one: sign * (one.found.relative or 0.0), default=None)
    if best is None:
        return None
    means = (best.control_mean, best.mean)
    return _told(COMPARISON, comparison, best.found, means) | {
        "after": [comparison.since.isoformat(), comparison.until.isoformat()],
        "variant": best.group.name,
    }


def _of_campaign(campaign: Campaign, metric: Metric, counted: set[str]) -> dict[str, Any] | None:
    """Shares only: of sums the campaign's page keeps too little for bounds of a quotient."""
    if metric.unit == Metric.Unit.MONEY:
        return None
    if metric.group == Metric.Group.RETENTION:
        sides = _stayed(campaign)
    elif catalogue.canonical(campaign.conversion_event) in counted:
        sides = _converted(campaign)
    else:
        return None
    if sides is None:
        return None
    control, treated = sides
    found = differences.proportions(control, treated)
    return _told(CAMPAIGN, campaign, found, (control.mean, treated.mean))


def _converted(campaign: Campaign) -> tuple[Proportion, Proportion] | None:
    result = getattr(campaign, "result", None)
    if result is None or not result.is_final or not result.control or not result.treated:
        return None
    return (
        Proportion(result.control, result.control_purchased or 0),
        Proportion(result.treated, result.treated_purchased or 0),
    )


def _stayed(campaign: Campaign) -> tuple[Proportion, Proportion] | None:
    """Who was still active in the week after, as its evaluation has it."""
    found = Evaluation.objects.filter(campaign=campaign).first()
    said = (found.dimensions.get("retention") if found else None) or {}
    if not said.get("control") or not said.get("treated"):
        return None
    control, treated = (
        Proportion(n, round(n * share)) for n, share in (said["control"], said["treated"])
    )
    return control, treated


def _told(
    how: str,
    subject: Campaign | Comparison,
    found: Difference,
    means: tuple[float | None, float | None],
) -> dict[str, Any]:
    bounds = found.relative_interval
    return {
        "how": how,
        "subject": subject.pk,
        "name": str(subject),
        "why": "" if bounds else "no_share",
        "against": means[0],
        "value": means[1],
        "relative": found.relative,
        "low": bounds.low if bounds else None,
        "high": bounds.high if bounds else None,
    }


def _counted(metric: Metric) -> set[str]:
    """The events whose customers a metric counts above the line; none, where many would do.

    Almost everything is active: a control that counts orders says nothing of that.
    """
    known = library.by_key()
    found: set[str] = set()
    keys = [metric.key]
    for key in keys:  # grows while it is walked
        if key not in known:
            continue
        match library.recipe(known[key]):
            case nodes.Simple(of=of) | nodes.Conversion(then=of, how="share"):
                if of.word not in LOOSE:
                    found |= set(definitions.events(of.word) if of.word else of.names)
            case nodes.Ratio(part=other) | nodes.Cumulative(of=other):
                keys += [other] if other not in keys else []
            case nodes.Coded(by="new_payers" | "repurchase"):
                found |= set(definitions.events(definitions.PAID))
    return {catalogue.canonical(one) for one in found}
