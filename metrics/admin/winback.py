"""What winning a customer back costs, by what the customers were chosen by."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from console import charts, figures
from console.charts import Chart
from metrics.winback import Way
from segments.grounds import Ground

GROUNDS: dict[Ground, Promise] = {
    Ground.RFM: gettext_lazy("RFM"),
    Ground.VALUE: gettext_lazy("value score"),
    Ground.PREDICTION: gettext_lazy("prediction of value and loss"),
    Ground.POTENTIAL: gettext_lazy("potential"),
    Ground.CLUSTERS: gettext_lazy("clusters"),
    Ground.STAGE: gettext_lazy("stage"),
    Ground.BEHAVIOUR: gettext_lazy("behaviour"),
    Ground.PROFILE: gettext_lazy("profile"),
}


def name(grounds: Iterable[Ground]) -> str:
    """What the customers were chosen by."""
    found = set(grounds)
    said = [str(words) for ground, words in GROUNDS.items() if ground in found]
    return " + ".join(said) or _("lists, tags or chance")


def chart(found: Sequence[Way], currency: str) -> Chart:
    """What each who woke cost, the cheapest first."""
    drawn = [one for one in found if one.each is not None]
    title = _("What winning a customer back costs")
    return Chart(
        id="winback",
        title=title,
        option=charts.bars(
            [name(one.grounds) for one in drawn],
            [round(one.each or 0) for one in drawn],
            name=title,
            unit=charts.unit("money", currency),
            lying=True,
        ),
        columns=[
            _("Chosen by"),
            _("Campaigns"),
            _("Asleep before"),
            _("Woken"),
            pgettext("of a whole", "Share"),
            pgettext("allocation", "Spent"),
            _("Cost of each"),
            _("Times the cheapest"),
            _("Cost of each who would not have come anyway"),
            _("95 % bounds"),
        ],
        rows=[_row(one, found, currency) for one in found],
        definition=_(
            "Of campaigns of the last two years that are over: customers who had been quiet for "
            "30 days and became active within their window. The last columns hold them against "
            "the control, where campaigns have one."
        ),
        export=reverse("admin:metrics_proposal_winback_export"),
        empty=_(
            "No campaign that is over and whose cost is known reached anybody who had been quiet."
        ),
    )


def _row(one: Way, found: Sequence[Way], currency: str) -> list[str]:
    return [
        name(one.grounds),
        figures.whole(one.campaigns),
        figures.whole(one.asleep),
        figures.whole(one.woken),
        figures.share(one.share),
        figures.money(one.cost, currency),
        _money(one.each, currency),
        figures.number(times(one, found), digits=1),
        _money(one.each_more, currency) if one.controlled else _("no control"),
        _bounds(one, currency),
    ]


def times(one: Way, found: Sequence[Way]) -> float | None:
    """How many times as dear as the cheapest way."""
    least = min((way.each for way in found if way.each), default=None)
    return one.each / least if one.each and least else None


def _money(minor: float | None, currency: str) -> str:
    return figures.money(None if minor is None else round(minor), currency)


def _bounds(one: Way, currency: str) -> str:
    if one.bounds is None:
        return figures.NOTHING
    low, high = one.bounds
    if high is None:
        return _("at least %(low)s") % {"low": _money(low, currency)}
    return f"{_money(low, currency)} – {_money(high, currency)}"


def lines(found: Sequence[Way], currency: str) -> list[list[Any]]:
    """The table as a file has it, money in whole units."""
    head = ["chosen_by", "campaigns", "asleep", "woken", "spend", "currency", "each", "each_more"]
    rows = [
        [
            name(one.grounds),
            one.campaigns,
            one.asleep,
            one.woken,
            figures.major(one.cost, currency),
            currency,
            _whole(one.each, currency),
            _whole(one.each_more, currency),
        ]
        for one in found
    ]
    return [head, *rows]


def _whole(minor: float | None, currency: str) -> object:
    return "" if minor is None else figures.major(round(minor), currency)
