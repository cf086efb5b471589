"""Questions of reports: whether there is an answer, whether it is still true, and answering."""

import datetime as dt
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from console import jobs
from console.states import NotAllowed
from metrics import answers, odd_days
from metrics.answers import Question
from metrics.models import KeptAnswer
from metrics.reports import every
from metrics.reports.fields import Settings
from metrics.reports.parts import Part
from metrics.reports.report import Report


@dataclass(frozen=True)
class Known:
    """What is known of a question so far."""

    answer: KeptAnswer | None = None
    is_current: bool = False

    @property
    def has_data(self) -> bool:
        return self.answer is not None and self.answer.data is not None

    @property
    def is_under_way(self) -> bool:
        job = self.answer.job if self.answer else None
        return job is not None and not job.is_over

    @property
    def problem(self) -> str:
        """Why the last try failed."""
        job = self.answer.job if self.answer else None
        return job.error if job is not None and job.status == job.Status.FAILED else ""


def look(question: Question) -> Known:
    """What is kept of a question."""
    answer = answers.find(question)
    report = every.of(question)
    if answer is None or answer.data is None or report is None:
        return Known(answer)
    return Known(answer, answer.version == report.version(question))


def parts(report: Report, settings: Settings, found: KeptAnswer) -> list[Part]:
    """What an answer says, and above all what is odd about the days that it is of."""
    shown = report.parts(settings, found)
    if not shown or found.as_of is None:
        return shown
    since, until = (found.question.get(name) for name in ("since", "until"))
    odd = odd_days.words(
        dt.date.fromisoformat(since) if since else None,
        dt.date.fromisoformat(until) if until else found.as_of,
    )
    return [replace(shown[0], note=odd_days.joined(shown[0].note, odd)), *shown[1:]]


def answer(row: KeptAnswer, *, progress: jobs.Progress = jobs.silent) -> KeptAnswer:
    """Answer a question from the data as they are now.

    Raises:
        NotAllowed: it cannot be answered; why, in words.
    """
    question = Question(row.kind, row.question)
    if (report := every.of(question)) is None:
        raise NotAllowed(_("There is no such report."))
    return answers.keep(question, report.compute(question, progress))
