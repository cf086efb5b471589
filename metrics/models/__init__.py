"""What metrics remembers: definitions, measurements, and what results were computed from."""

from metrics.models.basis import ResultBasis
from metrics.models.metric import Measurement, Metric

__all__ = ["Measurement", "Metric", "ResultBasis"]
