"""What metrics remembers: definitions, measurements, results' bases, and answers of reports."""

from metrics.models.alert import Alert, Watch
from metrics.models.basis import ResultBasis
from metrics.models.comparison import ComparedDay, ComparedGroup, Comparison
from metrics.models.goal import Benchmark, Goal, Indicator, ReviewNote
from metrics.models.lifetime import LifetimeModel, LifetimeRecipe
from metrics.models.metric import MeasuredDay, Measurement, Metric, MetricVersion
from metrics.models.period import Breach, Closing, Grain, PeriodResult, PeriodRule, PeriodVerdict
from metrics.models.proposal import Proposal
from metrics.models.report import FoundSet, KeptAnswer, SavedReport
from metrics.models.segment_week import SegmentReader, SegmentWeek
from metrics.models.spend import Attribution, Channel, Payback, Spend, SpendImport

__all__ = [
    "Alert",
    "Attribution",
    "Benchmark",
    "Breach",
    "Channel",
    "Closing",
    "ComparedDay",
    "ComparedGroup",
    "Comparison",
    "FoundSet",
    "Goal",
    "Grain",
    "Indicator",
    "KeptAnswer",
    "LifetimeModel",
    "LifetimeRecipe",
    "MeasuredDay",
    "Measurement",
    "Metric",
    "MetricVersion",
    "Payback",
    "PeriodResult",
    "PeriodRule",
    "PeriodVerdict",
    "Proposal",
    "ResultBasis",
    "ReviewNote",
    "SavedReport",
    "SegmentReader",
    "SegmentWeek",
    "Spend",
    "SpendImport",
    "Watch",
]
