"""Answers of reports: the erased are in none, nobody fills the queue, files calculate nothing."""

import datetime as dt

import pytest
from pyroaring import BitMap

from console import clock, jobs
from console.states import NotAllowed
from metrics import answers, tasks
from metrics.admin import export
from metrics.answers import Fresh, Question
from metrics.models import FoundSet
from tests.factories import StaffFactory
from tests.segments.factories import CustomerFactory

DAY = dt.date(2017, 12, 1)


@pytest.mark.django_db
def test_who_is_erased_while_a_report_is_worked_out_is_not_among_whom_it_found() -> None:
    stays, goes = CustomerFactory.create(), CustomerFactory.create(erased_at=clock.now())
    found = BitMap([stays.pk, goes.pk])
    answers.keep(Question("funnel", {}), Fresh(b"", DAY, "v", sets={"0-1": found}))
    kept = FoundSet.objects.get()
    assert (list(kept.members), kept.size) == ([stays.pk], 1)


@pytest.mark.django_db
def test_one_person_does_not_fill_the_queue_with_reports() -> None:
    one, other = StaffFactory.create(), StaffFactory.create()
    for _ in range(tasks.MOST_ASKED):
        jobs.create(tasks.REPORT, "Growth", by=one)
    question = Question("growth", {"word": "active", "period": "day", "by": ""})
    with pytest.raises(NotAllowed, match="wait for a worker"):
        tasks.answer_soon(question, "Growth", by=one)
    assert tasks.answer_soon(question, "Growth", by=other).job is not None


@pytest.mark.parametrize("text", ["=1+1", " =1+1", "＝1+1", "\t=1", "\n=1", "'=1", "@x", "-2+3"])
def test_no_cell_of_a_file_is_calculated(text: str) -> None:
    (_mark, line) = export.table("x", [[text, -2]]).streaming_content  # type: ignore[misc]
    assert line.decode().lstrip('"').startswith("'")
    assert line.decode().rstrip().endswith("-2")
