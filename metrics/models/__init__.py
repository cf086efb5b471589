"""What metrics remembers: definitions, measurements, results' bases, and answers of reports."""

from metrics.models.alert import Alert, Watch
from metrics.models.basis import ResultBasis
from metrics.models.lifetime import LifetimeModel, LifetimeRecipe
from metrics.models.metric import Measurement, Metric
from metrics.models.period import (
    Breach,
    Closing,
    Grain,
    PeriodResult,
    PeriodRule,
    PeriodVerdict,
)
from metrics.models.report import FoundSet, KeptAnswer, SavedReport

__all__ = [
    "Alert",
    "Breach",
    "Closing",
    "FoundSet",
    "Grain",
    "KeptAnswer",
    "LifetimeModel",
    "LifetimeRecipe",
    "Measurement",
    "Metric",
    "PeriodResult",
    "PeriodRule",
    "PeriodVerdict",
    "ResultBasis",
    "SavedReport",
    "Watch",
]
