"""The metrics screens; Django finds them through this package."""

from metrics.admin import (
    alert,
    allocation,
    channel,
    comparison,
    definition,
    goal,
    lifetime,
    metric,
    period_result,
    period_rule,
    report,
    review,
    scorecard,
    segment_week,
    spend,
)

__all__ = [
    "alert",
    "allocation",
    "channel",
    "comparison",
    "definition",
    "goal",
    "lifetime",
    "metric",
    "period_result",
    "period_rule",
    "report",
    "review",
    "scorecard",
    "segment_week",
    "spend",
]
