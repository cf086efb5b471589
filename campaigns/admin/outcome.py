"""What came of a campaign, as its page shows it: beside what was expected, and what did what."""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from campaigns import giving
from campaigns.models import Campaign, CampaignResult, ChannelAccount, Playbook
from campaigns.outcomes import forecasts
from campaigns.precedents.forecast import DEAR, Line
from console import charts, clock, figures, kept_words
from console.charts import Chart

WHAT: dict[str, Promise] = {
    "reach": gettext_lazy("customers who get it"),
    "share": gettext_lazy("conversion rate"),
    "lift": gettext_lazy("conversions because of the campaign"),
    "activated": gettext_lazy("woken, of those asleep"),
    "stayed": gettext_lazy("still active a week later"),
    "redeemed": gettext_lazy("redemption rate"),
    "revenue": gettext_lazy("revenue per customer"),
    "cost": gettext_lazy("cost"),
    "each": gettext_lazy("cost of one customer"),
    "roi": gettext_lazy("ROI"),
}
MONEY = {"revenue", "cost", "each"}
SIGNED = {"lift", "roi"}
VERDICTS: dict[str, Promise] = {
    "below": gettext_lazy("less than expected"),
    "inside": gettext_lazy("as expected"),
    "above": gettext_lazy("more than expected"),
    "open": pgettext_lazy("no verdict on a forecast", "–"),
    "early": pgettext_lazy("a verdict on a forecast", "not over yet"),
}
FEWEST_DAYS = 2  # of which a course is drawn
GIVEN: dict[str, Promise] = {
    "natural": gettext_lazy("natural demand"),
    giving.COUPON: gettext_lazy("coupon"),
    "work": gettext_lazy("work of a person"),  # of results from before it was told which
}


def context(campaign: Campaign) -> dict[str, Any]:
    """Everything of its result; empty before it was measured."""
    found = CampaignResult.objects.filter(campaign=campaign).first()
    if found is None:
        return {}
    currency = clock.project().currency
    parts = contributions(found, currency)
    return {
        "outcome": {
            "result": found,
            "tiles": [*_counts(campaign, found, currency), *_effects(found, currency)],
            "forecast": forecast_rows(found, currency),
            "is_afterwards": found.forecast.get("kind") == forecasts.AFTERWARDS,
            "has_control": bool(campaign.control_share or found.control),
            "playbook": _playbook(campaign),
            "groups": [_group(one, currency) for one in found.parts.get("groups", [])],
            "charts": [*by_day(found), *parts],
            "parts": parts,
        }
    }


def _playbook(campaign: Campaign) -> Playbook | None:
    """The one whose control a play has, told on the playbook's own page."""
    play = getattr(campaign, "play", None)
    return play.playbook if play and play.playbook.control_share else None


def _counts(campaign: Campaign, found: CampaignResult, currency: str) -> list[tuple[str, str, str]]:
    """Name, number and share of what happened; of calls alone, of all whom they were meant for."""
    if not found.base and found.treated:
        return _of_treated(found, currency)
    base, is_ours = found.base, campaign.kind == Campaign.Kind.OURS
    counts = [
        (_("reached"), found.reached, True),
        (_("opened"), found.opened, is_ours),
        (_("clicked"), found.clicked, is_ours),
        (_("unsubscribed"), found.unsubscribed, is_ours),
        (_("redeemed a coupon"), found.redeemed, found.redeemed is not None),
        (_("purchased"), found.purchased, True),
    ]
    rows = [
        (name, figures.whole(count), figures.share(count / base) if base and count else "")
        for name, count, shows in counts
        if shows
    ]
    if found.best_day:
        day, many = found.best_day
        said = {"day": day, "share": figures.share(many / base if base else None)}
        rows.append((_("best day"), figures.whole(many), _("%(day)s, %(share)s of all") % said))
    rows.append((_("revenue"), figures.money(found.revenue_minor, currency), ""))
    if found.activated is not None:
        of = _("%(share)s of %(asleep)s who were asleep") % {
            "share": figures.share(found.activated_share),
            "asleep": figures.whole(found.asleep),
        }
        rows.append((_("activated"), figures.whole(found.activated), of if found.asleep else ""))
    if found.followed:
        of = _("of %(active)s who were active") % {"active": figures.whole(found.followed)}
        rows.append((_("still active a week later"), figures.share(found.stayed_share), of))
    return rows


def _of_treated(found: CampaignResult, currency: str) -> list[tuple[str, str, str]]:
    share = figures.share((found.treated_purchased or 0) / (found.treated or 1))
    return [
        (_("meant to get it"), figures.whole(found.treated), ""),
        (_("purchased"), figures.whole(found.treated_purchased), share),
        (_("revenue"), figures.money(found.treated_revenue_minor, currency), ""),
    ]


def _effects(found: CampaignResult, currency: str) -> list[tuple[str, str, str]]:
    """What it cost and, where a control tells, what it caused."""
    rows = []
    if found.cost_minor is not None:
        each = found.cost_per_activation_minor
        note = each and _("%(each)s per activation") % {"each": figures.money(each, currency)}
        rows.append((_("cost"), figures.money(found.cost_minor, currency), note or ""))
    if found.control:
        rows.append(
            (_("lift against the control"), points(found.lift), between(_lift_bounds(found)))
        )
        caused = figures.money(found.caused_minor, currency)
        rows.append((_("revenue because of it"), caused, ""))
        if found.activated_anyway is not None:
            share = figures.share(found.activated_anyway)
            rows.append((_("activated anyway"), share, _("of the control who were asleep")))
        if found.stayed_points is not None and found.is_followed:
            rows.append((_("stayed because of it"), points(found.stayed_points), ""))
    if found.roi is not None:
        bounds, named = found.roi_bounds, _("ROI") if found.is_final else _("ROI so far")
        rows.append((named, figures.signed_share(found.roi, digits=0), _percents(bounds)))
    return rows


def points(part: float | None) -> str:
    """A difference of shares."""
    if part is None:
        return figures.NOTHING
    signed = figures.signed_share(part).rstrip("%").strip()
    return _("%(points)s points") % {"points": signed}


def between(bounds: tuple[float | None, float | None]) -> str:
    low, high = bounds
    return "" if low is None or high is None else f"{points(low)} … {points(high)}"


def _lift_bounds(found: CampaignResult) -> tuple[float | None, float | None]:
    return found.lift_low, found.lift_high


def _percents(bounds: tuple[float, float] | None) -> str:
    if bounds is None:
        return ""
    low, high = (figures.signed_share(one, digits=0) for one in bounds)
    return f"{low} … {high}"


# --- beside what was expected ---------------------------------------------------


def forecast_rows(found: CampaignResult, currency: str) -> list[dict[str, Any]]:
    """A line for each thing that was expected."""
    expected = (line for line in forecasts.lines(found) if line.middle is not None)
    return [_row(line, currency, is_final=found.is_final) for line in expected]


def _row(line: Line, currency: str, *, is_final: bool) -> dict[str, Any]:
    verdict = line.verdict if is_final or line.verdict == "open" else "early"
    good = "below" if line.what in DEAR else "above"
    plain = {"inside", "open", "early"}
    tone = "" if verdict in plain else "good" if verdict == good else "warn"
    bounds = [value(line.what, one, currency) for one in (line.low, line.high) if one is not None]
    return {
        "what": WHAT[line.what],
        "expected": value(line.what, line.middle, currency),
        "bounds": _("at least %(low)s") % {"low": bounds[0]}
        if len(bounds) == 1
        else " – ".join(bounds),
        "came": value(line.what, line.came, currency),
        "ratio": figures.share(line.ratio, digits=0),
        "verdict": VERDICTS[verdict],
        "tone": tone,
    }


def value(what: str, number: float | None, currency: str) -> str:
    """A number of a forecast in its unit."""
    if number is None:
        return figures.NOTHING
    if what in MONEY:
        return figures.money(round(number), currency)
    if what == "reach":
        return figures.whole(round(number))
    return figures.signed_share(number) if what in SIGNED else figures.share(number)


# --- day by day -----------------------------------------------------------------


def by_day(found: CampaignResult) -> list[Chart]:
    """How many did for the first time what it aims at; nothing to draw of less than two days."""
    if len(found.days) < FEWEST_DAYS:
        return []
    told = {dt.date.fromisoformat(day): many for day, many in found.days}
    first, last = min(told), max(told)
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    labels, counts = [day.isoformat() for day in days], [told.get(day, 0) for day in days]
    so_far, base = list(accumulate(counts)), found.base or found.reached
    rows = [
        [day, figures.whole(many), *(figures.share(one / base if base else None) for one in both)]
        for day, many, both in zip(labels, counts, zip(counts, so_far, strict=True), strict=True)
    ]
    name = _("Converted, day by day")
    return [
        Chart(
            id="by-day",
            title=name,
            option=charts.bars(labels, counts, name=name, unit=charts.unit("count", "")),
            columns=[_("Day"), _("Customers"), _("Of all it reached"), _("So far")],
            rows=rows[::-1],
            definition=_(
                "Each customer on the day on which they first did it after a message, and only "
                "once; shares are of all whom it reached."
            ),
            size="low",
        )
    ]


# --- what did what --------------------------------------------------------------


def contributions(found: CampaignResult, currency: str) -> list[Chart]:
    """Natural demand, the message, the coupon: how much of the whole each brought."""
    measures = [
        ("conversion", _("What brought the conversions"), "count"),
        ("revenue", _("What brought the revenue"), "money"),
    ]
    return [
        _chart(measure, title, found.parts[measure], unit, currency)
        for measure, title, unit in measures
        if measure in found.parts
    ]


def _chart(measure: str, title: str, told: Mapping[str, Any], unit: str, currency: str) -> Chart:
    names = [given(one["names"]) for one in told["parts"]]
    amounts = [one["amount"] for one in told["parts"]]

    def write(number: float) -> str:
        return figures.in_unit(round(number), unit, currency)

    rows = [
        [
            name,
            write(one["amount"]),
            f"{write(one['low'])} – {write(one['high'])}",
            figures.share(one["share"]),
        ]
        for name, one in zip(names, told["parts"], strict=True)
    ]
    if abs(told["beyond"]) >= 0.5:
        rows.append([_("together beyond that"), write(told["beyond"]), "", ""])
    rows.append([_("All of them"), write(told["total"]), "", figures.share(1.0)])
    return Chart(
        id=f"parts-{measure}",
        title=title,
        option=charts.bars(
            names, amounts, name=title, unit=charts.unit(unit, currency), lying=True
        ),
        columns=[
            pgettext("where it came from", "From"),
            _("Amount"),
            _("95 % bounds"),
            pgettext_lazy("of a whole", "Share"),
        ],
        rows=rows,
        definition=_(
            "Groups that chance told apart are compared: the control shows the natural demand, "
            "and who was given one thing more shows what that brought."
        ),
        size="low",
    )


def _group(one: Mapping[str, Any], currency: str) -> dict[str, str]:
    """One group that chance made, with what it did."""
    size = one["size"]
    return {
        "name": given(one["given"]) if one["given"] else str(_("nothing (the control)")),
        "size": figures.whole(size),
        "share": figures.share(one["done"] / size if size else None),
        "each": figures.money(round(one["revenue_minor"] / size) if size else None, currency),
    }


def given(names: Sequence[str]) -> str:
    """What some customers were given, in words."""
    return " + ".join(_name(one) for one in names)


def _name(key: str) -> str:
    if key.startswith(giving.MESSAGE):
        channel = key.removeprefix(giving.MESSAGE)
        labels = dict(ChannelAccount.Channel.choices)
        return _("promotion by %(channel)s") % {"channel": labels.get(channel, channel)}
    if key.startswith(giving.WORK):
        return kept_words.said(key.removeprefix(giving.WORK))
    return str(GIVEN.get(key, key))
