"""What is shown of stopping: what is agreed, closed periods, and a campaign in four ways."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.models import Campaign, CampaignPeriod, CampaignResult, Evaluation, Playbook, Stop
from campaigns.stoploss import stops, words
from console import charts, clock, figures
from console.charts import Chart

DIMENSIONS: dict[str, tuple[Promise, Promise]] = {
    "conversion": (
        pgettext_lazy("in four ways", "Conversion"),
        gettext_lazy("did what it aims at, within the days counted"),
    ),
    "retention": (
        pgettext_lazy("in four ways", "Retention"),
        gettext_lazy("active in the seven days after"),
    ),
    "referral": (
        gettext_lazy("Referral"),
        gettext_lazy("invited somebody within 30 days"),
    ),
    "nps": (
        pgettext_lazy("score", "NPS"),
        gettext_lazy("answers within 30 days: promoters less detractors"),
    ),
}


def agreed(campaign: Campaign) -> dict[str, Any]:
    """When it stops by itself, for who makes and who approves it."""
    return {"agreed": words.agreed(campaign), "agreed_warnings": words.warnings(campaign)}


def context(campaign: Campaign) -> dict[str, Any]:
    """All of it, on the campaign's own page."""
    if campaign.kind == Campaign.Kind.RECORDED:
        return {"evaluation": evaluation(campaign)}
    if campaign.started_at is None:
        return agreed(campaign)
    newest = list(campaign.stops.select_related("decided_by")[:5])
    return {
        **agreed(campaign),
        "stop": _stop(newest[0]) if newest else None,
        "is_watched": stops.is_watched(campaign, on=clock.today()) if newest else False,
        "periods": of_campaign(campaign) if campaign.is_lasting else None,
        "evaluation": evaluation(campaign),
    }


def _stop(stop: Stop) -> dict[str, Any]:
    link = reverse("admin:campaigns_stop_change", args=[stop.pk])
    return {"stop": stop, "why": words.why(stop), "link": link}


# --- periods -------------------------------------------------------------------------


def of_campaign(campaign: Campaign, *, most: int = 24) -> Chart:
    """What each closed period cost and brought; revised ones stand in the table twice."""
    return _chart(list(campaign.periods.filter(grain=campaign.roi_period)[:most]))


def of_playbook(playbook: Playbook, *, most: int = 24) -> Chart:
    """The same of all its plays together, as far as they are judged by the same periods."""
    rows = CampaignPeriod.objects.filter(campaign__play__playbook=playbook)
    key = ("grain", "begins_on", "campaign_id")
    newest = rows.order_by(*key, "-revision").distinct(*key)
    together: dict[tuple[str, Any], list[CampaignPeriod]] = {}
    for one in newest:
        together.setdefault((one.grain, one.begins_on), []).append(one)
    parts = [together[which] for which in sorted(together, key=lambda of: of[1], reverse=True)]
    return _chart([_sum(some) for some in parts[:most]], is_one=False)


def _sum(parts: Sequence[CampaignPeriod]) -> CampaignPeriod:
    """Several plays' period as one, which nobody judges."""
    first, caused = parts[0], [one.caused_minor for one in parts if one.treated]
    whole = None if None in caused else sum(one or 0 for one in caused)
    return CampaignPeriod(
        grain=first.grain,
        begins_on=first.begins_on,
        treated=sum(one.treated for one in parts),
        control=sum(one.control for one in parts),
        cost_minor=sum(one.cost_minor for one in parts),
        caused_minor=whole,
        closed_on=max(one.closed_on for one in parts),
    )


def _chart(rows: Sequence[CampaignPeriod], *, is_one: bool = True) -> Chart:
    newest = {day: _newest(rows, day) for day in sorted({one.begins_on for one in rows})}
    currency = clock.project().currency
    drawn = [one for one in newest.values() if one.treated]
    option = charts.grouped(
        [stops.name(one) for one in drawn],
        {
            _("Cost"): [one.cost_minor for one in drawn],
            _("Brought"): [one.caused_minor for one in drawn],
        },
        unit=charts.unit("money", currency),
    )
    columns = [
        _("Period"),
        _("Meant to get it"),
        pgettext_lazy("number of customers", "Control"),
        _("Cost"),
        _("Brought"),
        _("ROI"),
        _("Closed on"),
    ]
    return Chart(
        id="campaign-periods",
        title=_("What each period brought"),
        definition=_(
            "Of those who came in during the period: what they paid beyond what the control makes "
            "one expect, within the days of conversion, and what messages and coupons cost. A "
            "period closes when these days and those for late data are over."
        ),
        option=option,
        columns=[*columns, _("Agreed"), _("Verdict")] if is_one else columns,
        rows=[
            _row(one, currency) + (_judged(one, newest[one.begins_on]) if is_one else [])
            for one in rows
        ],
        empty=_("Periods close some days after their end, once the conversions are in."),
    )


def _newest(rows: Sequence[CampaignPeriod], day: Any) -> CampaignPeriod:
    return max((one for one in rows if one.begins_on == day), key=lambda one: one.revision)


def _row(one: CampaignPeriod, currency: str) -> list[str]:
    low, high = one.bounds
    bounds = f" ({words.roi(low)} … {words.roi(high)})" if low is not None else ""
    return [
        stops.name(one),
        figures.whole(one.treated),
        figures.whole(one.control),
        figures.money(one.cost_minor, currency),
        figures.money(one.caused_minor, currency),
        f"{words.roi(one.roi)}{bounds}",
        one.closed_on.isoformat(),
    ]


def _judged(one: CampaignPeriod, newest: CampaignPeriod) -> list[str]:
    said = _verdict(one)
    again = said if one.pk == newest.pk else f"{said}, {_('told anew since')}"
    return [words.roi(one.expected_roi), again]


def _verdict(one: CampaignPeriod) -> str:
    if one.is_below is None:
        return _("unknown")
    if not one.is_below:
        return _("as agreed")
    return _("below; chance alone could do that") if one.may_be_chance else _("below")


# --- four ways, short and long --------------------------------------------------------


def evaluation(campaign: Campaign) -> dict[str, Any] | None:
    """Both sides in each way; None before anybody could be evaluated."""
    found = Evaluation.objects.filter(campaign=campaign).first()
    if found is None or not (found.ahead or any(found.dimensions.values())):
        return None
    currency = clock.project().currency
    return {
        "rows": [
            _dimension(key, *said, found.dimensions.get(key)) for key, said in DIMENSIONS.items()
        ],
        "worth": _worth(campaign, found, currency),
        "as_of": found.as_of,
    }


def _dimension(
    key: str, label: Promise, means: Promise, one: Mapping[str, Any] | None
) -> dict[str, Any]:
    if one is None:
        return {"label": label, "means": means, "treated": "–", "control": "–", "effect": "–"}
    said = _score if key == "nps" else figures.share
    control = one["control"]
    return {
        "label": label,
        "means": means,
        "treated": said(one["treated"][1]),
        "of": figures.whole(one["treated"][0]),
        "control": said(control[1]) if control else _("no control"),
        "control_of": figures.whole(control[0]) if control else "",
        "effect": _points(one["effect"]),
        "bounds": _between(one, _points),
    }


def _score(value: float | None) -> str:
    return figures.number(None if value is None else 100 * value, digits=0)


def _points(value: float | None) -> str:
    """In percentage points with a sign."""
    return figures.NOTHING if value is None else figures.signed_share(value).rstrip("%")


def _between(one: Mapping[str, Any], said: Any) -> str:
    return f"{said(one['low'])} … {said(one['high'])}" if one["low"] is not None else ""


def _worth(campaign: Campaign, found: Evaluation, currency: str) -> dict[str, Any]:
    """The quick return beside what the customers are predicted to bring."""
    result = CampaignResult.objects.filter(campaign=campaign).first()
    ahead = found.ahead

    def money(minor: float | None) -> str:
        return figures.money(None if minor is None else round(minor), currency)

    shown: dict[str, Any] = {"roi": words.roi(result.roi if result else None)}
    if result is not None and result.caused_minor is not None and result.cost_minor:
        shown |= {"caused": money(result.caused_minor), "cost": money(result.cost_minor)}
    if ahead is not None:
        control, effect, size = ahead["control"], ahead["effect"], ahead["treated"][0]
        shown |= {"months": ahead["months"], "each": money(ahead["treated"][1])}
        if control:
            shown |= {
                "control_each": money(control[1]),
                "more": money(effect),
                "bounds": _between(ahead, money),
                "long_roi": words.roi(_long_roi(result, effect, size)),
            }
    return shown


def _long_roi(result: CampaignResult | None, effect: float | None, size: int) -> float | None:
    """With the value that is predicted beyond the control's, on top of what came already."""
    if result is None or result.caused_minor is None or not result.cost_minor or effect is None:
        return None
    return (result.caused_minor + effect * size) / result.cost_minor - 1
