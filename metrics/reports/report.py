"""What every report is: settings from an address, a question, an answer, and parts to show."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console import jobs
from metrics import activity_tables, answers, groups
from metrics.activity_tables import Activity
from metrics.answers import Fresh, Question
from metrics.groups import By
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import fields
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import Part
from segments import definitions
from segments.models import Definition


@dataclass(frozen=True)
class Found:
    """Customers whom a report found: the place of their set, who they are, and how many."""

    place: str
    who: str
    count: int
    how: str = ""  # what had been asked, for those who later find the list and not the report


class Report(abc.ABC):
    """One kind of report."""

    kind: ClassVar[Kind]
    sentence: ClassVar[Any]  # what it answers, in words for people
    icon: ClassVar[str]

    @abc.abstractmethod
    def read(self, given: Mapping[str, Any]) -> Settings:
        """The settings in an address, what makes no sense left out.

        Raises:
            NotAllowed: the groups make no sense.
        """

    @abc.abstractmethod
    def fields(self, settings: Settings) -> list[Field]:
        """What one may set."""

    @abc.abstractmethod
    def question(self, settings: Settings) -> Question:
        """What has to be known."""

    @abc.abstractmethod
    def version(self, question: Question) -> str:
        """Of the data that it would be answered from now; cheap, for every look."""

    @abc.abstractmethod
    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        """The answer; long work, for a worker."""

    @abc.abstractmethod
    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        """What an answer says under these settings."""

    def word(self, settings: Settings) -> str:
        """The defined word that the numbers rest on, if there is one."""
        return ""

    def missing(self, settings: Settings) -> str:
        """What has to be set before it can be asked; nothing, when it can."""
        return ""

    def address(self, settings: Settings) -> str:
        """The settings as they stand in an address, from which `read` reads them."""
        return fields.query(settings)

    def finds(self, settings: Settings, answer: KeptAnswer) -> list[Found]:
        """The customers whom the answer names, of whom one can make a list."""
        return []


class OfActivity(Report):
    """Read from the gap tables, which are there for everybody every morning."""

    def read(self, given: Mapping[str, Any]) -> Settings:
        by = By.read(str(given.get("by", "")))
        return {
            "word": fields.one_of(given, "word", words(), definitions.ACTIVE),
            "period": fields.one_of(given, "period", PERIODS, activity_tables.DAY),
            "by": str(by),
        }

    def fields(self, settings: Settings) -> list[Field]:
        return [
            Field("word", _("What counts"), "choice", settings["word"], words()),
            Field("period", _("Period"), "choice", settings["period"], PERIODS),
            sliced(settings["by"]),
        ]

    def question(self, settings: Settings) -> Question:
        by = By.read(settings["by"])
        return activity_tables.question(settings["word"], settings["period"], by)

    def version(self, question: Question) -> str:
        return activity_tables.version(question)

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        return activity_tables.compute(question, progress)

    def word(self, settings: Settings) -> str:
        return str(settings["word"])


PERIODS = [
    (activity_tables.DAY, _("day")),
    (activity_tables.WEEK, _("week")),
    (activity_tables.MONTH, _("month")),
]


def words() -> list[tuple[str, Any]]:
    """What may count as having been there."""
    labels = dict(Definition.Key.choices)
    return [(key, labels[Definition.Key(key)]) for key in activity_tables.WORDS]


def sliced(by: str, *, sets_only: bool = False) -> Field:
    """By whom a report is sliced; or of whom alone it is."""
    everybody, offered = [("", gettext("all customers"))], groups.offered(sets_only=sets_only)
    return Field("by", _("Customers"), "grouped", by, everybody, groups=offered)


def by_group(answer: KeptAnswer) -> list[dict[str, Any]]:
    """What an answer says of each group; all customers are called so in the reader's language."""
    assert answer.data is not None
    found = answers.from_json(answer.data)["groups"]
    return [one | {"label": one["label"] or gettext("all customers")} for one in found]


def not_over(found: Activity) -> str:
    """Said where the last period is left out because it goes on."""
    if activity_tables.is_over(found.as_of, found.period):
        return ""
    start = activity_tables.start_of(found.as_of, found.period)
    return gettext("The %(period)s from %(day)s on is not over and not shown.") % {
        "period": dict(PERIODS)[found.period],
        "day": start.isoformat(),
    }
