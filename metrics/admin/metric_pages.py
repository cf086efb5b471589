"""What the page of a metric and its form say besides the numbers."""

from typing import Any

from django.utils.translation import gettext as _

from console import charts as drawing
from console import clock, figures
from console.charts import Chart
from metrics import library, recipe_words
from metrics.admin.metric_form import MetricForm
from metrics.models import Metric, MetricVersion
from metrics.previews import Preview
from segments import catalogue


def about(metric: Metric) -> dict[str, Any]:
    """The recipe in words, who looks after it, and its versions, the newest first."""
    recipe = library.recipe(metric)
    labels = {key: one.label for key, one in library.rows().items()}
    return {
        "kind": recipe_words.KINDS.get(metric.kind, ""),
        "sentence": recipe_words.sentence(recipe, catalogue.titles(), labels),
        "versions": _versions(metric),
    }


def _versions(metric: Metric) -> list[tuple[MetricVersion, list[str]]]:
    found = list(metric.versions.select_related("by").order_by("-version"))
    older: list[MetricVersion | None] = [*found[1:], None]
    return [
        (one, recipe_words.changes(one.says, before.says) if before else [])
        for one, before in zip(found, older, strict=True)
    ]


def preview_chart(found: Preview, form: MetricForm) -> Chart | None:
    """The last 30 days by the recipe that is tried, with a table."""
    if found.figures is None:
        return None
    currency = clock.project().currency
    course = [one for one in found.figures if not one.slice]
    days = [one.day for one in course]
    label = (found.form.get("name") or [""])[0] or _("Preview")
    unit = drawing.unit(found.unit, currency)
    return Chart(
        id="preview",
        title=_("The last 30 days: %(name)s") % {"name": label},
        option=drawing.lines(days, {label: [one.value for one in course]}, unit=unit),
        columns=[_("Day"), label, _("numerator"), _("denominator")],
        rows=[
            [
                one.day.isoformat(),
                figures.in_unit(one.value, found.unit, currency),
                figures.whole(one.numerator),
                figures.whole(one.denominator),
            ]
            for one in reversed(course)
        ],
        empty=found.why or _("There are no closed days yet."),
    )
