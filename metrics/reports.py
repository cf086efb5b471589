"""Questions of reports: whether there is an answer, whether it is still true, and answering."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from console import jobs
from console.states import NotAllowed
from metrics import activity_tables, answers
from metrics.answers import Fresh, Question
from metrics.models import KeptAnswer


@dataclass(frozen=True)
class Way:
    """How a kind of question is answered, and from which data it would be now."""

    version: Callable[[Question], str]
    compute: Callable[[Question, jobs.Progress], Fresh]


WAYS: Mapping[str, Way] = {
    activity_tables.KIND: Way(activity_tables.version, activity_tables.compute),
}


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
    """What is kept of a question; reads no data."""
    answer = answers.find(question)
    if answer is None or answer.data is None:
        return Known(answer)
    return Known(answer, answer.version == WAYS[question.kind].version(question))


def answer(row: KeptAnswer, *, progress: jobs.Progress = jobs.silent) -> KeptAnswer:
    """Answer a question from the data as they are now.

    Raises:
        NotAllowed: it cannot be answered; why, in words.
    """
    if row.kind not in WAYS:
        raise NotAllowed(_("There is no such report."))
    question = Question(row.kind, row.question)
    return answers.keep(question, WAYS[row.kind].compute(question, progress))
