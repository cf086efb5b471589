"""Period rules and their verdicts in words, for screens and for the work that they give."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import clock, figures
from metrics import periods, slicing
from metrics.models import Metric, PeriodRule, PeriodVerdict

RELATIVE = {PeriodRule.Comparator.FELL, PeriodRule.Comparator.ROSE}


def value(metric: Metric, number: Decimal | None, currency: str) -> str:
    """A value of a metric; a plain number keeps two decimals."""
    if metric.unit in {"money", "share", "customers"}:
        return figures.in_unit(number, metric.unit, currency)
    return figures.number(number)


def threshold(rule: PeriodRule, currency: str) -> str:
    """What the rule compares with."""
    if rule.benchmark is not None:
        return f"“{rule.benchmark.label}”"
    if rule.against_industry:
        return _("the benchmark entered for it")
    if rule.comparator in RELATIVE:
        return figures.share(rule.threshold, digits=0)
    return value(rule.metric, rule.threshold, currency)


def sentence(rule: PeriodRule, currency: str, parts: Mapping[str, str] | None = None) -> str:
    """The whole condition: what, of whom, how long; `parts`: what slices are called, if known."""
    said = f"{rule.metric.label} {rule.get_comparator_display()} {threshold(rule, currency)}"
    if rule.slice:
        known = slicing.names([rule.slice]) if parts is None else parts
        said = f"{said} ({known.get(rule.slice, rule.slice)})"
    if rule.grain == "month":
        long = ngettext("for %(n)d month", "for %(n)d months in a row", rule.times)
    else:
        long = ngettext("for %(n)d week", "for %(n)d weeks in a row", rule.times)
    return f"{said}, {long % {'n': rule.times}}"


def came_to(rule: PeriodRule, verdict: PeriodVerdict, currency: str) -> str:
    """The value of a period, and the benchmark that it was held against."""
    said = value(rule.metric, verdict.result.value, currency)
    if not rule.against_industry or verdict.threshold is None:
        return said
    return _("%(value)s (benchmark %(benchmark)s)") % {
        "value": said,
        "benchmark": value(rule.metric, verdict.threshold, currency),
    }


def of_run(rule: PeriodRule, judged: Mapping[dt.date, PeriodVerdict]) -> str:
    """Why the work is given: the condition, and each period's value."""
    currency = clock.project().currency
    values = _("; ").join(
        f"{periods.name(day, rule.grain)}: {came_to(rule, verdict, currency)}"
        for day, verdict in judged.items()
    )
    return _("%(condition)s. %(values)s.") % {
        "condition": sentence(rule, currency),
        "values": values,
    }
