"""Before and after a day on the page of a metric: when customers were divided anew, or anything."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from console import charts as drawing
from console import clock
from console.charts import Chart
from metrics import promise_words as words
from metrics import weekly
from metrics.models import Metric
from segments.models import StageSetVersion

OFFERED = 4  # days on which stages changed, the newest first


def panel(metric: Metric, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked in the address (`turn`), the answer, and days that one may ask for."""
    asked = str(given.get("turn", "")).strip()
    found: dict[str, Any] = {"asked": asked[:20], "offered": _offered()}
    if not asked:
        return found
    day, today = clock.read_day(asked), clock.today()
    if day is None or day >= today:
        return found | {"problem": _("Choose a day that is over.")}
    measured = weekly.around(metric, day, on=today)
    if "value" not in measured:
        return found | {"problem": _("There is no whole week on both sides that is measured.")}
    return found | {
        "sentence": _sentence(metric, measured),
        "caveats": words.caveats(measured),
        "chart": _chart(metric, measured),
    }


def _offered() -> list[tuple[str, str]]:
    """The days since when stages are as they are: the day, and what was new then."""
    versions = StageSetVersion.objects.filter(stage_set__archived_at=None, by__isnull=False)
    newest = versions.select_related("stage_set").order_by("-at")[:OFFERED]
    return [
        (
            clock.day_of(one.at).isoformat(),
            _("%(stages)s, version %(number)d") % {"stages": one.stage_set, "number": one.number},
        )
        for one in newest
    ]


def _sentence(metric: Metric, measured: Mapping[str, Any]) -> str:
    """By how much it moved, and whether that is more than it moves by itself."""
    said = {
        "before": words.a_week(measured["against"], metric),
        "after": words.a_week(measured["value"], metric),
        "change": words.signed(measured["relative"]),
        "low": words.signed(measured["low"]),
        "high": words.signed(measured["high"]),
    }
    if measured["relative"] is None:
        return _("Before %(before)s, after %(after)s.") % said
    if measured["low"] is None:
        return _("Before %(before)s, after %(after)s: %(change)s.") % said
    told = _("Before %(before)s, after %(after)s: %(change)s (95 %% bounds %(low)s to %(high)s).")
    is_chance = measured["low"] <= 0 <= measured["high"]
    as_far = _("It moves as far by itself, so nothing can be told.")
    more = _("That is more than it moves by itself.")
    return f"{told % said} {as_far if is_chance else more}"


def _chart(metric: Metric, measured: Mapping[str, Any]) -> Chart:
    """Week by week, by each week's last day."""
    before, after = measured["weeks_before"], measured["weeks"]
    first = dt.date.fromisoformat(measured["before"][0])
    ends = [
        first + weekly.WEEK * (number + 1) - weekly.DAY
        for number in range(len(before) + len(after))
    ]
    series = {
        str(words.BEFORE): [*before, *[None] * len(after)],
        str(words.AFTER): [*[None] * len(before), *after],
    }
    unit = drawing.unit(metric.unit, clock.project().currency)
    labels = [end.isoformat() for end in ends]
    return Chart(
        id="around",
        title=_("%(metric)s, week by week") % {"metric": metric.label},
        option=drawing.grouped(labels, series, unit=unit),
        columns=[_("Week until"), metric.label, _("Before or after")],
        rows=[
            [end, words.in_words(value, metric), str(name)]
            for end, value, name in zip(
                labels,
                [*before, *after],
                [*[words.BEFORE] * len(before), *[words.AFTER] * len(after)],
                strict=True,
            )
        ][::-1],
        size="low",
    )
