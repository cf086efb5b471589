"""The metrics screens; Django finds them through this package."""

from metrics.admin import definition, metric, report

__all__ = ["definition", "metric", "report"]
