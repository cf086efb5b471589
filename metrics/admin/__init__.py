"""The metrics screens; Django finds them through this package."""

from metrics.admin import definition, metric, period_result, period_rule, report

__all__ = [
    "definition",
    "metric",
    "period_result",
    "period_rule",
    "report",
]
