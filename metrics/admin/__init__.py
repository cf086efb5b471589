"""The metrics screens; Django finds them through this package."""

from metrics.admin import metric

__all__ = ["metric"]
