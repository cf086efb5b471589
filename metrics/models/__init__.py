"""What metrics remembers: definitions and measurements."""

from metrics.models.metric import Measurement, Metric

__all__ = ["Measurement", "Metric"]
