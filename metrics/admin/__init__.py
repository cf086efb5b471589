"""The metrics screens; Django finds them through this package."""

from metrics.admin import definition, lifetime, metric, period_result, period_rule, report

__all__ = [
    "definition",
    "lifetime",
    "metric",
    "period_result",
    "period_rule",
    "report",
]
