"""The metrics screens; Django finds them through this package."""

from metrics.admin import alert, definition, lifetime, metric, period_result, period_rule, report

__all__ = [
    "alert",
    "definition",
    "lifetime",
    "metric",
    "period_result",
    "period_rule",
    "report",
]
