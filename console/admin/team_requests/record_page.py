"""The record of each team: what it delivered in time, why dates slipped, what it moved."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import charts, figures
from console.charts import Chart
from console.models import RequestSlip, RequestVerdict, Staff
from console.team_requests import record, seeing
from console.team_requests.record import Record

RANGES = {
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "365": gettext_lazy("a year"),
}
USUAL = "90"
TONES = {"met": "good", "partly": "warn", "not": "bad", "unclear": ""}


def context(staff: Staff, *, days: str, today: dt.date) -> dict[str, Any]:
    """Of the requests that the reader may see."""
    chosen = days if days in RANGES else USUAL
    since = today - dt.timedelta(days=int(chosen))
    found = record.of(seeing.visible_to(staff), since=since, until=today)
    return {
        "here": "record",
        "ranges": [(key, words, key == chosen) for key, words in RANGES.items()],
        "records": [_row(one) for one in found],
        "chart": _causes(found),
    }


def _row(one: Record) -> dict[str, Any]:
    verdicts = RequestVerdict.Outcome
    return {
        "team": one.team,
        "delivered": figures.whole(one.delivered),
        "in_time": figures.share(one.in_time_share, digits=0),
        "first": figures.whole(one.in_time),
        "moved": figures.whole(one.as_moved),
        "days": figures.whole(one.days),
        "own_days": figures.number(one.own_days, digits=1),
        "others_days": figures.number(one.others_days, digits=1),
        "verdicts": [
            (verdicts(key).label, TONES[key], figures.whole(many))
            for key in TONES
            if (many := one.verdicts[key])
        ],
    }


def _causes(found: list[Record]) -> Chart:
    names = [str(one.team) for one in found]
    causes = [cause for cause in RequestSlip.Cause if any(one.slipped[cause] for one in found)]
    series = {str(cause.label): [one.slipped[cause] for one in found] for cause in causes}
    return Chart(
        id="slips",
        title=_("What made promises slip, in working days"),
        option=charts.stacks(names, series, unit=charts.unit("count")) if causes else {},
        columns=[_("Team"), *series],
        rows=[
            [name, *(figures.whole(values[at]) for values in series.values())]
            for at, name in enumerate(names)
            if causes
        ],
        empty=_("No promise slipped."),
    )
