"""All reports, by their kind and by what they ask."""

from metrics import activity_tables
from metrics.answers import Question
from metrics.reports.content import Content
from metrics.reports.features import Features
from metrics.reports.funnel import Funnel
from metrics.reports.growth import Growth
from metrics.reports.incident import Incident
from metrics.reports.paths import Paths
from metrics.reports.report import Report
from metrics.reports.retention import Retention
from metrics.reports.rhythm import Rhythm
from metrics.reports.service import Service
from metrics.reports.stickiness import Stickiness
from metrics.reports.undone import Undone
from metrics.reports.worth import Worth

# In the order in which they are shown.
EVERY: list[Report] = [
    Retention(),
    Growth(),
    Funnel(),
    Undone(),
    Paths(),
    Stickiness(),
    Rhythm(),
    Content(),
    Features(),
    Service(),
    Incident(),
    Worth(),
]
BY_KIND: dict[str, Report] = {one.kind.value: one for one in EVERY}
ASKED = {**BY_KIND, activity_tables.KIND: EVERY[0]}


def of(question: Question) -> Report | None:
    """Who answers a question; several reports may read the same answer."""
    return ASKED.get(question.kind)
